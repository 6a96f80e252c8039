"""Moving a record to another state. Only declared moves are allowed."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.access.actor import Actor
from crm_core.declare.lifecycle import Move
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.ground.errors import Conflict, Forbidden
from crm_core.ground.ports import Doc, Filter, RecordUnit
from crm_core.records.change import check_revision
from crm_core.records.checks import validated
from crm_core.records.documents import to_values
from crm_core.records.find import find_for
from crm_core.records.save import Written, save


@dataclass(frozen=True, slots=True)
class _Looking:
    """What a guard sees of the store."""

    unit: RecordUnit
    registry: Registry

    async def count(self, key: str, where: Filter) -> int:
        return await self.unit.count(key, where)

    async def owned_open(self, user: str) -> int:
        total = 0
        for declared in self.registry:
            if declared.owned:
                where = {"owner": user, "_id": {"$ne": user}, "state": {"$nin": sorted(declared.lifecycle.locked)}}
                total += await self.unit.count(declared.meta.key, where)
        return total


async def transition(
    unit: RecordUnit, registry: Registry, actor: Actor, key: str, record: str, to: str, *, reason: str = "",
    revision: int | None = None,
) -> Written:  # fmt: skip
    """Move a record to state `to`. A move through approval goes at once while the type has no approval flow.

    Raises:
        Conflict: the move is not declared (`allowed` names those that are), a guard refuses, or a decision is awaited.
        Invalid: names the fields that must be filled in that state.
        NotFound, Forbidden, StaleRevision: see `change`.
    """
    declared = registry[key]
    doc = await find_for(unit, actor, "update", declared, record)
    if declared.lifecycle.admin and not actor.admin:
        raise Forbidden(f"only an administrator may move this {key}")
    check_revision(doc, revision)
    move = _allowed(declared, doc, to)
    if move.guard:
        refused = await declared.lifecycle.guards[move.guard](doc, _Looking(unit, registry))
        if refused:
            raise Conflict(f"{doc['state']} -> {to} is refused: {refused}", reason=move.guard)
    values = to_values(declared, doc) | {"state": to}
    return await save(unit, registry, actor, doc, validated(declared, values), "moved", reason)


def _allowed(declared: type[Kept], doc: Doc, to: str) -> Move:
    if doc.get("approval") == "waiting":
        raise Conflict("the record waits for a decision and cannot be moved", reason="approval")
    move = declared.lifecycle.move(doc["state"], to)
    if move is None:
        allowed = [m.target for m in declared.lifecycle.moves_from(doc["state"])]
        raise Conflict(
            f"from {doc['state']} this {declared.meta.key} can only go to: {', '.join(allowed) or 'nowhere'}",
            reason="move",
            allowed=allowed,
        )
    return move
