"""How far a run is: what became of its messages, and how many receivers stand where."""

from __future__ import annotations

from typing import Any

from hub.store.client import Database
from hub.store.collections import MESSAGES
from hub.writing.indexes import RECEIVERS

_AT_ONCE = 1000
STATES = ("waiting", "queued", "sent", "failed", "skipped", "cancelled")


async def settle(db: Database, run: str) -> None:
    """Note of the run's queued messages which were sent or failed since. Safe to repeat."""
    found = db[RECEIVERS].find({"run": run, "state": "queued"}, {"message": 1}).limit(_AT_ONCE)
    by_message = {doc["message"]: doc["_id"] async for doc in found}
    wanted = {"_id": {"$in": list(by_message)}, "delivery.state": {"$nin": ["queued", "sending"]}}
    async for message in db[MESSAGES].find(wanted, {"delivery.state": 1, "delivery.reason": 1}):
        failed = message["delivery"]["state"] == "failed"
        change = {"state": "failed" if failed else "sent", "reason": message["delivery"].get("reason")}
        await db[RECEIVERS].update_one({"_id": by_message[message["_id"]], "state": "queued"}, {"$set": change})


async def counts(db: Database, run: str) -> dict[str, int]:
    """Receivers by state; states with none are 0."""
    steps: list[dict[str, Any]] = [{"$match": {"run": run}}, {"$group": {"_id": "$state", "n": {"$sum": 1}}}]
    cursor = await db[RECEIVERS].aggregate(steps, maxTimeMS=5000)
    return dict.fromkeys(STATES, 0) | {doc["_id"]: doc["n"] async for doc in cursor}
