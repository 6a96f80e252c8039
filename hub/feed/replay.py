"""What somebody missed: the events after a place of the stream, as far as the person may see them *now*."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import zip_longest
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.events import HUB
from hub.feed.rooms import conversation_of, gone_from_sight, may_see_conversations
from hub.feed.tail import Feed
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, EVENTS

Stale = Literal["too old", "too many", "future", "slow"]


class EventOut(TypedDict):
    """One event, as a console gets it under its name."""

    seq: int
    name: str
    at: datetime
    data: dict[str, Any]


class EventsOut(TypedDict):
    """A page of events. Ask again with `after=next`; where `stale` says why, read everything afresh first."""

    items: list[EventOut]
    next: int
    stale: Stale | None


class Replay:
    """Reads old events. `limit` is how many may be missed before reading afresh is the better way."""

    def __init__(self, db: Database, feed: Feed, limit: int) -> None:
        self._db = db
        self._feed = feed
        self._limit = limit

    async def stale(self, caller: Caller, after: int, upto: int) -> Stale | None:
        """Why the events after `after`, up to `upto`, cannot be given; None when they can."""
        if after >= upto:
            return "future" if after > upto and after > await self._feed.newest() else None
        oldest = await self._db[EVENTS].find_one({}, {"_id": 1}, sort=[("_id", 1)])
        if oldest is None or after < oldest["_id"] - 1:
            return "too old"
        missed = await self._db[EVENTS].count_documents(_query(caller, after, upto), limit=self._limit + 1)
        return "too many" if missed > self._limit else None

    async def pages(self, caller: Caller, after: int, upto: int, size: int) -> AsyncIterator[list[Doc]]:
        """The events in order, at most `size` at a time; raises nothing of its own."""
        while after < upto:
            page = await self._read(caller, after, upto, size)
            if not page:
                return
            yield await self._visible(caller, page)
            after = page[-1]["_id"]

    async def page(self, caller: Caller, after: int, limit: int) -> EventsOut:
        """One page for programs that poll; exactly what the caller's console would have been sent."""
        upto = self._feed.position
        if why := await self.stale(caller, after, upto):
            return EventsOut(items=[], next=upto, stale=why)
        found = await self._read(caller, after, upto, limit)
        items = [event_out(event) for event in await self._visible(caller, found)]
        following = found[-1]["_id"] if len(found) == limit else max(after, upto)
        return EventsOut(items=items, next=following, stale=None)

    async def _read(self, caller: Caller, after: int, upto: int, size: int) -> list[Doc]:
        return await self._db[EVENTS].find(_query(caller, after, upto)).sort("_id", 1).limit(size).to_list()

    async def _visible(self, caller: Caller, events: list[Doc]) -> list[Doc]:
        """Leave out what tells of conversations that the caller may no longer see; one query for all."""
        named = {conversation_of(e) for e in events} - {None}
        seen = await self._seen(caller, named) if named else set()
        return [event for event, following in zip_longest(events, events[1:]) if _fits(event, following, seen)]

    async def _seen(self, caller: Caller, conversations: set[str | None]) -> set[str]:
        query = {"$and": [{"_id": {"$in": list(conversations)}}, may_see_conversations(caller)]}
        return {doc["_id"] async for doc in self._db[CONVERSATIONS].find(query, {"_id": 1})}


def event_out(event: Doc) -> EventOut:
    """A stored event as it leaves the hub."""
    return EventOut(seq=event["_id"], name=event["name"], at=event["at"], data=event["data"])


def _fits(event: Doc, following: Doc | None, seen: set[str]) -> bool:
    """`gone` is given even where the conversation has come back since: what happened to it meanwhile was told to others,
    and whoever hears that it went reads it afresh when it returns. It is left out where the same commit shows it again.
    """
    if gone := gone_from_sight(event):
        again = following is not None and following["_id"] == event["_id"] + 1
        return not (again and following is not None and conversation_of(following) == gone)
    conversation = conversation_of(event)
    return conversation is None or conversation in seen


def _query(caller: Caller, after: int, upto: int) -> dict[str, Any]:
    rooms = sorted(caller.rooms() - {HUB})
    return {"_id": {"$gt": after, "$lte": upto}, "rooms": {"$in": rooms, "$ne": HUB}}
