"""Computed fields that follow from other records: brought up to date in the unit that changes those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import rooms_of
from crm_core.declare.derived import Copied, Count, First
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import shapes_of
from crm_core.ground.ports import Doc, RecordUnit
from crm_core.records.documents import stored_name
from crm_core.records.events import Change, RecordChanged, RecordGone


async def copy_in(unit: RecordUnit, record: Kept) -> None:
    """Set the record's `Copied` fields from what its links point at."""
    for rule in record.derived:
        if isinstance(rule, Copied):
            link = getattr(record, rule.through)
            target = shapes_of(type(record))[rule.through].links[0]
            source = await unit.first(target, {"_id": link}) if link else None
            setattr(record, rule.name, source.get(stored_name(rule.source)) if source else None)


async def carry_on(
    unit: RecordUnit, registry: Registry, actor: Actor, declared: type[Kept], before: Doc | None, after: Doc | None
) -> None:
    """After a write of `before` -> `after` (None = not there): recount, find anew, and copy onwards, in all other types."""
    for other in registry:
        for rule in other.derived:
            if isinstance(rule, Copied):
                if before and after and shapes_of(other)[rule.through].links == (declared.meta.key,):
                    await _copy_on(unit, actor, other, rule, before, after)
            elif rule.of == declared.meta.key and _counts(rule, before) != _counts(rule, after):
                for target in sorted(_counts(rule, before) ^ _counts(rule, after)):
                    await unit.set_many(other.meta.key, {"_id": target}, {rule.name: await _value(unit, rule, target)})


async def recount_moved(unit: RecordUnit, registry: Registry, departments: set[str]) -> None:
    """After rows moved in the department tree: what is counted along `department_path` for these departments."""
    for other in registry:
        for rule in other.derived:
            if isinstance(rule, Count) and rule.by == "department_path":
                for target in sorted(departments):
                    await unit.set_many(other.meta.key, {"_id": target}, {rule.name: await _value(unit, rule, target)})


def _counts(rule: Count | First, doc: Doc | None) -> set[str]:
    """The records that count this document."""
    if doc is None or not all(_fits(doc.get(name), wanted) for name, wanted in rule.where.items()):
        return set()
    value = doc.get(rule.by)
    return set(value) if isinstance(value, list) else {value} if value else set()


def _fits(value: Any, wanted: Any) -> bool:
    return bool(value != wanted["$ne"]) if isinstance(wanted, Mapping) else bool(value == wanted)


async def _value(unit: RecordUnit, rule: Count | First, target: str) -> Any:
    where = {rule.by: target, **rule.where}
    if isinstance(rule, Count):
        return await unit.count(rule.of, where)
    found = await unit.find(rule.of, where, (("_id", 1),), 1)
    return found[0]["_id"] if found else None


async def _copy_on(unit: RecordUnit, actor: Actor, other: type[Kept], rule: Copied, before: Doc, after: Doc) -> None:
    name = stored_name(rule.source)
    if before.get(name) == after.get(name):
        return
    rows = await unit.find(other.meta.key, {rule.through: after["_id"]})
    for row in rows:
        fresh = {**row, rule.name: after.get(name)}
        await unit.set_many(other.meta.key, {"_id": row["_id"]}, {rule.name: after.get(name)})
        announce(unit, actor, other, row, fresh, "changed")


def announce(
    unit: RecordUnit, actor: Actor, declared: type[Kept], before: Doc | None, after: Doc, change: Change
) -> None:
    """Tell those who may see the record; those who may no more hear only that it is gone.

    `gone` comes first: a console that sees the record for another reason still learns that it is there.
    """
    key, rooms = declared.meta.key, rooms_of(declared, after)
    lost = rooms_of(declared, before) - rooms if before else frozenset()
    if lost:
        unit.announce(RecordGone(type=key, id=after["_id"], _rooms=lost))
    unit.announce(
        RecordChanged(
            type=key, id=after["_id"], revision=after["revision"], state=after["state"], actor=actor.user, change=change,
            _rooms=rooms,
        )
    )  # fmt: skip
