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
_GATHER_S = 0.05
_LOOK_AGAIN_S = 0.02
_MOST_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Reader:
    """A name (the bookmark's), the event names it wants, and what it does with a batch of them.

    Attributes:
        fields: what of an event's data it needs, by dotted name; empty = all.
        calm: it gathers a batch for `_GATHER_S` instead of running for each event by itself; nobody waits for it.
        patient: it is calm, and waits while others write, mail or calls, for at most `_MOST_PATIENCE_S` a batch, so that live work
            goes first.
    """

    name: str
    wants: frozenset[str]
    handle: Callable[[list[Doc]], Awaitable[None]]
    fields: tuple[str, ...] = ()
    patient: bool = False
    calm: bool = False


class Readers:
    """Runs readers; woken by the feed, with a slow sweep in case a wake-up is missed."""

    def __init__(self, db: Database, sweep_s: float = 5.0, idle: Callable[[], bool] = lambda: True) -> None:
        """`idle` says whether nobody writes to the stream now; `sweep_s`: the longest wait for a wake-up that was missed."""
        self._db = db
        self._idle = idle
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
                more = True
                while more:
                    if reader.patient or reader.calm:
                        await asyncio.sleep(_GATHER_S)
                    if reader.patient:
                        await self._let_others_go_first()
                    more = await self.step(reader)
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
        newest = await self._db[EVENTS].find_one({}, {"_id": 1}, sort=[("_id", -1)])
        upto = newest["_id"] if newest else after
        if upto <= after:
            return False
        query = {"_id": {"$gt": after, "$lte": upto}, "name": {"$in": sorted(reader.wants)}}
        fields = (
            {"name": 1, **dict.fromkeys((f"data.{field}" for field in reader.fields), 1)} if reader.fields else None
        )
        found = await self._db[EVENTS].find(query, fields).sort("_id", 1).limit(_BATCH).to_list()
        if found:
            await reader.handle(found)
        more = len(found) == _BATCH
        reached = found[-1]["_id"] if more else upto
        await self._db[BOOKMARKS].update_one(
            {"_id": reader.name}, {"$max": {"seq": reached}, "$set": {"at": now()}}, upsert=True
        )
        return more

    async def _let_others_go_first(self) -> None:
        """Wait until nobody writes to the stream, within bounds."""
        for _ in range(int(_MOST_PATIENCE_S / _LOOK_AGAIN_S)):
            if self._idle():
                return
            await asyncio.sleep(_LOOK_AGAIN_S)
