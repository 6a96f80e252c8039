"""Adds up days and weeks of calls once they are over, so that a report of a year need not read every fact of it.

A row of sums looks like a fact of many calls: `m` holds the measures. Rows are never changed: a span that is added up anew
gets rows of a new version, then its mark names that version, then the old rows go. Whoever is killed in between leaves
rows that nobody reads, and they go with the next. docs/decisions/0019 says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.desk.floor import span_marks
from hub.desk.floor.adding import sums
from hub.desk.floor.measures import LONGEST, SUMS
from hub.desk.floor.questions import counted, group_key
from hub.desk.floor.spans import DAY, SLOTS, About, Kind, Span
from hub.leases import Lease
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_FACTS, CALL_SPANS, CALL_SUMS

log = logging.getLogger(__name__)

SETTLED = timedelta(hours=1)
"""So long after its end a span is added up. Who writes facts takes a span for open until its end by a clock of its own."""
_BY_DAY: tuple[About, ...] = ("hours", "half-hours", "queue", "outcome", "transfer", "code")
CUTS: dict[Kind, tuple[tuple[About, bool], ...]] = {
    "day": (
        *((about, by_queue) for about in _BY_DAY for by_queue in (True, False)),
        ("agent", False),
    ),
    "week": (("agent", True), ("agent", False)),
}  # fmt: skip
"""What is kept of a span, and whether for each queue or for all together. Days by agent *and* queue would be nearly as
many as facts."""
_UTC = ZoneInfo("UTC")
_PACK = 500
_LOOK_EVERY_S, _BREATH_S = 60.0, 0.1


class Roller:
    """Keeps the sums in step with the facts; on one hub at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self, _lease: Lease) -> None:
        """Until cancelled. Live work goes first: a breath after each day, a look around each minute."""
        while True:
            more = await self.step()
            await asyncio.sleep(_BREATH_S if more else _LOOK_EVERY_S)

    async def step(self) -> bool:
        """Add up one span; False where none waits for it."""
        until = now() - SETTLED
        mark = await span_marks.next_open(self._db, until)
        if mark is None:
            await span_marks.extend(self._db, until - DAY)
            mark = await span_marks.next_open(self._db, until)
        if mark is None:
            return False
        await self._roll(mark)
        return True

    async def _roll(self, mark: Doc) -> None:
        span, version, rows = Span(mark["kind"], mark["at"]), new_id(), self._db[CALL_SUMS]
        made = [row | {"span": span.id, "version": version} async for row in rows_of(self._db, span)]
        for start in range(0, len(made), _PACK):
            await rows.insert_many(made[start : start + _PACK], ordered=False)
        same = {"_id": span.id, "n": mark["n"], "version": None}
        named = await self._db[CALL_SPANS].update_one(same, {"$set": {"version": version}})
        if named.modified_count:
            await rows.delete_many({"span": span.id, "version": {"$ne": version}})
        else:  # a fact changed meanwhile, or another hub was faster
            await rows.delete_many({"span": span.id, "version": version})
        log.debug("calls added up", extra={"span": span.id, "rows": len(made), "kept": bool(named.modified_count)})


async def rows_of(db: Database, span: Span) -> AsyncIterator[Doc]:
    """The rows that are good for the facts as they are."""
    if await db[CALL_FACTS].find_one({"at": {"$gte": span.begins, "$lt": span.ends}}, {"_id": 1}) is None:
        return
    for about, by_queue in CUTS[span.kind]:
        where = {"at": {"$gte": span.begins, "$lt": span.ends}} | _kinds(about)
        key = {"direction": "$direction", "queue": "$queue" if by_queue else None, "key": _key(about)}
        for tally in await sums(db, where, key):
            yield _row(about, tally)


def _key(about: About) -> Any:
    if about == "hours" or about == "half-hours":
        return {"$dateTrunc": {"date": "$at", "unit": "minute", "binSize": SLOTS[about]}}
    return group_key(about, _UTC)


def _kinds(about: About) -> Doc:
    return {} if about == "hours" or about == "half-hours" else counted(about)


def _row(about: About, tally: Doc) -> Doc:
    """Measures that are nothing are left out."""
    of = tally["_id"]
    place = {"at" if about in SLOTS else "key": of["key"]}
    m = {name: tally[name] for name in (*SUMS, LONGEST) if tally[name]}
    return {"about": about, "direction": of["direction"], "queue": of["queue"], **place, "m": m}
