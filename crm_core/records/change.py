"""Changing fields of a record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import may
from crm_core.access.roles import Action
from crm_core.declare.lifecycle import OPEN_AFTER_LOCK
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.ground.errors import Conflict, Forbidden, StaleRevision
from crm_core.ground.ports import Doc, RecordUnit
from crm_core.records.checks import check_body, merged, validated
from crm_core.records.create import ASSIGNED
from crm_core.records.documents import to_values
from crm_core.records.find import find_readable
from crm_core.records.save import Written, save


async def change(
    unit: RecordUnit,
    registry: Registry,
    actor: Actor,
    key: str,
    record: str,
    body: Mapping[str, Any],
    revision: int | None,
    usable: Collection[str] = (),
) -> Written:
    """Change the fields that the body names; null empties a field.

    Args:
        revision: the revision that was read; None only for the system itself.
        usable: the files that the actor may open, and so name in the record.
    Raises:
        NotFound, Forbidden: see `find_for`. StaleRevision: somebody was quicker. Conflict: the record is locked.
        Invalid: names each field that does not fit.
    """
    declared = registry[key]
    doc = await find_readable(unit, actor, declared, record)
    _need_rights(actor, declared, doc, body)
    check_body(actor, declared, body)
    check_revision(doc, revision)
    check_unlocked(declared, doc, body.keys() - OPEN_AFTER_LOCK)
    before = to_values(declared, doc)
    values = merged(declared, before, body)
    if "owner" in body and "department" not in body and body["owner"] != before.get("owner"):
        values["department"] = None  # the new owner's is taken
    return await save(unit, registry, actor, doc, validated(declared, values), "changed", usable=usable)


def check_revision(doc: Doc, revision: int | None) -> None:
    """Raises `StaleRevision` where the record is not the one that was read."""
    if revision is not None and revision != doc["revision"]:
        raise StaleRevision("somebody changed the record since; read it again", revision=doc["revision"])


def check_unlocked(declared: type[Kept], doc: Doc, names: set[str]) -> None:
    """Raises `Conflict` where the record waits for a decision, or its state keeps these fields from changing."""
    if names and doc.get("approval") == "waiting":
        raise Conflict("the record waits for a decision and cannot be changed", reason="approval")
    if names and doc["state"] in declared.lifecycle.locked:
        raise Conflict(f"in state {doc['state']} these cannot be changed: {', '.join(sorted(names))}", reason="locked")


def _need_rights(actor: Actor, declared: type[Kept], doc: Doc, body: Mapping[str, Any]) -> None:
    """To name an owner or department is to assign, to share is to share; all else is to update."""
    names = set(body)
    wanted: list[tuple[Action, set[str]]] = []
    if declared.owned and declared.meta.own != ("id",):
        wanted.append(("assign", names & ASSIGNED))
    wanted.append(("share", names & {"shared_with"}))
    special = {name for _, some in wanted for name in some}
    wanted.append(("update", names - special))
    for action, some in wanted:
        if (some or (action == "update" and not names)) and not may(actor, action, declared, doc):
            raise Forbidden(f"you may not {action} this {declared.meta.key}", fields=sorted(some))
