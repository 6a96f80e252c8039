"""Agents at progressive lists: they sit down, pause, skip during the countdown, leave. (S2.9.9-06)

A person has one seat. It stands for as long as the console says so; what it is given is the affair of `pacing`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict
from hub.desk.outbound.call_lists import CallLists
from hub.desk.outbound.working import check_works
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call_list import SeatOut, entry_out
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_ENTRIES, CALL_SEATS
from hub.store.unit import Unit, Units

STANDS = timedelta(seconds=90)
"""So long a seat is kept for a console that says nothing: browsers let pages behind others speak once a minute."""
SKIPPED = timedelta(minutes=15)
EMPTY: Doc = {"entry": None, "dials_at": None}


class Seats:
    """Keeps who sits where."""

    def __init__(self, units: Units, lists: CallLists, audit: Audit) -> None:
        self._units, self._lists, self._audit = units, lists, audit
        self._db = units.db

    async def sit(
        self, caller: Caller, call_list: str, state: Literal["ready", "paused"] | None, far: FarEnd
    ) -> SeatOut:
        """Say how one sits there, or (no state) that one still does.

        Raises:
            NotFound: there is no such list.
            Forbidden: others work it.
            Conflict: the agents dial this list themselves.
        """
        listed = await self._lists.found(caller, call_list)
        check_works(caller, listed)
        if listed.get("mode") != "progressive":
            raise Conflict("the agents dial this list themselves: it is not progressive")
        if state is None:
            mine = {"_id": caller.user, "list": call_list, "until": {"$gt": now()}}
            await self._db[CALL_SEATS].update_one(mine, {"$set": {"until": now() + STANDS}})
            return await self._out(caller, call_list)

        async def work(unit: Unit) -> None:
            before = await unit.db[CALL_SEATS].find_one({"_id": caller.user}, session=unit.session)
            if before is not None and _same(before, call_list, state):
                return
            await _give_back(unit, caller, before)
            seat: Doc = {
                "_id": caller.user, "list": call_list, "state": state, "reason": None, "why": None, "at": None,
                "dialled": None, "look_at": now(), "until": now() + STANDS, **EMPTY,
            }  # fmt: skip
            await unit.db[CALL_SEATS].replace_one({"_id": caller.user}, seat, upsert=True, session=unit.session)
            await self._audit.write(f"call-list.{state}", who=caller.user, far=far, about=call_list, unit=unit)

        await self._units.run(work)
        return await self._out(caller, call_list)

    async def leave(self, caller: Caller, call_list: str, far: FarEnd) -> None:
        """Give the seat up; again is no change."""

        async def work(unit: Unit) -> None:
            mine = {"_id": caller.user, "list": call_list}
            before = await unit.db[CALL_SEATS].find_one_and_delete(mine, session=unit.session)
            if before is not None:
                await _give_back(unit, caller, before)
                await self._audit.write("call-list.left", who=caller.user, far=far, about=call_list, unit=unit)

        await self._units.run(work)

    async def skip(self, caller: Caller, call_list: str, entry: str, far: FarEnd) -> SeatOut:
        """Put off the entry whose countdown runs; raises `Conflict` where none does (any more)."""

        async def work(unit: Unit) -> None:
            mine = {"_id": caller.user, "list": call_list, "entry": entry}
            change = {"$set": EMPTY | {"look_at": now()}}
            if not (await unit.db[CALL_SEATS].update_one(mine, change, session=unit.session)).matched_count:
                raise Conflict("the countdown of this entry is over")
            taken = {"_id": entry, "state": "taken", "agent.id": caller.user}
            later = {"state": "waiting", "agent": None, "lease_until": None, "due_at": now() + SKIPPED}
            await unit.db[CALL_ENTRIES].update_one(taken, {"$set": later}, session=unit.session)
            await self._audit.write("call-list.skipped", who=caller.user, far=far, about=entry, unit=unit)

        await self._units.run(work)
        return await self._out(caller, call_list)

    async def _out(self, caller: Caller, call_list: str) -> SeatOut:
        where = {"_id": caller.user, "list": call_list, "until": {"$gt": now()}}
        seat: Doc = await self._db[CALL_SEATS].find_one(where) or {"state": "away"}
        called = {"agent.id": caller.user, "state": {"$in": ["calling", "talked"]}, "list": call_list}
        held = await self._db[CALL_ENTRIES].find_one(called, sort=[("lease_until", -1)])
        left = None
        if held is None and seat.get("entry") is not None:
            held = await self._db[CALL_ENTRIES].find_one({"_id": seat["entry"]})
            left = max(0.0, (seat["dials_at"] - now()).total_seconds())
        return SeatOut(
            list=call_list, state=seat["state"], reason=seat.get("reason"), why=seat.get("why"), at=seat.get("at"),
            entry=entry_out(held) if held else None, dials_in_s=left,
        )  # fmt: skip


def _same(seat: Doc, call_list: str, state: str) -> bool:
    return (seat["list"], seat["state"]) == (call_list, state) and seat["until"] > now()


async def _give_back(unit: Unit, caller: Caller, seat: Doc | None) -> None:
    """What was given to the seat and not dialled yet goes to whoever is next."""
    if seat is None or seat["entry"] is None:
        return
    taken = {"_id": seat["entry"], "state": "taken", "agent.id": caller.user}
    back = {"state": "waiting", "agent": None, "lease_until": None}
    await unit.db[CALL_ENTRIES].update_one(taken, {"$set": back}, session=unit.session)
