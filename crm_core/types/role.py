"""What the holders of a role may do, and on which rows."""

from __future__ import annotations

from typing import Literal

from crm_core.declare import (
    Bool,
    Count,
    DuplicateRule,
    Int,
    Lifecycle,
    Meta,
    Reference,
    Row,
    Text,
    computed,
    maybe,
    needed,
    rows,
)


class RightRow(Row):
    """Actions on a type, on the rows of a scope. `part` basic = only the type's basic fields."""

    type: Text = needed("类型")
    actions: list[
        Literal["read", "create", "update", "delete", "approve", "export", "import", "print", "assign", "share"]
    ] = rows("操作", options="查看 新建 修改 删除 审批 导出 导入 打印 分配 共享")
    scope: Literal["own", "department", "tree", "shared", "all"] = needed(
        "范围", options="本人 部门 部门及下级 共享 全部"
    )
    part: Literal["all", "basic"] = maybe("字段", default="all", options="全部 基本")


class FieldRightRow(Row):
    """What the role may do with one field."""

    type: Text = needed("类型")
    field: Text = needed("字段")
    level: Literal["none", "read", "write"] = needed("权限", options="无 查看 编辑")


class Role(Reference):
    """A set of rights; a person's rights are the union of the roles held."""

    meta = Meta(
        "role", zh="角色", module="organisation", kind="platform", list=("code", "name", "modules", "users"),
        orders=("code",),
    )  # fmt: skip

    code: Text = needed("编码")
    name: Text = needed("名称")
    modules: list[Text] = rows("模块")
    rights: list[RightRow] = rows("权限", most=500)
    field_rights: list[FieldRightRow] = rows("字段权限", most=500)
    admin: Bool = maybe("管理员", default=False)
    second_factor: Bool = maybe("须用二次验证", default=False)
    built_in: Bool = computed("内置", default=False)
    users: Int = computed("人数", default=0)

    derived = (Count("users", of="user", by="roles", where={"state": {"$ne": "left"}}),)
    lifecycle = Lifecycle(
        "active -> retired -> active", locked=("retired",), labels={"active": "启用", "retired": "停用"}
    )
    duplicates = (DuplicateRule("code"),)
