"""Walking the search index from the newest back, in bounded steps, until enough is found or the time is up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from pymongo.errors import ExecutionTimeout

from hub.desk.searchable import Kind
from hub.desk.terms import Question
from hub.store.client import Database, Doc
from hub.store.collections import SEARCH
from hub.store.desk_indexes import SEARCH_WORDS

_WINDOW = 2000
_FIRST_CHUNK, _CHUNK = 30, 240
_RARE = 1000
_MOST_WORDS = 120
_INDEX = [("grams", 1), ("seq", -1)]


class OutOfTime(Exception):
    """The time budget of one search is spent."""


class Budget:
    """The time that one search may take, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._clock = asyncio.get_running_loop().time
        self._end = self._clock() + seconds

    def left_ms(self) -> int:
        """Milliseconds left, for `maxTimeMS`.

        Raises:
            OutOfTime: less than one.
        """
        left = int((self._end - self._clock()) * 1000)
        if left < 1:
            raise OutOfTime
        return left


class Walk:
    """One search's way through the index.

    Attributes:
        position: everything from here on (newer) was looked at; where a next search may go on.
        cut: not every word with the asked beginning could be looked for.
    """

    def __init__(self, db: Database, question: Question, kind: Kind | None, after: int | None, budget: Budget) -> None:
        self._db = db
        self._question = question
        self._kind = kind
        self._budget = budget
        self.position = after if after is not None else 2**62
        self.cut = False
        self._size = _FIRST_CHUNK

    async def chunks(self) -> AsyncIterator[list[Doc]]:
        """Index entries (`_id kind of type seq`) that hold all terms, newest first, some at a time.

        Raises:
            OutOfTime: `position` says how far it came.
        """
        try:
            lead = await self._lead()
            while lead is not None:
                floor = await self._floor(lead)
                async for chunk in self._window(lead, floor):
                    yield chunk
                self.position = floor
                if floor < 0:
                    return
        except ExecutionTimeout:
            raise OutOfTime from None

    async def _lead(self) -> Doc | None:
        """The narrowest condition that the index can answer, with the others as a plain check beside it."""
        beginnings = await self._words()
        rarities = await asyncio.gather(*(self._rarity(term) for term in self._question.all_of))
        if any(count == 0 for count, _ in rarities):
            return None
        ranked = [term for _, term in sorted(zip(rarities, self._question.all_of, strict=True))]
        checks: list[Any] = []
        if len(ranked) > 1:
            checks.append({"$setIsSubset": [ranked[1:], "$grams"]})
        if ranked and beginnings is not None:
            checks.append({"$gt": [{"$size": {"$setIntersection": [beginnings, "$grams"]}}, 0]})
        lead: Doc = {"grams": ranked[0]} if ranked else {"grams": {"$in": beginnings}}
        return {"index": lead, "check": [{"$expr": check} for check in checks]}

    async def _words(self) -> list[str] | None:
        """What was asked itself (the ending of a number is no known word) and the known words that begin so."""
        beginning = self._question.beginning
        if beginning is None:
            return None
        where = {"_id": {"$gte": beginning, "$lt": beginning + "\U0010ffff"}}
        found = self._db[SEARCH_WORDS].find(where, {"_id": 1}, max_time_ms=self._budget.left_ms()).sort("_id", 1)
        words = [doc["_id"] for doc in await found.limit(_MOST_WORDS + 1).to_list()]
        self.cut = len(words) > _MOST_WORDS
        return list(dict.fromkeys([beginning, *words[:_MOST_WORDS]]))

    async def _rarity(self, term: str) -> tuple[int, int]:
        """Smaller is rarer: how often a term stands in the index, counted up to 1,000; and of two that stand there more
        often, how far back the thousandth is. Reads index keys only."""
        where = {"grams": term}
        counted = await self._db[SEARCH].count_documents(
            where, limit=_RARE, hint=_INDEX, maxTimeMS=self._budget.left_ms()
        )
        alone = len(self._question.all_of) == 1
        return (counted, 0) if counted < _RARE or alone else (counted, await self._back(where, _RARE - 1))

    async def _back(self, where: Doc, count: int) -> int:
        """The place so many entries further back, or -1 where there are not so many."""
        found = self._db[SEARCH].find(where, {"_id": 0, "seq": 1}, max_time_ms=self._budget.left_ms())
        docs = await found.sort("seq", -1).hint(_INDEX).skip(count).limit(1).to_list()
        return int(docs[0]["seq"]) if docs else -1

    async def _floor(self, lead: Doc) -> int:
        """The place 2,000 entries further back, or -1 where there are not so many."""
        return await self._back({**lead["index"], "seq": {"$lt": self.position}}, _WINDOW)

    async def _window(self, lead: Doc, floor: int) -> AsyncIterator[list[Doc]]:
        while True:
            size, self._size = self._size, min(self._size * 2, _CHUNK)
            place = {"seq": {"$lt": self.position, "$gte": floor}}
            checks = [*lead["check"], *([{"kind": self._kind}] if self._kind else [])]
            where = {"$and": [{**lead["index"], **place}, *checks]}
            found = self._db[SEARCH].find(where, {"grams": 0}, max_time_ms=self._budget.left_ms())
            chunk = await found.sort("seq", -1).hint(_INDEX).limit(size).to_list()
            if chunk:
                yield chunk
                self.position = chunk[-1]["seq"]
            if len(chunk) < size:
                return
