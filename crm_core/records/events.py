"""What consoles hear of records: that something changed, never the values. Who may read them reads them anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from typing_extensions import override

from crm_core.ground.events import Event, Room

Change = Literal["created", "changed", "moved", "removed"]


@dataclass(frozen=True, kw_only=True)
class RecordGone(Event, name="record.changed"):
    """A record left the sight of these rooms. Says only that."""

    type: str
    id: str
    change: str = "gone"
    _rooms: frozenset[Room]

    @override
    def rooms(self) -> frozenset[Room]:
        return self._rooms


@dataclass(frozen=True, kw_only=True)
class RecordsMoved(Event, name="record.changed"):
    """A department moved, and the rows of its people with it: lists of this type are to be read anew."""

    type: str
    change: str = "reload"
    _rooms: frozenset[Room]

    @override
    def rooms(self) -> frozenset[Room]:
        return self._rooms


@dataclass(frozen=True, kw_only=True)
class RecordChanged(Event, name="record.changed"):
    """A record was created, changed, moved to another state or removed. `actor` is a user's id or `system`."""

    type: str
    id: str
    revision: int
    state: str
    actor: str
    change: Change
    _rooms: frozenset[Room]

    @override
    def rooms(self) -> frozenset[Room]:
        return self._rooms
