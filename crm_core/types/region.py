"""Countries, provinces, cities, districts, and the company's own sales areas."""

from __future__ import annotations

from typing import Literal

from crm_core.declare import (
    DuplicateRule,
    GeoPoint,
    Link,
    Meta,
    Reference,
    Text,
    Tree,
    UserLink,
    computed,
    maybe,
    needed,
)
from crm_core.declare.links import DepartmentLink


class Region(Reference):
    """A place in the tree of places."""

    meta = Meta(
        "region", zh="区域", module="reference", kind="reference",
        list=("code", "name", "level", "parent", "manager"), orders=("code",),
    )  # fmt: skip

    code: Text = needed("编码")
    name: Text = needed("名称")
    level: Literal["country", "province", "city", "district", "area"] = needed("级别", options="国家 省 市 区 片区")
    parent: Link[Region] | None = maybe("上级区域")
    map_code: Text | None = maybe("地图编码")
    centre: GeoPoint | None = maybe("中心")
    manager: UserLink | None = maybe("负责人")
    department: DepartmentLink | None = maybe("部门")
    path: list[Text] = computed("路径", default=[])

    tree = Tree("parent", path="path")
    duplicates = (DuplicateRule("code"), DuplicateRule("parent", "name"))
