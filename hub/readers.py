"""Durable readers of the stream: each sees every event at least once, in order, and keeps a bookmark.

A reader's work must be idempotent: after a crash it sees the events since its bookmark again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crm_core.ground.clock import now
from hub.store.client import Database, Doc
from hub.store.collections import BOOKMARKS, EVENTS

log = logging.getLogger(__name__)

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Reader:
    """A name (the bookmark's), the event names it wants, and what it does with a batch of them."""

    name: str
    wants: frozenset[str]
    handle: Callable[[list[Doc]], Awaitable[None]]


class Readers:
    """Runs readers; woken by the feed, with a slow sweep in case a wake-up is missed."""

    def __init__(self, db: Database, sweep_s: float = 5.0) -> None:
        self._db = db
        self._sweep_s = sweep_s
        self._wakes: list[tuple[frozenset[str], asyncio.Event]] = []

    def wake(self, names: set[str]) -> None:
        """Events of these names were committed."""
        for wants, event in self._wakes:
            if wants & names:
                event.set()

    async def run(self, reader: Reader) -> None:
        """Read until cancelled. Only one process should run a reader at a time (the caller holds its lease)."""
        woken = asyncio.Event()
        entry = (reader.wants, woken)
        self._wakes.append(entry)
        try:
            while True:
                woken.clear()
                while await self.step(reader):
                    pass
                try:
                    async with asyncio.timeout(self._sweep_s):  # not wait_for: it can lose a cancellation
                        await woken.wait()
                except TimeoutError:
                    continue
        finally:
            self._wakes.remove(entry)

    async def step(self, reader: Reader) -> bool:
        """One batch; True while there may be more."""
        mark = await self._db[BOOKMARKS].find_one({"_id": reader.name})
        after = mark["seq"] if mark else 0
        batch = await self._db[EVENTS].find({"_id": {"$gt": after}}).sort("_id", 1).limit(_BATCH).to_list()
        if not batch:
            return False
        wanted = [event for event in batch if event["name"] in reader.wants]
        if wanted:
            await reader.handle(wanted)
        await self._db[BOOKMARKS].update_one(
            {"_id": reader.name}, {"$max": {"seq": batch[-1]["_id"]}, "$set": {"at": now()}}, upsert=True
        )
        return len(batch) == _BATCH
