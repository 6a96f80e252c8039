"""Which console is in which room."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from crm_core.ground.events import Room
from hub.console.console import Console


class Rooms:
    """The rooms of one hub. Most record rooms have one member, and so no set of their own."""

    def __init__(self) -> None:
        self._rooms: dict[Room, Console | set[Console]] = {}

    def enter(self, console: Console, rooms: Iterable[Room]) -> None:
        """Put a console into rooms; what they hear from the next batch on is for it too."""
        for room in rooms:
            found = self._rooms.get(room)
            if found is None:
                self._rooms[room] = console
            elif isinstance(found, set):
                found.add(console)
            elif found is not console:
                self._rooms[room] = {found, console}

    def exit(self, console: Console, rooms: Iterable[Room]) -> None:
        """Take a console out of rooms."""
        for room in rooms:
            found = self._rooms.get(room)
            if isinstance(found, set):
                found.discard(console)
            if found is console or found == set():
                del self._rooms[room]

    def members(self, room: Room) -> Collection[Console]:
        """Who is in a room now."""
        found = self._rooms.get(room, ())
        return (found,) if isinstance(found, Console) else found

    def members_of_any(self, rooms: Iterable[Room]) -> set[Console]:
        """Who is in any of these rooms, each once. Not to be changed: it may be a room itself."""
        found = [members for room in rooms if (members := self.members(room))]
        if len(found) == 1 and isinstance(found[0], set):
            return found[0]
        return set().union(*found)
