"""Answers a question about past calls from sums where there are any, and from the facts for the rest.

What is read of sums holds only as long as they are good: if a day's version is another one afterwards, it is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from hub.desk.floor import span_marks
from hub.desk.floor.adding import sums
from hub.desk.floor.measures import total
from hub.desk.floor.questions import TIMED, Asked, group_key
from hub.desk.floor.spans import Parts, about, kinds_for, parts_of
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_SPANS, CALL_SUMS

_TRIES = 3


async def answer(db: Database, asked: Asked, where: Doc) -> list[Doc]:
    """A tally per row of the report. The calls of one person are few: they come from the facts.

    Raises:
        ExecutionTimeout: it takes too long.
    """
    if "user" in where:
        return await from_facts(db, asked, where)
    for _ in range(_TRIES):
        known = await span_marks.versions(db, kinds_for(asked.by, asked.queue), asked.since, asked.until)
        parts = parts_of(asked, known)
        found = await _add(db, asked, where, parts)
        if await _still_good(db, parts):
            return found
    return await from_facts(db, asked, where)


async def from_facts(db: Database, asked: Asked, where: Doc) -> list[Doc]:
    """The same without sums."""
    return await sums(db, where, group_key(asked.by, asked.zone))


def of_sums(asked: Asked, versions: list[str]) -> Doc:
    """Which sums a question is about; tests explain the same."""
    return {
        "about": about(asked), "direction": asked.direction, "queue": asked.queue, "version": {"$in": versions}
    }  # fmt: skip


async def _add(db: Database, asked: Asked, where: Doc, parts: Parts) -> list[Doc]:
    key = group_key(asked.by, asked.zone)
    asking = [sums(db, where | {"at": {"$gte": begins, "$lt": ends}}, key) for begins, ends in parts.times]
    if parts.versions:
        of_row = key if asked.by in TIMED else "$key"
        asking.append(sums(db, of_sums(asked, parts.versions), of_row, of=CALL_SUMS))
    return _together(await asyncio.gather(*asking))


def _together(found: Iterable[list[Doc]]) -> list[Doc]:
    by_key: dict[Any, list[Doc]] = {}
    for rows in found:
        for row in rows:
            by_key.setdefault(row["_id"], []).append(row)
    return [{"_id": key, **total(rows)} for key, rows in by_key.items()]


async def _still_good(db: Database, parts: Parts) -> bool:
    """Whether every version that was read is one yet: old rows go only after that."""
    if not parts.versions:
        return True
    return await db[CALL_SPANS].count_documents({"version": {"$in": parts.versions}}) == len(parts.versions)
