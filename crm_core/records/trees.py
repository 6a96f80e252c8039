"""Trees: no cycle, one root where that is the rule, paths and full names right for the whole subtree at every commit.

Units of work run one after the other, so what is read here cannot change before the unit commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_core.access.actor import ALL_RECORDS
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.tree import Tree
from crm_core.ground.errors import FieldError, Invalid
from crm_core.ground.events import record_room
from crm_core.ground.ports import Doc, RecordUnit
from crm_core.records.derived import recount_moved
from crm_core.records.events import RecordsMoved

_DEEPEST = 50


def _wrong(tree: Tree, code: str, detail: str) -> Invalid:
    return Invalid("the tree would break", fields=(FieldError(tree.parent, code, detail),))


async def place_in_tree(unit: RecordUnit, declared: type[Kept], record: Kept) -> None:
    """Check the way up to the root, and set the record's own path and full name.

    Raises:
        Invalid: a cycle, a second root, too deep, or a parent that does not fit.
    """
    tree = declared.tree
    if tree is None:
        return
    ancestors = await _ancestors(unit, declared, tree, record)
    key = declared.meta.key
    if tree.one_root and not ancestors and await unit.count(key, {tree.parent: None, "_id": {"$ne": record.id}}, 1):
        raise _wrong(tree, "missing", "there is a root already; name the parent")
    if tree.same and ancestors and ancestors[0].get(tree.same) != getattr(record, tree.same):
        raise _wrong(tree, "same", f"parent and child must agree in {tree.same}")
    if tree.path:
        setattr(record, tree.path, [*(a["_id"] for a in reversed(ancestors)), record.id])
    if tree.full_name:
        names = [*(a[declared.meta.title] for a in reversed(ancestors)), getattr(record, declared.meta.title)]
        setattr(record, tree.full_name, _cut(names))


def _cut(names: Sequence[str]) -> str:
    return " / ".join(names)[:500]


async def _ancestors(unit: RecordUnit, declared: type[Kept], tree: Tree, record: Kept) -> list[Doc]:
    """The records above, the parent first."""
    found: list[Doc] = []
    parent = getattr(record, tree.parent)
    while parent:
        if parent == record.id:
            raise _wrong(tree, "cycle", "a record cannot hang below itself")
        if len(found) == _DEEPEST:
            raise _wrong(tree, "depth", f"at most {_DEEPEST} levels")
        doc = await unit.first(declared.meta.key, {"_id": parent})
        if doc is None:
            raise _wrong(tree, "link", "there is no such parent")
        found.append(doc)
        parent = doc.get(tree.parent)
    return found


async def move_subtree(unit: RecordUnit, registry: Registry, declared: type[Kept], before: Doc, after: Doc) -> None:
    """Rewrite paths and full names below a record whose own have changed; for departments, of all rows there too."""
    tree = declared.tree
    kept = [name for name in (tree.path, tree.full_name) if name] if tree else []
    if tree is None or all(before.get(name) == after.get(name) for name in kept):
        return
    rows = [after]
    while rows:
        above = rows.pop()
        for row in await unit.find(declared.meta.key, {tree.parent: above["_id"]}):
            values = _below(tree, declared.meta.title, above, row)
            await unit.set_many(declared.meta.key, {"_id": row["_id"]}, values)
            rows.append({**row, **values})
            if declared.meta.key == "department" and tree.path:
                await _move_rows(unit, registry, row["_id"], values[tree.path])
    if declared.meta.key == "department" and before[tree.path] != after[tree.path]:
        await _move_rows(unit, registry, after["_id"], after[tree.path])
        await recount_moved(unit, registry, set(before[tree.path]) ^ set(after[tree.path]))
        _announce(unit, registry, before[tree.path], after[tree.path])


def _below(tree: Tree, title: str, above: Doc, row: Doc) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if tree.path:
        values[tree.path] = [*above[tree.path], row["_id"]]
    if tree.full_name:
        values[tree.full_name] = _cut([above[tree.full_name], row[title]])
    return values


async def _move_rows(unit: RecordUnit, registry: Registry, department: str, path: list[str]) -> None:
    for owned in registry:
        if owned.owned:
            await unit.set_many(owned.meta.key, {"department": department}, {"department_path": path})


def _announce(unit: RecordUnit, registry: Registry, old: list[str], new: list[str]) -> None:
    moved = {*old, *new}
    for owned in registry:
        if owned.owned:
            key = owned.meta.key
            rooms = frozenset({ALL_RECORDS, record_room(key, "all"), *(record_room(key, "tree", d) for d in moved)})
            unit.announce(RecordsMoved(type=key, _rooms=rooms))
