"""A new record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import may
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.ground.errors import Forbidden, NotFound
from crm_core.ground.ids import new_id
from crm_core.ground.ports import RecordUnit
from crm_core.records.checks import check_body, merged, validated
from crm_core.records.save import Written, save

ASSIGNED = frozenset({"owner", "department"})
"""Fields that say whose a record is: to write them is to assign it."""


def check_new(registry: Registry, actor: Actor, key: str, body: Mapping[str, Any]) -> Kept:
    """The record that the body asks for, as far as it can be judged without looking anything up.

    Raises:
        NotFound: no such type, or nothing of it may be read. Forbidden: it may not be created, or a field not written.
        Invalid: names each field that does not fit.
    """
    declared = registry[key]
    need_right(actor, declared, "create")
    check_body(actor, declared, body)
    values = merged(declared, {}, body) | {"id": new_id(), "state": declared.lifecycle.start}
    if declared.owned and values.get("owner") is None:
        # A person's own record belongs to that person; everything else to who makes it.
        values["owner"] = values["id"] if declared.meta.own == ("id",) else None if actor.is_system else actor.user
    return validated(declared, values)


def need_right(actor: Actor, declared: type[Kept], action: str) -> None:
    """Refuse an action that the actor has on no row at all; a type of which nothing may be read does not exist."""
    if actor.scope(declared.meta.key, "read", "basic") is None:
        raise NotFound(f"there is no record type {declared.meta.key}")
    if actor.scope(declared.meta.key, action) is None:
        raise Forbidden(f"you may not {action} records of the type {declared.meta.key}")


async def create(
    unit: RecordUnit,
    registry: Registry,
    actor: Actor,
    key: str,
    body: Mapping[str, Any],
    usable: Collection[str] = (),
    **computed: Any,
) -> Written:
    """Store a new record.

    Args:
        usable: the files that the actor may open, and so name in the record.
        computed: computed fields that only the core may set (a role's `built_in`), or a fixed `id`.
    Raises:
        see `check_new`; Conflict: a duplicate that is refused.
    """
    record = check_new(registry, actor, key, body)
    for name, value in computed.items():
        setattr(record, name, value)
    written = await save(unit, registry, actor, None, record, "created", usable=usable)
    if ASSIGNED & body.keys() and not _own_place(actor, body) and not may(actor, "assign", type(record), written.doc):
        raise Forbidden("you may not make records for others", fields=sorted(ASSIGNED & body.keys()))
    return written


def _own_place(actor: Actor, body: Mapping[str, Any]) -> bool:
    """Whether owner and department are those that the record would have got anyway."""
    return body.get("owner") in (None, actor.user) and body.get("department") in (None, actor.department)
