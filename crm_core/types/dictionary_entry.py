"""The entries of all small lists: industries, levels, positions, skills and so on."""

from __future__ import annotations

from crm_core.declare import DuplicateRule, Entry, Json, Meta, Reference, Text, Tree, maybe, needed


class DictionaryEntry(Reference):
    """One entry of one list. Administrators may begin new lists for custom fields."""

    meta = Meta(
        "dictionary_entry", zh="辅助资料", en="List entry", module="reference", kind="reference",
        list=("list", "code", "name", "parent", "active"), orders=("list", "code"),
    )  # fmt: skip

    list: Text = needed("列表")
    code: Text = needed("编码")
    name: Text = needed("名称")
    name_en: Text | None = maybe("英文名称")
    parent: Entry | None = maybe("上级")
    colour: Text | None = maybe("颜色")
    data: Json | None = maybe("数据")

    tree = Tree("parent", same="list")
    duplicates = (DuplicateRule("list", "code"), DuplicateRule("list", "parent", "name"))
