"""A person's notices: listed, searched, read, archived; stored once however often they are told. (S2.9.1-04)"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.events import InternalChanged, NoticeChanged
from hub.model.notice import KINDS, NoticeKind, NoticeOut, NoticeState, notice_out
from hub.store.client import Database, Doc
from hub.store.notice_collections import INTERNAL_MESSAGES, NOTICES
from hub.store.unit import Unit, Units

Which = Literal["current", "unread", "read", "archived"]
_STATES: dict[str, list[NoticeState]] = {"current": ["unread", "read"]}
_TIME_MS = 2000
MOST_COUNTED = 1000
_AT_ONCE = 500


class Notices:
    """One person's at a time; the caller's own."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    async def page(
        self,
        user: str,
        *,
        which: Which = "current",
        kind: NoticeKind | None = None,
        words: str = "",
        limit: int = 50,
        before: str | None = None,
    ) -> list[NoticeOut]:
        """Notices, newest first. `before` is the id of the last one already seen.

        `words` are looked for, as they stand, in title, text and sender, through all notices of the person.
        """
        where = conditions(user, which, kind)
        if before is not None:
            where["_id"] = {"$lt": before}
        if words:
            like = {"$regex": re.escape(words), "$options": "i"}
            where["$or"] = [{"title": like}, {"text": like}, {"by.name": like}]
        found = self._db[NOTICES].find(where).sort("_id", -1).limit(limit).max_time_ms(_TIME_MS)
        return [notice_out(doc) async for doc in found]

    async def unread(self, user: str) -> dict[str, int]:
        """How many are unread, by kind; counted up to 1,000."""
        return await count_unread(self._db, user)

    async def show(self, user: str, notice: str) -> NoticeOut:
        """One of them; raises `NotFound`."""
        doc = await self._db[NOTICES].find_one({"_id": notice, "user": user})
        if doc is None:
            raise _missing(notice)
        return notice_out(doc)

    async def set_state(self, user: str, notice: str, state: NoticeState) -> NoticeOut:
        """Read one, put it away, or have it unread again; raises `NotFound`."""

        async def work(unit: Unit) -> None:
            doc = await unit.db[NOTICES].find_one({"_id": notice, "user": user}, session=unit.session)
            if doc is None:
                raise _missing(notice)
            if doc["state"] != state:
                await _move(unit, user, [doc], state)

        await self._units.run(work)
        return await self.show(user, notice)

    async def set_all(self, user: str, state: NoticeState, kind: NoticeKind | None = None) -> int:
        """Read all that are unread, or archive all that are current; returns how many. Units stay short."""
        which: Which = "unread" if state == "read" else "current"
        done = 0
        while moved := await self._units.run(lambda unit: _move_some(unit, user, which, kind, state)):
            done += moved
        return done


async def _move_some(unit: Unit, user: str, which: Which, kind: NoticeKind | None, state: NoticeState) -> int:
    found = unit.db[NOTICES].find(conditions(user, which, kind), session=unit.session).limit(_AT_ONCE)
    docs = await found.to_list()
    if docs:
        await _move(unit, user, docs, state)
    return len(docs)


async def _move(unit: Unit, user: str, docs: Sequence[Doc], state: NoticeState) -> None:
    """Change states and tell the person's consoles, and whoever waits for an internal message to be read."""
    at = None if state == "unread" else now()
    ids = [doc["_id"] for doc in docs]
    await unit.db[NOTICES].update_many({"_id": {"$in": ids}}, {"$set": {"state": state}}, session=unit.session)
    fresh = {"_id": {"$in": ids}} if at is None else {"_id": {"$in": ids}, "read_at": None}
    await unit.db[NOTICES].update_many(fresh, {"$set": {"read_at": at}}, session=unit.session)
    unit.announce(NoticeChanged(notice=None, unread=await count_unread(unit.db, user, unit), _user=user))
    internal = [doc["about"]["internal"] for doc in docs if doc["read_at"] is None and doc["about"].get("internal")]
    written = unit.db[INTERNAL_MESSAGES].find({"_id": {"$in": internal}}, {"by": 1}, session=unit.session)
    async for message in written:
        unit.announce(InternalChanged(id=message["_id"], _user=message["by"]))


def conditions(user: str, which: Which = "current", kind: NoticeKind | None = None) -> Doc:
    """The store's filter. Kinds are always named, so that one index gives the order of time."""
    states: list[str] = list(_STATES.get(which, [which]))
    return {"user": user, "state": {"$in": states}, "kind": {"$in": [kind] if kind else list(KINDS)}}


async def count_unread(db: Database, user: str, unit: Unit | None = None) -> dict[str, int]:
    """Inside a unit the counts are those of its commit."""
    session = unit.session if unit else None
    return {
        kind: await db[NOTICES].count_documents(conditions(user, "unread", kind), limit=MOST_COUNTED, session=session)
        for kind in KINDS
    }


def _missing(notice: str) -> NotFound:
    return NotFound("there is no such notice", notice=notice)
