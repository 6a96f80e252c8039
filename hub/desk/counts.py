"""How many open conversations stand in each view of the inbox, counted no further than a cap."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pymongo.errors import ExecutionTimeout
from typing_extensions import TypedDict

from hub.desk.inbox import Wanted, conditions, paths
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.store.client import Database
from hub.store.collections import CONVERSATIONS, QUEUES

CAP = 1000
_MOST_QUEUES = 200
_TIME_MS = 800


class Counts(TypedDict):
    """Open conversations per view. A number equal to `cap` means: that many or more."""

    mine: int
    unassigned: int
    queues: dict[str, int]
    cap: int


class ViewCounts(TypedDict):
    """Conversations per view, by its key. None: it could not be counted in time, or by counting alone (`q`).

    A number equal to `cap` means: that many or more.
    """

    views: dict[str, int | None]
    cap: int


async def count_wanted(db: Database, caller: Caller, wanted: Mapping[str, Wanted]) -> dict[str, int | None]:
    """How many conversations each question finds, up to `CAP`: one aggregation, of at most 0.8 s.

    Where that is not enough, each question is asked alone with a share of the time, so that one that is too wide
    costs only its own number.
    """
    if not wanted:
        return {}
    try:
        return await _aggregate(db, caller, wanted, _TIME_MS)
    except ExecutionTimeout:
        share = max(_TIME_MS // len(wanted), 20)
        return {key: await _alone(db, caller, key, one, share) for key, one in wanted.items()}


async def _alone(db: Database, caller: Caller, key: str, wanted: Wanted, time_ms: int) -> int | None:
    try:
        return (await _aggregate(db, caller, {key: wanted}, time_ms))[key]
    except ExecutionTimeout:
        return None


async def _aggregate(db: Database, caller: Caller, wanted: Mapping[str, Wanted], time_ms: int) -> dict[str, int | None]:
    found = await db[CONVERSATIONS].aggregate(count_pipeline(caller, wanted), maxTimeMS=time_ms)
    counted = {doc["_id"]: int(doc["n"]) async for doc in found}
    return {key: counted.get(key, 0) for key in wanted}


def count_pipeline(caller: Caller, wanted: Mapping[str, Wanted]) -> list[dict[str, Any]]:
    """One pipeline that counts every question; tests explain the same."""
    sight = may_see_conversations(caller)
    pipelines: list[list[dict[str, Any]]] = [
        [
            {"$match": {"$and": [conditions(one), sight]}},
            {"$limit": CAP},
            {"$group": {"_id": {"$literal": key}, "n": {"$sum": 1}}},
        ]
        for key, one in wanted.items()
    ]
    first, *others = pipelines
    return [*first, *({"$unionWith": {"coll": CONVERSATIONS, "pipeline": other}} for other in others)]


async def count_views(db: Database, caller: Caller) -> Counts:
    """The numbers beside the inbox's views. The conditions are those of the lists; all read index keys only, but one.

    (That an assignee is absent is no index key of its own, so `unassigned` looks at up to `CAP` documents.)
    """
    wide = caller.supervisor or caller.admin
    queues = await _all_queues(db) if wide else sorted(caller.queues)[:_MOST_QUEUES]
    mine, unassigned, *per_queue = await asyncio.gather(
        _count(db, Wanted(states=("open",), assignee=caller.user), caller),
        _count(db, Wanted(states=("open",), free=True), caller),
        *(_count(db, Wanted(states=("open",), queue=queue), caller) for queue in queues),
    )
    return {"mine": mine, "unassigned": unassigned, "queues": dict(zip(queues, per_queue, strict=True)), "cap": CAP}


async def _all_queues(db: Database) -> list[str]:
    return [doc["_id"] async for doc in db[QUEUES].find({}, {"_id": 1}).sort("_id", 1).limit(_MOST_QUEUES)]


async def _count(db: Database, wanted: Wanted, caller: Caller) -> int:
    """The paths of queues do not overlap, so their sum is exact; what is shown by name only is left out."""
    disjoint = [path for path in paths(wanted, caller) if path.index[0][0] != "viewers"]
    counted = [await db[CONVERSATIONS].count_documents(path.where, limit=CAP, hint=path.index) for path in disjoint]
    return min(sum(counted), CAP)
