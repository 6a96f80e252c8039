"""Somebody who acts, with the rights that count."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_core.access.roles import Part, Rights, Scope
from crm_core.ground.events import Room, record_room

SYSTEM = "system"
ALL_RECORDS = record_room("*", "all")
"""The room of administrators: every record, of every type."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with rights, or the system itself.

    Attributes:
        user: id of the user record, or `system`.
        department: the person's department.
        path: ids of the departments from the root down to `department`.
        admin: may everything on every type, also what is for administrators only.
    """

    user: str
    department: str | None = None
    path: tuple[str, ...] = ()
    rights: Rights = field(default_factory=Rights)
    admin: bool = False

    @property
    def is_system(self) -> bool:
        """Whether nobody in particular acts."""
        return self.user == SYSTEM

    def scope(self, key: str, action: str, part: Part = "all") -> Scope | None:
        """The widest scope of an action on a type; None = not at all. See `Rights.scope`."""
        return "all" if self.admin else self.rights.scope(key, action, part)

    def rooms(self) -> frozenset[Room]:
        """The rooms in which this person hears of the records that may be read; the mirror of `compile.py`."""
        if self.admin:
            return frozenset({ALL_RECORDS})
        return frozenset(room for key in self.rights.types() for room in self._rooms_of(key))

    def _rooms_of(self, key: str) -> set[Room]:
        scope = self.scope(key, "read", "basic")
        if scope == "all":
            return {record_room(key, "all")}
        rooms = {record_room(key, "shared", value) for value in (self.user, *self.path)}
        if scope != "shared":
            rooms.add(record_room(key, "own", self.user))
        if scope in ("department", "tree") and self.department:
            rooms.add(record_room(key, scope, self.department))
        return rooms


def system() -> Actor:
    """The product itself: set-up, imports, the stream. May everything."""
    return Actor(SYSTEM, admin=True)
