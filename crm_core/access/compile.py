"""Row scopes compiled: to a store filter for lists, and to a predicate for one document. Both read the same clauses.

The filter is the only road to a list; the property tests hold it, the predicate and the event rooms together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.access.actor import ALL_RECORDS, Actor
from crm_core.access.roles import SCOPES, Action, Part, Scope
from crm_core.declare.record import Kept
from crm_core.ground.events import Room, record_room

NOTHING: Mapping[str, Any] = {"_id": {"$in": []}}
EVERYTHING: Mapping[str, Any] = {}

_SHARED_FOR: Mapping[str, tuple[str, ...]] = {
    "read": ("shared_users", "shared_departments"),
    "export": ("shared_users", "shared_departments"),
    "print": ("shared_users", "shared_departments"),
    "approve": ("shared_users", "shared_departments"),
    "update": ("shared_writers",),
    "share": ("shared_writers",),
}
"""Which shares give an action: any share lets one read, a share to write lets one change, none lets one delete."""


@dataclass(frozen=True, slots=True)
class Clause:
    """`field` (a value, or a list of values) has one of `values`."""

    field: str
    values: tuple[str, ...]

    def filter(self) -> dict[str, Any]:
        """As a store filter."""
        return {self.field: self.values[0] if len(self.values) == 1 else {"$in": list(self.values)}}

    def holds(self, doc: Mapping[str, Any]) -> bool:
        """Whether a document fits."""
        found = doc.get(self.field)
        return bool(set(found) & set(self.values)) if isinstance(found, list) else found in self.values


def clauses(actor: Actor, action: Action, declared: type[Kept], part: Part = "all") -> tuple[Clause, ...] | None:
    """The clauses of which a row must fit one; None = every row, () = no row."""
    scope = actor.scope(declared.meta.key, action, part)
    if scope == "all":
        return None
    if scope is None:
        return ()
    found = _shared(actor, action)
    if _at_least(scope, "own"):
        found += [Clause("_id" if name == "id" else name, (actor.user,)) for name in declared.meta.own]
    if _at_least(scope, "department") and actor.department:
        name = "department_path" if scope == "tree" else "department"
        found.append(Clause(name, (actor.department,)))
    return tuple(found)


def scope_filter(actor: Actor, action: Action, declared: type[Kept], part: Part = "all") -> Mapping[str, Any]:
    """The rows on which the actor may do something, as a store filter."""
    found = clauses(actor, action, declared, part)
    if found is None:
        return EVERYTHING
    if not found:
        return NOTHING
    return found[0].filter() if len(found) == 1 else {"$or": [clause.filter() for clause in found]}


def within(where: Mapping[str, Any], sight: Mapping[str, Any]) -> Mapping[str, Any]:
    """Both filters. Never merge them by hand: two conditions on one field would overwrite each other."""
    return {"$and": [where, sight]} if sight else where


def may(actor: Actor, action: Action, declared: type[Kept], doc: Mapping[str, Any], part: Part = "all") -> bool:
    """Whether the actor may do something to one stored document."""
    found = clauses(actor, action, declared, part)
    return found is None or any(clause.holds(doc) for clause in found)


def rooms_of(declared: type[Kept], doc: Mapping[str, Any]) -> frozenset[Room]:
    """The rooms of all who may read a document; `Actor.rooms` are the rooms somebody is in."""
    key = declared.meta.key
    rooms = {ALL_RECORDS, record_room(key, "all")}
    if declared.owned:
        rooms |= {record_room(key, "own", user) for name in declared.meta.own for user in _values(doc, name)}
        rooms |= {record_room(key, "department", value) for value in _values(doc, "department")}
        rooms |= {record_room(key, "tree", value) for value in _values(doc, "department_path")}
        rooms |= {record_room(key, "shared", v) for name in _SHARED_FOR["read"] for v in _values(doc, name)}
    return frozenset(rooms)


def _values(doc: Mapping[str, Any], name: str) -> list[str]:
    value = doc.get("_id" if name == "id" else name)
    return value if isinstance(value, list) else [value] if value else []


def _shared(actor: Actor, action: Action) -> list[Clause]:
    by_name = {
        "shared_users": (actor.user,),
        "shared_departments": actor.path,
        "shared_writers": (actor.user, *actor.path),
    }
    return [Clause(name, by_name[name]) for name in _SHARED_FOR.get(action, ()) if by_name[name]]


def _at_least(scope: Scope, wanted: Scope) -> bool:
    return SCOPES.index(scope) >= SCOPES.index(wanted)
