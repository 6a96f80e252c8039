"""Writes facts, in step with the sums of days that are over.

Nothing of today is added up yet, so facts of today are simply written. Where one of a day that is over comes, changes or
goes, the day's mark changes in the same transaction (`span_marks`): whoever is killed leaves both or neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from pymongo import DeleteMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from crm_core.ground.clock import now
from hub.desk.floor.span_marks import touch
from hub.desk.floor.spans import span_of
from hub.store.aside import Aside
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_FACTS

_DUPLICATE = 11000
_OF_CALLS = ("visit", "handling")
_Write = UpdateOne | DeleteMany
Counted = tuple[Doc, list[Doc]]
"""A call's document, and the facts that follow from it."""


class FactWriter:
    """The only one who writes facts."""

    def __init__(self, db: Database) -> None:
        self._db, self._facts, self._aside = db, db[CALL_FACTS], Aside(db)

    async def put(self, calls: Sequence[Counted]) -> None:
        """Bring the facts of these calls in step with their documents; newer facts that stand there already stay."""
        if not calls:
            return
        if await self._of_the_past(calls):
            await self._aside.run(lambda session: self._put_marked(calls, session))
            return
        writes = [write for call, facts in calls for write in _writes(call, facts)]
        if writes:
            await self._put_today(writes)

    async def change(self, at: datetime, write: UpdateOne) -> None:
        """Change one fact of this moment."""

        async def marked(session: AsyncClientSession) -> None:
            await touch(self._db, [at], session)
            await self._facts.bulk_write([write], session=session)

        if at < _today():
            await self._aside.run(marked)
        else:
            await self._facts.bulk_write([write])

    async def _of_the_past(self, calls: Sequence[Counted]) -> bool:
        today = _today()
        if any(fact["at"] < today for _, facts in calls for fact in facts):
            return True
        before = {"call": {"$in": [call["call"] for call, _ in calls]}, "at": {"$lt": today}}
        return await self._facts.find_one(before, {"_id": 1}, hint=[("call", 1), ("account", 1)]) is not None

    async def _put_today(self, writes: list[_Write]) -> None:
        try:
            await self._facts.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            errors = (error.details or {}).get("writeErrors", ())
            if any(each.get("code") != _DUPLICATE for each in errors):
                raise
            # a duplicate: newer facts stand there already, by another hub

    async def _put_marked(self, calls: Sequence[Counted], session: AsyncClientSession) -> None:
        kept = await self._kept(calls, session)
        differing = [
            (call, facts, old) for call, facts in calls for old in (kept[call["_id"]],) if _differ(call, facts, old)
        ]
        writes = [write for call, facts, _ in differing for write in _writes(call, facts)]
        if writes:
            moments = [fact["at"] for _, facts, old in differing for fact in (*facts, *old) if "at" in fact]
            await touch(self._db, moments, session)
            await self._facts.bulk_write(writes, ordered=False, session=session)

    async def _kept(self, calls: Sequence[Counted], session: AsyncClientSession) -> defaultdict[str, list[Doc]]:
        where = {"call": {"$in": [call["call"] for call, _ in calls]}, "kind": {"$in": _OF_CALLS}}
        kept: defaultdict[str, list[Doc]] = defaultdict(list)
        async for fact in self._facts.find(where, {"changed_at": 0}, session=session):
            kept[f"{fact['account']}|{fact['call']}"].append(fact)
        return kept


def _today() -> datetime:
    return span_of("day", now()).begins


def _differ(call: Doc, facts: list[Doc], kept: list[Doc]) -> bool:
    """Whether there is something to write, and nothing newer stands there."""
    if any(fact["n"] > call["n"] for fact in kept):
        return False
    return {fact["_id"]: fact for fact in facts} != {fact["_id"]: fact for fact in kept}


def _writes(call: Doc, facts: list[Doc]) -> list[_Write]:
    at = now()
    writes: list[_Write] = [
        UpdateOne({"_id": fact["_id"], "n": {"$lte": call["n"]}}, {"$set": {**fact, "changed_at": at}}, upsert=True)
        for fact in facts
    ]
    stale = {
        "account": call["account"], "call": call["call"], "kind": {"$in": _OF_CALLS},
        "n": {"$lte": call["n"]}, "_id": {"$nin": [fact["_id"] for fact in facts]},
    }  # fmt: skip
    if facts or call.get("merged_into"):
        writes.append(DeleteMany(stale))
    return writes
