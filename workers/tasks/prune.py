"""Forgetting what nobody needs: old events that every reader has had, and files that nothing uses."""

from __future__ import annotations

import logging
from datetime import timedelta

from crm_core.ground.clock import now
from hub.store.client import Database
from hub.store.collections import BOOKMARKS, EVENTS
from hub.store.files import Files
from workers.task import Work, task

log = logging.getLogger(__name__)

_SLICE = 10_000
_UNUSED_FOR = timedelta(days=1)


@task("events.prune", every=timedelta(hours=1))
async def prune_events(work: Work) -> str:
    """Remove events older than `keep_events_days`, but none that a durable reader has still to read."""
    oldest = await _first_since(work.db, timedelta(days=work.settings.limits.keep_events_days))
    reader = await work.db[BOOKMARKS].find_one({"seq": {"$type": "number"}}, sort=[("seq", 1)])
    if reader is not None and reader["seq"] < oldest - 1:
        log.warning("a reader of the stream is far behind", extra={"reader": reader["_id"], "seq": reader["seq"]})
    keep_from = min(oldest, reader["seq"] + 1) if reader else oldest
    removed = 0
    while slice_end := await _slice_end(work.db, keep_from):
        removed += (await work.db[EVENTS].delete_many({"_id": {"$lt": slice_end}})).deleted_count
        await work.tell(removed, None, "")
    return f"removed {removed} events below {keep_from}"


async def _first_since(db: Database, age: timedelta) -> int:
    """The `seq` of the first event that is young enough to stay; beyond the last one when none is."""
    young = await db[EVENTS].find_one({"at": {"$gte": now() - age}}, {"_id": 1}, sort=[("at", 1), ("_id", 1)])
    if young is not None:
        return int(young["_id"])
    last = await db[EVENTS].find_one({}, {"_id": 1}, sort=[("_id", -1)])
    return int(last["_id"]) + 1 if last else 0


async def _slice_end(db: Database, keep_from: int) -> int | None:
    """Where to cut next: a bounded number of events at a time, so that no removal holds up live work."""
    first = await db[EVENTS].find_one({"_id": {"$lt": keep_from}}, {"_id": 1}, sort=[("_id", 1)])
    return min(keep_from, int(first["_id"]) + _SLICE) if first else None


@task("files.sweep", every=timedelta(hours=6))
async def sweep_files(work: Work) -> str:
    """Remove files that were uploaded, and that no message carries and no record names."""
    removed = await Files(work.db, work.settings.limits.file_bytes).forget_unused(now() - _UNUSED_FOR)
    return f"removed {removed} files"
