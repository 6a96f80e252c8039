"""Who is there: stored, announced, and taken back when nobody vouches for it any more.

A state is what the person (or the telephone) last said. Opening a console never changes it. When the last console of
a person, on any hub, has been gone for 30 seconds, the person is offline: hubs vouch for those who have a console, and
what was vouched for once and is not any longer runs out. A state set by a program without a console stays.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from hub.events import AgentChanged
from hub.store.client import Database, Doc
from hub.store.collections import PRESENCE
from hub.store.unit import Unit, Units

PresenceState = Literal["available", "busy", "break", "wrap_up", "offline"]

_VOUCHED_FOR = timedelta(seconds=40)
"""Hubs vouch every 10 s, so somebody is gone for 30 to 40 s when this runs out."""
_SWEEP_S = 5.0
_USERS = "record_user"
_MOST_AGENTS = 2000


class PresenceOut(TypedDict):
    """A person's state, why, and since when."""

    state: PresenceState
    reason: str | None
    since: datetime | None


class AgentOut(PresenceOut):
    """A colleague as the desk sees them. `login` is what a note mentions them by; empty where they have none."""

    id: str
    name: str
    login: str
    queues: list[str]


class Presence:
    """Keeps who is there."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._db: Database = units.db
        self._presence = units.db[PRESENCE]

    async def of(self, user: str) -> PresenceOut:
        """A person's state; offline where none was ever said."""
        return _out(await self._presence.find_one({"_id": user}))

    async def set(self, user: str, name: str, state: PresenceState, reason: str | None = None) -> PresenceOut:
        """Say how a person is; announced where it is a change."""

        async def work(unit: Unit) -> PresenceOut:
            return await self.set_in(unit, user, name, state, reason)

        return await self._units.run(work)

    async def set_in(
        self, unit: Unit, user: str, name: str, state: PresenceState, reason: str | None = None
    ) -> PresenceOut:
        """The same as part of a larger change (a call that ends in wrap-up)."""
        before = await self._presence.find_one({"_id": user}, session=unit.session)
        same = before is not None and (before["state"], before["reason"]) == (state, reason)
        after: Doc = {**(before or {}), "_id": user, "name": name, "state": state, "reason": reason}
        if before is None or not same:
            after["since"] = now()
        if (until := after.get("until")) is not None and until < now():
            del after["until"]  # said without a console: nobody vouches, so nothing runs out
        await self._presence.replace_one({"_id": user}, after, upsert=True, session=unit.session)
        if not same:
            unit.announce(_changed(after))
        return _out(after)

    async def vouch(self, users: list[str]) -> None:
        """These people have a console open on the calling hub. Call every 10 s."""
        if users:
            query = {"_id": {"$in": users}, "state": {"$ne": "offline"}}
            await self._presence.update_many(query, {"$max": {"until": now() + _VOUCHED_FOR}})

    async def run(self) -> None:
        """Take back what nobody vouches for, until cancelled; every hub may do it at once."""
        while True:
            await self.sweep()
            await asyncio.sleep(_SWEEP_S)

    async def sweep(self) -> int:
        """One round; returns how many went offline."""
        gone = {"until": {"$lt": now()}, "state": {"$ne": "offline"}}
        users = [doc["_id"] async for doc in self._presence.find(gone, {"_id": 1}).limit(500)]
        return sum([await self._units.run(_Leaving(user).work) for user in users])

    async def agents(self, queue: str | None = None) -> list[AgentOut]:
        """All colleagues who may work, by name, with their state and queues."""
        queues: dict[str, list[str]] = {}
        async for doc in self._db["queues"].find({}, {"members": 1}).sort("_id", 1):
            for member in doc["members"]:
                queues.setdefault(member, []).append(doc["_id"])
        query: dict[str, Any] = {"state": {"$ne": "left"}, "deleted_at": None}
        if queue is not None:
            query["_id"] = {"$in": [user for user, names in queues.items() if queue in names]}
        people = (
            await self._db[_USERS].find(query, {"name": 1, "login": 1}).sort("name", 1).limit(_MOST_AGENTS).to_list()
        )
        states = {d["_id"]: d async for d in self._presence.find({"_id": {"$in": [p["_id"] for p in people]}})}
        return [
            AgentOut(
                id=p["_id"],
                name=p["name"],
                login=p.get("login") or "",
                queues=queues.get(p["_id"], []),
                **_out(states.get(p["_id"])),
            )
            for p in people
        ]


class _Leaving:
    """One person who went: tested again inside the unit, so that two hubs make one event of it."""

    def __init__(self, user: str) -> None:
        self._user = user

    async def work(self, unit: Unit) -> bool:
        """Whether the person was still there and is now offline."""
        query = {"_id": self._user, "until": {"$lt": now()}, "state": {"$ne": "offline"}}
        change = {"$set": {"state": "offline", "reason": "console closed", "since": now()}, "$unset": {"until": ""}}
        after = await unit.db[PRESENCE].find_one_and_update(query, change, return_document=True, session=unit.session)
        if after is None:
            return False
        unit.announce(_changed(after))
        return True


def _out(doc: Doc | None) -> PresenceOut:
    if doc is None:
        return PresenceOut(state="offline", reason=None, since=None)
    return PresenceOut(state=doc["state"], reason=doc["reason"], since=doc["since"])


def _changed(doc: Doc) -> AgentChanged:
    return AgentChanged(
        user=doc["_id"], name_shown=doc["name"], state=doc["state"], reason=doc["reason"], since=doc["since"]
    )
