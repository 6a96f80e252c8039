"""Search over messages, conversations and records: in bounded time, few at once, and only what the caller may see.

What is too wide to be searched to the end answers what was found so far and says `partial`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crm_core.ground.errors import Unavailable
from hub.desk.ports import MayReadRecord
from hub.desk.search_hits import Hit, read_hits
from hub.desk.search_walk import Budget, OutOfTime, Walk
from hub.desk.searchable import Kind
from hub.desk.terms import Question, read_question
from hub.identity.caller import Caller
from hub.store.client import Database

_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, newest first. `next` is the place to go on from, None at the end."""

    items: list[Hit]
    next: int | None
    partial: bool


class Search:
    """At most `at_once` searches run in this process, each for at most `budget_s` seconds."""

    def __init__(self, db: Database, records: MayReadRecord, *, budget_s: float = 0.4, at_once: int = 2) -> None:
        self._db = db
        self._records = records
        self._budget_s = budget_s
        self._turns = asyncio.Semaphore(at_once)

    async def find(
        self, caller: Caller, q: str, *, kind: Kind | None = None, limit: int = 20, after: int | None = None
    ) -> Found:
        """The newest hits before a place.

        Raises:
            Unavailable: others are searching; try again in a second.
        """
        question = read_question(q)
        if question.empty:
            return Found([], None, False)
        async with self._turn():
            budget = Budget(self._budget_s)
            walk = Walk(self._db, question, kind, after, budget)
            hits: list[tuple[int, Hit]] = []
            try:
                async for some in self._hits(caller, question, walk):
                    hits += some
                    if len(hits) > limit:
                        break
            except OutOfTime:
                items = [hit for _, hit in hits[:limit]]
                return Found(items, hits[limit - 1][0] if len(hits) > limit else walk.position, True)
        more = len(hits) > limit
        return Found([hit for _, hit in hits[:limit]], hits[limit - 1][0] if more else None, walk.cut)

    async def conversations(self, caller: Caller, q: str, most: int) -> tuple[list[str], bool]:
        """The conversations with the newest hits, at most `most`, and whether there may be more."""
        question = read_question(q)
        found: dict[str, None] = {}
        if question.empty:
            return [], False
        async with self._turn():
            walk = Walk(self._db, question, None, None, Budget(self._budget_s))
            try:
                async for some in self._hits(caller, question, walk):
                    found |= {hit["conversation"]: None for _, hit in some if "conversation" in hit}
                    if len(found) >= most:
                        return [*found][:most], True
            except OutOfTime:
                return [*found], True
        return [*found], walk.cut

    async def _hits(self, caller: Caller, question: Question, walk: Walk) -> AsyncIterator[list[tuple[int, Hit]]]:
        async for chunk in walk.chunks():
            read = await read_hits(self._db, self._records, caller, question, chunk)
            yield [(entry["seq"], read[entry["_id"]]) for entry in chunk if entry["_id"] in read]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("many are searching now; try again in a second", retry_after=1) from None
        try:
            yield
        finally:
            self._turns.release()
