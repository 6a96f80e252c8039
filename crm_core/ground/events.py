"""The base of everything that consoles are told.

An event is a class with a wire name. It is announced inside a unit of work only, so it exists exactly when the
change exists. `rooms()` is the one place that decides who sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

Room = str

EVERYONE: Room = "everyone"
SUPERVISORS: Room = "supervisors"
HUB: Room = "hub"
"""Only hubs hear this room: a sign-in that ended, a setting that changed."""


def user_room(user: str) -> Room:
    """The room of one person."""
    return f"user:{user}"


def queue_room(queue: str) -> Room:
    """The room of a queue's members."""
    return f"queue:{queue}"


def conversation_room(conversation: str) -> Room:
    """The room of those who look at a conversation now; only for passing hints such as `typing`."""
    return f"conversation:{conversation}"


def record_room(record_type: str, scope: str, value: str = "") -> Room:
    """The room of those whose row scope on a type is `all`, `department` or `tree` (at department `value`)."""
    return f"record:{record_type}:{scope}:{value}" if value else f"record:{record_type}:{scope}"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. Subclass with `name="noun.verbed"`, fields, and `rooms()`."""

    name: ClassVar[str] = ""
    registry: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, *, name: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if name:
            cls.name = name
            Event.registry[name] = cls

    def rooms(self) -> frozenset[Room]:
        """Who may see it."""
        raise NotImplementedError  # every event class says it; tests/architecture checks that

    def data(self) -> dict[str, Any]:
        """What goes over the wire: the fields whose name has no leading underscore."""
        return {name: getattr(self, name) for name in _SHOWN.get(type(self)) or _shown(type(self))}


_SHOWN: dict[type[Event], tuple[str, ...]] = {}


def _shown(event: type[Event]) -> tuple[str, ...]:
    names = _SHOWN[event] = tuple(f.name for f in fields(event) if not f.name.startswith("_"))
    return names
