"""After-call work on our own clock: when an agent's part in a queue call is over, the agent is in `wrap_up` and the phone is
paused for the queue's `wrap_up_s`; it ends early when the agent is done, and never lasts longer.

The due time stands in the store, and whichever hub sweeps ends it: neither a restart nor a PBX that is away loses it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from crm_core.ground.clock import now
from crm_core.ground.errors import MainstemError
from hub.accounts.directory import Directory
from hub.desk.presence import Presence
from hub.leases import Lease
from hub.model.call import CallPart
from hub.store.call_desk_collections import AFTER_CALLS
from hub.store.client import Doc
from hub.store.collections import PRESENCE, QUEUES
from hub.store.unit import Unit, Units

log = logging.getLogger(__name__)

_SWEEP_S = 0.5
_AGAIN = timedelta(seconds=5)
_GIVEN_UP = timedelta(minutes=10)
"""So long a PBX that is away is asked to let the phone ring again; a phone that registers anew begins unpaused."""
_AT_ONCE = 200


class AfterCalls:
    """Begins and ends after-call work."""

    def __init__(self, units: Units, presence: Presence, directory: Directory) -> None:
        self._units, self._presence, self._directory = units, presence, directory
        self._stored = units.db[AFTER_CALLS]

    async def begin(self, call: Doc, told_at: datetime) -> None:
        """Begin what a call asks for, as it stands (`CallOut`). Seeing a call twice begins nothing twice.

        Args:
            told_at: when the hub told so; the clock of the PBX may be wrong.
        """
        for work in works_of(call, told_at):
            queue = await self._units.db[QUEUES].find_one({"_id": work["queue"]}, {"wrap_up_s": 1})
            lasts = timedelta(seconds=(queue or {}).get("wrap_up_s", 0))
            work["until"] = work["next_at"] = work["began_at"] + lasts
            if work["until"] <= now():
                continue
            known = await self._stored.find_one({"_id": work["_id"]}, {"state": 1, "paused": 1})
            if known is None:
                await self._units.run(lambda unit, work=work: self._begin(unit, work))  # type: ignore[misc]
            if known is None or (known["state"] == "running" and not known["paused"]):
                await self._hush(work)

    async def _hush(self, work: Doc) -> None:
        """Pause the phone; and take that back where the agent was quicker than the PBX."""
        if not await self._pause(work, paused=True):
            return
        running = {"_id": work["_id"], "state": "running"}
        if not (await self._stored.update_one(running, {"$set": {"paused": True}})).matched_count:
            await self._pause(work, paused=False)

    async def end(
        self, user: str, *, call: str | None = None, left_s: int = 0, begun_before: datetime | None = None
    ) -> None:
        """The agent is done, or wants so many seconds more (never more than the queue gives).

        Args:
            call: with this one only.
            begun_before: only what began before that moment.
        """
        where: Doc = {"user": user, "state": "running"} | ({"call": call} if call else {})
        if begun_before is not None:
            where["began_at"] = {"$lt": begun_before}
        until = now() + timedelta(seconds=left_s)
        await self._stored.update_many(where, {"$min": {"until": until, "next_at": until}})
        if not left_s:
            await self.sweep()

    async def run(self, _lease: Lease) -> None:
        """End what is due, until cancelled; on one hub at a time."""
        while True:
            await self.sweep()
            await asyncio.sleep(_SWEEP_S)

    async def sweep(self) -> int:
        """One round; returns how many ended."""
        where: Doc = {"state": {"$in": ["running", "ending"]}, "next_at": {"$lte": now()}}
        due = await self._stored.find(where).sort("next_at", 1).limit(_AT_ONCE).to_list()
        return sum([await self._end(work) for work in due])

    async def _begin(self, unit: Unit, work: Doc) -> None:
        if await unit.db[AFTER_CALLS].find_one({"_id": work["_id"]}, {"_id": 1}, session=unit.session):
            return
        await unit.db[AFTER_CALLS].insert_one(work, session=unit.session)
        before = await unit.db[PRESENCE].find_one({"_id": work["user"]}, session=unit.session)
        if before and before["state"] in ("available", "busy"):
            await self._presence.set_in(unit, work["user"], work["name"], "wrap_up")

    async def _end(self, work: Doc) -> bool:
        """First the person, in one unit; then the phone, as often as it takes."""
        await self._units.run(lambda unit: self._free(unit, work))
        late = now() - work["until"] > _GIVEN_UP
        if not late and not await self._others_run(work) and not await self._pause(work, paused=False):
            await self._stored.update_one({"_id": work["_id"]}, {"$set": {"next_at": now() + _AGAIN}})
            return False
        done = {"$set": {"state": "done", "ended_at": now()}}
        return bool((await self._stored.update_one({"_id": work["_id"], "state": "ending"}, done)).modified_count)

    async def _free(self, unit: Unit, work: Doc) -> None:
        query = {"_id": work["_id"], "state": "running", "until": {"$lte": now()}}
        found = await unit.db[AFTER_CALLS].update_one(query, {"$set": {"state": "ending"}}, session=unit.session)
        if not found.modified_count:
            return
        others = {"user": work["user"], "state": "running"}
        if await unit.db[AFTER_CALLS].find_one(others, {"_id": 1}, session=unit.session):
            return
        before = await unit.db[PRESENCE].find_one({"_id": work["user"]}, session=unit.session)
        if before and before["state"] == "wrap_up":
            await self._presence.set_in(unit, work["user"], work["name"], "available")

    async def _others_run(self, work: Doc) -> bool:
        others = {"user": work["user"], "state": "running", "account": work["account"]}
        return await self._stored.find_one(others, {"_id": 1}) is not None

    async def _pause(self, work: Mapping[str, str], *, paused: bool) -> bool:
        """Whether the PBX did it. One that is away holds nothing else up."""
        try:
            entry = await self._directory.one(work["account"])
            channel, account = entry.ready()
            if channel.control is not None and entry.enabled:
                await channel.control.pause_phone(account, work["extension"], paused=paused)
        except MainstemError as error:
            log.warning("a phone is not paused or let ring", extra={"account": work["account"], "reason": str(error)})
            return False
        return True


def works_of(call: Doc, told_at: datetime) -> list[Doc]:
    """The after-call work that follows from a call as it stands: of each agent of the house who took it from a queue, and
    is not in it any more. Pure."""
    part: CallPart = call["part"]
    found: list[Doc] = []
    for agent in part["agents"]:
        if not (agent["user"] and agent["queue"] and agent["answered_at"] and agent["ended_at"]):
            continue
        key = f"{call['account']}|{call['call']}"
        found.append(
            {
                "_id": f"{key}|{agent['user']}|{agent['answered_at'].isoformat()}",
                "account": call["account"],
                "call": key,
                "message": call["id"],
                "user": agent["user"],
                "name": agent["name"],
                "extension": agent["extension"],
                "queue": agent["queue"],
                "state": "running",
                "paused": False,
                "began_at": told_at,
            }
        )
    return found
