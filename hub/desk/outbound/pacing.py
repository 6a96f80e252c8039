"""Progressive dialling: who is free is given the next entry, and after the list's pause the hub dials it. (S2.9.9-06)

Only ever for an agent who is there and free, so never more calls than agents, and nobody answers to silence. Whether
all of it still holds is asked again in the unit that writes the attempt down, with the linkedid that its call will have;
the call is made after that. A hub that dies in between has dialled nothing, and the sweep of `fates` gives the entry back
once it is sure that there is no such call.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Forbidden, Invalid, NotFound
from hub.desk.calls import Calls
from hub.desk.outbound.free import hindrance
from hub.desk.outbound.seats import EMPTY
from hub.desk.outbound.working import Working, check_works
from hub.errors import ChannelError, InDoubt, Late, SetupError, Transient
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.identity.people import People
from hub.leases import Lease
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_LISTS, CALL_SEATS
from hub.store.unit import Unit, Units

log = logging.getLogger(__name__)

_SWEEP_S = 0.5
_SOON = timedelta(seconds=1)
_LATER = timedelta(seconds=5)
_AT_ONCE = 200
_FAR = FarEnd("local", "progressive dialling")


class Pacing:
    """Gives entries to seats and dials them."""

    def __init__(self, units: Units, working: Working, calls: Calls, people: People) -> None:
        self._units, self._working, self._calls, self._people = units, working, calls, people
        self._seats, self._lists = units.db[CALL_SEATS], units.db[CALL_LISTS]

    async def run(self, lease: Lease) -> None:
        """Serve the seats until cancelled; on one hub at a time."""
        while True:
            await self.sweep(lease)
            await asyncio.sleep(_SWEEP_S)

    async def sweep(self, lease: Lease | None = None) -> None:
        """One round over the seats whose time has come."""
        where = {"state": "ready", "look_at": {"$lte": now()}, "until": {"$gt": now()}}
        seats = await self._seats.find(where).sort("look_at", 1).limit(_AT_ONCE).to_list()
        await asyncio.gather(*(self._serve(seat, lease) for seat in seats))

    async def _serve(self, seat: Doc, lease: Lease | None) -> None:
        caller, listed = await self._caller(seat["_id"]), await self._lists.find_one({"_id": seat["list"]})
        if caller is None or listed is None or listed.get("mode") != "progressive":
            await self._seats.delete_one({"_id": seat["_id"], "list": seat["list"]})
            return
        try:
            check_works(caller, listed)
            if seat["entry"] is None:
                await self._give(caller, listed, seat)
            else:
                await self._dial(caller, listed, seat, lease)
        except Forbidden:
            await self._seats.delete_one({"_id": seat["_id"], "list": seat["list"]})
        except InDoubt:  # the entry is being called until the PBX has said what became of it
            return
        except Transient:  # the PBX is away: nothing was dialled, and it is the agent's turn when it is back
            change = EMPTY | {"why": "pbx", "at": None, "dialled": None, "look_at": now() + _LATER}
            await self._seats.update_one(_ready(seat), {"$set": change})
        except (ChannelError, SetupError, Conflict, Invalid) as error:
            log.warning("an agent is not served", extra={"user": seat["_id"], "reason": str(error)})
            await self._pause(seat, "refused")

    async def _give(self, caller: Caller, listed: Doc, seat: Doc) -> None:
        why = await hindrance(self._units.db, caller.user)
        if why is None and not await self._calls.reaches(caller, listed["account"]):
            why = "phone"
        if why is not None:
            change = {"why": why, "at": None, "look_at": now() + (_LATER if why == "phone" else _SOON)}
            await self._seats.update_one(_still(seat), {"$set": change})
            return

        async def work(unit: Unit) -> None:
            if await unit.db[CALL_SEATS].find_one(_still(seat), {"_id": 1}, session=unit.session) is None:
                return
            change = await self._given(unit, caller, listed, seat)
            await unit.db[CALL_SEATS].update_one(_still(seat), {"$set": change}, session=unit.session)

        await self._units.run(work)

    async def _given(self, unit: Unit, caller: Caller, listed: Doc, seat: Doc) -> Doc:
        """What the seat becomes."""
        if (why := await hindrance(unit.db, caller.user, unit.session)) is not None:
            return {"why": why, "at": None, "look_at": now() + _SOON}
        found = await self._working.next_in(unit, caller, seat["list"], _FAR)
        entry = found["entry"]
        if entry is None:
            return {"why": found["why"], "at": found["at"], "look_at": _not_after(found["at"], now() + _LATER)}
        if seat["dialled"] == {"entry": entry["id"], "attempts": len(entry["attempts"])}:
            return {"state": "paused", "reason": "phone", "why": None, "dialled": None}  # the own phone did not answer
        at = now() + timedelta(seconds=listed["pace_s"])
        return {"entry": entry["id"], "dials_at": at, "look_at": at, "why": None, "at": None}

    async def _dial(self, caller: Caller, listed: Doc, seat: Doc, lease: Lease | None) -> None:
        async def also(unit: Unit, entry: Doc) -> None:
            done = {"entry": entry["_id"], "attempts": len(entry["attempts"])}
            change = {"$set": EMPTY | {"dialled": done, "look_at": now() + _SOON}}
            found = await unit.db[CALL_SEATS].update_one(_still(seat), change, session=unit.session)
            if not found.matched_count or await hindrance(unit.db, caller.user, unit.session) is not None:
                raise Conflict("the agent is not free any more")

        try:
            begun = await self._working.begin(caller, seat["list"], seat["entry"], _FAR, also)
        except (Conflict, NotFound):  # the next look says what holds now
            await self._seats.update_one(_still(seat), {"$set": EMPTY | {"look_at": now()}})
            return

        async def free() -> bool:
            return await hindrance(self._units.db, caller.user, but=begun["_id"]) is None

        try:
            await self._working.place(caller, listed, begun, _FAR, free=free, lease=lease)
        except Late as late:
            log.warning("a call is not made", extra={"user": caller.user, "reason": late.detail})
            mine = {"entry": begun["_id"], "attempts": len(begun["attempts"]) - 1}
            undone = {"$set": {"dialled": None, "look_at": now()}}
            await self._seats.update_one(_ready(seat) | {"entry": None, "dialled": mine}, undone)

    async def _pause(self, seat: Doc, reason: str) -> None:
        change = EMPTY | {"state": "paused", "reason": reason, "why": None, "dialled": None}
        await self._seats.update_one(_ready(seat), {"$set": change})

    async def _caller(self, user: str) -> Caller | None:
        person = await self._people.find(user)
        if person is None or not person.may_sign_in:
            return None
        return Caller(
            user=person.user, login=person.login, name=person.name, admin=person.actor.admin, supervisor=person.supervisor,
            queues=person.queues, actor=person.actor, sign_in="progressive dialling", roles=person.roles,
        )  # fmt: skip


def _ready(seat: Doc) -> Doc:
    """The seat, as long as the agent does not say otherwise."""
    return {"_id": seat["_id"], "list": seat["list"], "state": "ready"}


def _still(seat: Doc) -> Doc:
    """The seat, as long as nothing was done to it since it was read."""
    same = ("_id", "list", "state", "entry", "dials_at")
    return {name: seat[name] for name in same} | {"until": {"$gt": now()}}


def _not_after(at: datetime | None, most: datetime) -> datetime:
    return most if at is None else min(at, most)
