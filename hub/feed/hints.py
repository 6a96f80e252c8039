"""Hints: what is worth telling now and worthless a second later (somebody types). They cross the hubs, have no `seq`,
are never replayed, and live in a small capped collection that the feed's change stream reads along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.errors import CollectionInvalid
from pymongo.write_concern import WriteConcern

from crm_core.ground.clock import now
from crm_core.ground.events import Room
from hub.store.client import Database, Doc

HINTS = "hints"
_SIZE_BYTES = 1024 * 1024


class Hints:
    """Sends hints to the consoles of all hubs."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._hints = db[HINTS].with_options(write_concern=WriteConcern(w=1, j=False))

    async def start(self) -> None:
        """Make the collection where it is missing."""
        try:
            await self._db.create_collection(HINTS, capped=True, size=_SIZE_BYTES)
        except CollectionInvalid:
            return  # another hub, or an earlier start, made it

    async def send(self, name: str, room: Room, data: dict[str, Any], *, sender: str | None = None) -> None:
        """Tell the consoles in a room; `sender` is the console that need not hear it."""
        await self._hints.insert_one(_hint(name, room, data, sender))

    async def send_all(self, name: str, told: Sequence[tuple[Room, dict[str, Any]]]) -> None:
        """Tell several rooms at once."""
        if told:
            await self._hints.insert_many([_hint(name, room, data, None) for room, data in told])


def _hint(name: str, room: Room, data: dict[str, Any], sender: str | None) -> Doc:
    return {"name": name, "room": room, "data": data, "sender": sender, "at": now()}
