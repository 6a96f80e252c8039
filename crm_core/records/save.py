"""What all writing verbs have in common: everything that must be right about a record before it is stored, and what
follows from storing it. Runs inside one unit of work.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from crm_core.access.actor import Actor
from crm_core.declare.record import Kept, Record
from crm_core.declare.registry import Registry
from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid
from crm_core.ground.ids import new_id
from crm_core.ground.ports import HISTORY, Doc, FileFacts, RecordUnit
from crm_core.records.checks import check_rules
from crm_core.records.derived import announce, carry_on, copy_in
from crm_core.records.documents import changes_between, hidden_fields, to_document, to_values
from crm_core.records.duplicates import Warned, check_duplicates, key_fields
from crm_core.records.events import Change
from crm_core.records.files import hold_files, told
from crm_core.records.links import check_links
from crm_core.records.trees import move_subtree, place_in_tree


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it was stored, and what the person should be told."""

    doc: Doc
    warnings: tuple[Warned, ...] = ()


async def save(
    unit: RecordUnit,
    registry: Registry,
    actor: Actor,
    before: Doc | None,
    record: Kept,
    change: Change,
    reason: str = "",
    usable: Collection[str] = (),
) -> Written:
    """Check a record in the light of all others and store it, with history, consequences and events.

    Args:
        usable: the files that the actor may open, and so name in the record.
    Raises:
        Invalid: names the fields. Conflict: a duplicate that is refused.
    """
    declared = type(record)
    for name, value in record.derive().items():
        setattr(record, name, value)
    check_rules(registry, record)
    old = to_values(declared, before) if before else {}
    await check_links(unit, registry, actor, declared, old, record.model_dump())
    await _check_others(unit, record)
    await place_in_tree(unit, declared, record)
    await copy_in(unit, record)
    path = await _settle_owner(unit, record)
    _stamp(record, actor, before)
    after = {**to_document(record), **hidden_fields(record, path), **key_fields(record)}
    fields = changes_between(declared, before or {}, after)
    if before and not fields:
        return Written(before)
    warnings = await check_duplicates(unit, actor, declared, before, after)
    files = await hold_files(unit, actor, declared, record.id, old, record.model_dump(), usable)
    await _store(unit, declared, before, after)
    await _remember(unit, actor, declared, after, change, fields, files, reason)
    await carry_on(unit, registry, actor, declared, before, after)
    if before:
        await move_subtree(unit, registry, declared, before, after)
    announce(unit, actor, declared, before, after, change)
    return Written(await unit.first(declared.meta.key, {"_id": after["_id"]}) or after, tuple(warnings))


async def _check_others(unit: RecordUnit, record: Kept) -> None:
    errors = [error for check in record.checks for error in await check(record, unit)]
    if errors:
        raise Invalid(f"this is no valid {record.meta.key}", fields=tuple(errors))


async def _settle_owner(unit: RecordUnit, record: Kept) -> list[str]:
    """Check the owner, fill in the owner's department where none is said, and read its place in the tree."""
    if not isinstance(record, Record):
        return []
    if record.owner is None:
        raise Invalid("a record needs an owner", fields=(FieldError("owner", "missing", "name the owner"),))
    owner = await unit.first("user", {"_id": record.owner}) if record.owner != record.id else None
    if owner and owner["state"] == "left" and record.state not in record.lifecycle.locked:
        raise Invalid("who left owns nothing open", fields=(FieldError("owner", "left", "name an owner who is here"),))
    if record.department is None:
        record.department = owner["department"] if owner else None
    department = await unit.first("department", {"_id": record.department}) if record.department else None
    return list(department["path"]) if department else []


def _stamp(record: Kept, actor: Actor, before: Doc | None) -> None:
    at = now()
    record.revision += 1
    record.changed_by, record.changed_at = actor.user, at
    if before is None:
        record.created_by, record.created_at = actor.user, at
    if before is None or before["state"] != record.state:
        record.state_since = at


async def _store(unit: RecordUnit, declared: type[Kept], before: Doc | None, after: Doc) -> None:
    if before is None:
        if series := declared.meta.series:
            at = after["created_at"]
            seq = await unit.next_number(f"record:{declared.meta.key}:{series.prefix(at)}")
            after["number"] = series.render(seq, at)
        await unit.insert(declared.meta.key, after)
    else:
        await unit.replace(declared.meta.key, after)


async def _remember(
    unit: RecordUnit,
    actor: Actor,
    declared: type[Kept],
    after: Doc,
    change: Change,
    fields: list[Doc],
    files: Mapping[str, FileFacts],
    reason: str,
) -> None:
    entry = {
        "_id": new_id(), "type": declared.meta.key, "record": after["_id"], "revision": after["revision"],
        "at": after["changed_at"], "actor": actor.user, "change": change, "state": after["state"],
        "fields": fields, "files": told(fields, files), "reason": reason or None,
    }  # fmt: skip
    await unit.insert(HISTORY, entry)
