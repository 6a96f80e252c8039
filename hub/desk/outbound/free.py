"""Whether an agent can be given a call now."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession

from hub.model.call_list import WhyWaiting
from hub.store.call_collections import CALLS
from hub.store.call_desk_collections import AFTER_CALLS
from hub.store.client import Database
from hub.store.collections import PRESENCE
from hub.store.outbound_collections import CALL_ENTRIES


async def hindrance(
    db: Database, user: str, session: AsyncClientSession | None = None, *, but: str | None = None
) -> WhyWaiting | None:
    """What keeps the agent from a call: away or on a break, after-call work, a call, one that is being dialled (`but` for
    this entry), or a result that is still to be said. None = free."""
    present = await db[PRESENCE].find_one({"_id": user}, {"state": 1}, session=session)
    state = present["state"] if present else "offline"
    after = {"user": user, "state": "running"}
    if state == "wrap_up" or await db[AFTER_CALLS].find_one(after, {"_id": 1}, session=session):
        return "wrap_up"
    entry = {"agent.id": user, "state": {"$in": ["calling", "talked"]}, "_id": {"$ne": but}}
    held = await db[CALL_ENTRIES].find_one(entry, {"state": 1}, session=session)
    if held is not None:
        return "calling" if held["state"] == "calling" else "result"
    inside = {"live": True, "part.agents": {"$elemMatch": {"user": user, "ended_at": None}}}
    if await db[CALLS].find_one(inside, {"_id": 1}, session=session):
        return "in_call"
    return "not_available" if state != "available" else None
