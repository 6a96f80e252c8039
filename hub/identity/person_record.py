"""The record of a new user, made by the record engine in the same unit as the credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.access.actor import system
from crm_core.declare.registry import Registry
from crm_core.ground.errors import FieldError, Invalid
from crm_core.records.create import create
from hub.store.records import StoreUnit
from hub.store.unit import Unit

_ROOT = {"code": "HQ", "name": "总部", "kind": "company"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What is known of a new user. `department` is an id or a code; None = the root of the tree."""

    login: str
    name: str
    roles: Sequence[str]
    department: str | None
    locale: str


async def make_person(unit: Unit, registry: Registry, person: NewPerson) -> str:
    """Store the `user` record; returns its id. The login serves as employee number until HR gives another."""
    store, actor = StoreUnit(unit), system()
    body = {
        "employee_no": person.login,
        "name": person.name,
        "login": person.login,
        "department": await _department(store, registry, person.department),
        "roles": list(person.roles),
        "locale": person.locale,
    }
    written = await create(store, registry, actor, "user", body)
    return str(written.doc["_id"])


async def _department(store: StoreUnit, registry: Registry, wanted: str | None) -> str:
    """The department's id. On an empty database the root is made: nobody can be hired into nothing."""
    where = {"parent": None} if wanted is None else {"$or": [{"_id": wanted}, {"code": wanted}]}
    found = await store.first("department", where)
    if found is None and wanted is None:
        found = (await create(store, registry, system(), "department", _ROOT)).doc
    if found is None:
        detail = f"there is no department {wanted}"
        raise Invalid(
            detail,
            fields=(FieldError("department", "unknown", detail, {"rule": "no-department", "what": wanted or ""}),),
        )
    return str(found["_id"])
