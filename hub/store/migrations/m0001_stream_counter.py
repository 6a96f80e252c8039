"""The counter that numbers the stream and orders its writers."""

from __future__ import annotations

from hub.store.client import Database


async def run(db: Database) -> None:
    """Make the counter where it is missing."""
    await db["counters"].update_one({"_id": "seq"}, {"$setOnInsert": {"value": 0, "turn": 0}}, upsert=True)
