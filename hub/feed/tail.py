"""The feed: follows the events of the stream and gives each to this process's listeners, in order, once.

One change stream serves the hub. Whenever it opens anew (start, restart of the server, a lost cursor), the feed *first*
opens it and *then* reads the collection from its own position on; what the stream repeats of that is left out. So it
needs no resume token, and no outage makes a gap. The reading shares the stream's session: causal consistency makes it
see everything from before the stream's beginning.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.errors import Unavailable
from hub.feed.hints import HINTS, Hints
from hub.metrics import FEED_DELAY, FEED_POSITION
from hub.store.announced import Announced
from hub.store.client import Database, Doc
from hub.store.collections import COUNTERS, EVENTS

log = logging.getLogger(__name__)

Listener = Callable[[list[Doc]], None]
"""Gets a batch of events or hints, in order. It is synchronous and quick: it wakes, it does not work."""

_BATCH = 1000
_AWAIT_MS = 1000


def _pipeline(db: str) -> list[dict[str, Any]]:
    """`ns` is matched whole: the server looks at each write of each transaction, and that takes it two thirds of the time
    of a match of `ns.coll`."""
    return [
        {"$changeStream": {}},
        {"$match": {"operationType": "insert", "ns": {"$in": [{"db": db, "coll": name} for name in (EVENTS, HINTS)]}}},
        {"$project": {"ns.coll": 1, "fullDocument": 1}},
        # the content of events is here already, or is fetched where another process announced it
        {"$set": {"fullDocument.data": {"$cond": [{"$eq": ["$ns.coll", EVENTS]}, "$$REMOVE", "$fullDocument.data"]}}},
    ]


class Feed:
    """Follows the stream for one process. `position` is the last `seq` that the listeners have had."""

    def __init__(self, db: Database, hints: Hints, announced: Announced | None = None) -> None:
        self.position = 0
        self.following = asyncio.Event()
        """Set while the change stream is open and all from before it was given: from now on no hint is missed."""
        self._announced = announced or Announced()
        self._db = db
        self._hints = hints
        self._caught_up = 0
        self._listeners: list[Listener] = []
        self._hint_listeners: list[Listener] = []
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    def subscribe(self, listener: Listener) -> None:
        """Hear of every event from now on."""
        self._listeners.append(listener)

    def subscribe_hints(self, listener: Listener) -> None:
        """Hear of every hint from now on."""
        self._hint_listeners.append(listener)

    async def start(self) -> None:
        """Begin at the newest place of the stream; consoles replay what they missed by themselves."""
        await self._hints.start()
        self.position = await self.newest()
        FEED_POSITION.set(self.position)

    async def newest(self) -> int:
        """The newest place that the store has given out; every later event is numbered above it."""
        counter = await self._db[COUNTERS].find_one({"_id": "seq"})
        return int(counter["value"]) if counter else 0

    async def reached(self, seq: int) -> None:
        """Wait until the listeners have had everything up to `seq`. The caller sets the bound."""
        if self.position >= seq:
            return
        entry = (seq, asyncio.get_running_loop().create_future())
        self._waiters.append(entry)
        try:
            await entry[1]
        finally:
            if entry in self._waiters:
                self._waiters.remove(entry)

    async def run(self) -> None:
        """Follow until cancelled; the supervisor calls again after a failure. Call `start` once before."""
        async with self._db.client.start_session() as session:
            cursor = await self._open(session)
            try:
                await self._catch_up(session)
                self.following.set()
                while True:
                    _check_cancelled()
                    await self._take(await self._more(cursor, session), session)
            finally:
                self.following.clear()
                await self._close(cursor, session)

    async def _open(self, session: AsyncClientSession) -> int:
        command = {"aggregate": 1, "pipeline": _pipeline(self._db.name), "cursor": {"batchSize": 0}}
        return _cursor_id(await self._command(command, session))

    async def _more(self, cursor: int, session: AsyncClientSession) -> list[Doc]:
        """One batch: whatever is there, or nothing after a second."""
        command = {
            "getMore": cursor,
            "collection": "$cmd.aggregate",
            "batchSize": _BATCH,
            "maxTimeMS": _AWAIT_MS,
        }
        answer = await self._command(command, session)
        _cursor_id(answer)
        batch: list[Doc] = answer["cursor"]["nextBatch"]
        return batch

    async def _command(self, command: dict[str, Any], session: AsyncClientSession) -> Doc:
        return await self._db.command(command, session=session, codec_options=self._db.codec_options)

    async def _catch_up(self, session: AsyncClientSession) -> None:
        while True:
            query = {"_id": {"$gt": self.position}}
            batch = await self._db[EVENTS].find(query, session=session).sort("_id", 1).limit(_BATCH).to_list()
            for event in batch:
                self._announced.take(event.get("unit"), event["_id"])  # read afresh: not needed any more
            if batch:
                self._give(batch)
            if len(batch) < _BATCH:
                break
        self._caught_up = self.position

    async def _take(self, changes: list[Doc], session: AsyncClientSession) -> None:
        hints = [c["fullDocument"] for c in changes if c["ns"]["coll"] == HINTS]
        events = [c["fullDocument"] for c in changes if c["ns"]["coll"] == EVENTS]
        fresh = sorted((e for e in events if e["_id"] > self._caught_up), key=_seq)
        if fresh:
            await self._fill(fresh, session)
            self._give(fresh)
        if hints:
            _tell(self._hint_listeners, hints)

    async def _fill(self, events: list[Doc], session: AsyncClientSession) -> None:
        """Give the events their content; one query for all that other processes announced."""
        foreign: dict[int, Doc] = {}
        for event in events:
            content = self._announced.take(event.get("unit"), event["_id"])
            if content is None:
                foreign[event["_id"]] = event
            else:
                event["data"] = content
        if foreign:
            query = {"_id": {"$in": list(foreign)}}
            async for found in self._db[EVENTS].find(query, {"data": 1}, session=session, batch_size=_BATCH):
                foreign.pop(found["_id"])["data"] = found["data"]
        if foreign:
            raise Unavailable(f"the store does not give {len(foreign)} events that it announced")

    def _give(self, events: list[Doc]) -> None:
        self.position = max(self.position, events[-1]["_id"])
        FEED_POSITION.set(self.position)
        _tell([*self._listeners, self._wake], events)

    def _wake(self, events: list[Doc]) -> None:
        FEED_DELAY.observe(max(0.0, (now() - events[0]["at"]).total_seconds()))
        waiting, self._waiters = self._waiters, []
        for seq, future in waiting:
            if seq > self.position:
                self._waiters.append((seq, future))
            elif not future.done():
                future.set_result(None)

    async def _close(self, cursor: int, session: AsyncClientSession) -> None:
        try:
            async with asyncio.timeout(1):
                await self._command({"killCursors": "$cmd.aggregate", "cursors": [cursor]}, session)
        except (PyMongoError, TimeoutError) as error:
            log.debug("the feed's cursor is left to the server", extra={"error": str(error)})


def _tell(listeners: list[Listener], batch: list[Doc]) -> None:
    """Give the batch to all; one that fails does not rob the others of it (its error still ends the round)."""
    with ExitStack() as stack:
        for listener in reversed(listeners):
            stack.callback(listener, batch)


def _check_cancelled() -> None:
    """Raise where this task was told to end.

    Python 3.11's `asyncio.wait_for`, which the driver sends through, loses a cancellation that comes as it finishes.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _seq(event: Doc) -> int:
    seq: int = event["_id"]
    return seq


def _cursor_id(answer: Doc) -> int:
    cursor: int = answer["cursor"]["id"]
    if cursor == 0:
        raise Unavailable("the store ended the change stream")
    return cursor
