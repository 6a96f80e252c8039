"""Deleting a record: only where nothing links to it, and never a document that has left its first state."""

from __future__ import annotations

from crm_core.access.actor import Actor
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict
from crm_core.ground.ids import new_id
from crm_core.ground.ports import HISTORY, Doc, RecordUnit
from crm_core.records.change import check_revision
from crm_core.records.derived import announce, carry_on
from crm_core.records.documents import to_values
from crm_core.records.files import hold_files
from crm_core.records.find import find_for

_SHARES = {"shared_with.user": "shared_users", "shared_with.department": "shared_departments"}


async def remove(
    unit: RecordUnit, registry: Registry, actor: Actor, key: str, record: str, *, revision: int | None = None
) -> None:
    """Delete a record for good; its history stays, and its number is never used again.

    Raises:
        Conflict: others link to it, or it may only be retired. NotFound, Forbidden, StaleRevision: see `change`.
    """
    declared = registry[key]
    doc = await find_for(unit, actor, "delete", declared, record)
    check_revision(doc, revision)
    if declared.meta.kind == "document" and doc["state"] != declared.lifecycle.start:
        raise Conflict(f"a {key} in state {doc['state']} is not deleted; cancel or close it", reason="state")
    if doc.get("built_in"):
        raise Conflict("what comes with the product is retired, not deleted", reason="built_in")
    if place := await _linked_from(unit, registry, key, record):
        raise Conflict(f"others link to this {key} ({place}); retire it instead", reason="linked", place=place)
    files = await hold_files(unit, actor, declared, record, to_values(declared, doc), {}, ())
    await unit.remove(key, record)
    await unit.insert(HISTORY, _entry(actor, declared, doc) | {"files": files})
    await carry_on(unit, registry, actor, declared, doc, None)
    announce(unit, actor, declared, None, doc | {"revision": doc["revision"] + 1}, "removed")


async def _linked_from(unit: RecordUnit, registry: Registry, key: str, record: str) -> str | None:
    """Where a link to the record stands: `type.field`, `history` or `conversation`; None = nowhere."""
    for link in registry.links_to(key):
        where = {_SHARES.get(link.path, link.path): record, "_id": {"$ne": record}}
        if await unit.count(link.source, where, 1):
            return f"{link.source}.{link.path}"
    if key == "user" and await unit.count(HISTORY, {"actor": record}, 1):
        return HISTORY
    return "conversation" if await unit.in_stream(key, record) else None


def _entry(actor: Actor, declared: type[Kept], doc: Doc) -> Doc:
    """The last entry keeps all values, so that a deletion can be understood later."""
    fields = [
        {"field": name, "old": value, "new": None}
        for name, value in to_values(declared, doc).items()
        if value not in (None, [], {})
    ]
    return {
        "_id": new_id(), "type": declared.meta.key, "record": doc["_id"], "revision": doc["revision"] + 1, "at": now(),
        "actor": actor.user, "change": "removed", "state": doc["state"], "fields": fields, "reason": None,
    }  # fmt: skip
