"""How many open conversations stand in each view of the inbox, counted no further than a cap."""

from __future__ import annotations

import asyncio

from typing_extensions import TypedDict

from hub.desk.inbox import Wanted, paths
from hub.identity.caller import Caller
from hub.store.client import Database
from hub.store.collections import CONVERSATIONS, QUEUES

CAP = 1000
_MOST_QUEUES = 200


class Counts(TypedDict):
    """Open conversations per view. A number equal to `cap` means: that many or more."""

    mine: int
    unassigned: int
    queues: dict[str, int]
    cap: int


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
