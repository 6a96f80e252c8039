"""The tree of company, branches and departments on which row scopes stand."""

from __future__ import annotations

from typing import Literal

from crm_core.declare import (
    Address,
    Count,
    DuplicateRule,
    Int,
    Lifecycle,
    Meta,
    Phone,
    Reference,
    Text,
    Tree,
    UserLink,
    computed,
    maybe,
    needed,
)
from crm_core.declare.links import DepartmentLink
from crm_core.ground.ports import Doc, Look


async def unused(department: Doc, look: Look) -> str | None:
    """A department closes only when nobody works in it or below, and no department below is active."""
    if await look.count("user", {"department_path": department["_id"], "state": {"$ne": "left"}}):
        return "people still work there; move them first"
    if await look.count("department", {"parent": department["_id"], "state": "active"}):
        return "a department below it is active; close or move that first"
    return None


class Department(Reference):
    """A company, branch or department."""

    meta = Meta(
        "department", zh="部门", module="organisation", kind="reference",
        list=("code", "name", "parent", "manager", "members"), orders=("code",),
    )  # fmt: skip

    code: Text = needed("编码")
    name: Text = needed("名称")
    kind: Literal["company", "branch", "department"] = needed("类别", options="公司 分公司 部门")
    parent: DepartmentLink | None = maybe("上级部门")
    manager: UserLink | None = maybe("负责人")
    phone: Phone | None = maybe("电话")
    address: Address | None = maybe("地址")
    path: list[Text] = computed("路径", default=[])
    full_name: Text | None = computed("全称")
    members: Int = computed("人数", default=0)

    tree = Tree("parent", path="path", full_name="full_name", one_root=True)
    derived = (Count("members", of="user", by="department_path", where={"state": "active"}),)
    lifecycle = Lifecycle(
        "active -> closed(unused) -> active",
        guards={"unused": unused},
        locked=("closed",),
        labels={"active": "启用", "closed": "已撤销"},
    )
    duplicates = (DuplicateRule("code"), DuplicateRule("parent", "name"))
