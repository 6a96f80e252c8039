"""Whoever acts on records: a person with the union of the rights of all their roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from crm_core.ground.events import Room, record_room

Action = Literal["read", "create", "update", "delete", "approve", "export", "import", "print", "assign", "share"]
Scope = Literal["own", "department", "tree", "shared", "all"]


@dataclass(frozen=True, slots=True)
class Right:
    """What a role allows on one record type, and on which rows. `type` may be `*`: every type."""

    type: str
    actions: frozenset[Action]
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person as the access rules see them.

    Attributes:
        department: id of the person's department; `path` its ids from the root down to it.
        admin: everything, on every row.
    """

    user: str
    department: str | None = None
    path: tuple[str, ...] = ()
    admin: bool = False
    rights: tuple[Right, ...] = ()
    field_rights: dict[tuple[str, str], str] = field(default_factory=dict)

    def rooms(self) -> frozenset[Room]:
        """The record rooms this person's consoles hear: one per type and scope they may read by."""
        if self.admin:
            return frozenset({record_room("*", "all")})
        rooms: set[Room] = set()
        for right in self.rights:
            if "read" not in right.actions:
                continue
            if right.scope == "all":
                rooms.add(record_room(right.type, "all"))
            elif right.scope in ("department", "tree") and self.department:
                rooms.add(record_room(right.type, right.scope, self.department))
        return frozenset(rooms)
