"""Whoever makes a request or holds a socket, once identified."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from crm_core.access.actor import Actor
from crm_core.ground.events import EVERYONE, SUPERVISORS, Room, queue_room, user_room

ALL_SCOPES = frozenset({"read", "write", "admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in person, or a program that acts for one.

    Attributes:
        sign_in: id of the session or token that stands behind it; ends with it.
        scopes: what a token allows (`read`, `write`, `admin`); a session allows everything the person may.
        queues: the queues the person is a member of.
        must_enrol: a role asks for a second factor and there is none; this session may only enrol one.
        expires_at: when the sign-in ends at the latest; None for a token without end.
        idle_ends_at: when the session ends unless it is used before then; None for a token.
    """

    user: str
    login: str
    name: str
    admin: bool
    supervisor: bool
    queues: frozenset[str]
    actor: Actor
    sign_in: str
    scopes: frozenset[str] = ALL_SCOPES
    roles: frozenset[str] = field(default_factory=frozenset)
    by_token: bool = False
    expires_at: datetime | None = None
    idle_ends_at: datetime | None = None
    must_enrol: bool = False

    def may_use(self, scope: str) -> bool:
        """Whether the sign-in allows this kind of act."""
        return scope in self.scopes

    def rooms(self) -> frozenset[Room]:
        """The rooms this person's consoles hear."""
        rooms = {EVERYONE, user_room(self.user), *map(queue_room, self.queues), *self.actor.rooms()}
        if self.supervisor or self.admin:
            rooms.add(SUPERVISORS)
        return frozenset(rooms)
