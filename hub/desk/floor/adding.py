"""Adding up in the store: facts of calls, or sums of such facts, which have their measures in the same place."""

from __future__ import annotations

from typing import Any

from hub.desk.floor.measures import LONGEST, SUMS
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_FACTS

_COUNT_MS = 20_000


def pipeline(where: Doc, key: Any) -> list[Doc]:
    """The question in the store's words; tests explain the same."""
    measures = {name: {"$sum": f"$m.{name}"} for name in SUMS}
    return [{"$match": where}, {"$group": {"_id": key, **measures, LONGEST: {"$max": f"$m.{LONGEST}"}}}]


async def sums(db: Database, where: Doc, key: Any, *, of: str = CALL_FACTS) -> list[Doc]:
    """A tally per key, added up by the store.

    Raises:
        ExecutionTimeout: it takes too long.
    """
    found = await db[of].aggregate(pipeline(where, key), maxTimeMS=_COUNT_MS)
    return [row | {LONGEST: row[LONGEST] or 0} async for row in found]
