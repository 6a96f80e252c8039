"""Which numbers an account's PBX should refuse now."""

from __future__ import annotations

from datetime import datetime

from crm_core.ground.clock import now
from hub.store.call_desk_collections import BLOCKED_CALLERS
from hub.store.client import Database


async def blocked_numbers(db: Database, account: str) -> dict[str, datetime | None]:
    """E.164 -> until when; None = always."""
    where = {"account": account, "$or": [{"until": None}, {"until": {"$gt": now()}}]}
    return {doc["number"]: doc["until"] async for doc in db[BLOCKED_CALLERS].find(where, {"number": 1, "until": 1})}
