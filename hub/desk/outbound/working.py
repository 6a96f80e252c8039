"""Working a list through: the next entry under a lease, its call, what came of it. (S2.9.9-06, preview dialling)

An entry is one agent's at a time: every hand-over is a unit of work, and all units run one after the other. A lease
that runs out gives the entry to whoever asks next; nothing needs to run for that, also after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from crm_core.ground.clock import as_stored, now
from crm_core.ground.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from hub.calling import new_reference
from hub.desk.call_outcomes import CallOutcomes
from hub.desk.calls import Calls
from hub.desk.in_time import DIALS_WITHIN_S, in_time
from hub.desk.outbound.call_lists import CallLists
from hub.desk.outbound.do_not_call import barred
from hub.desk.outbound.fates import CALLING, LEASE, SOON, EntryFates, settle
from hub.desk.outbound.rules import MOST_ATTEMPTS, Fate, fate_of, may_call, opens_at
from hub.desk.wrap_ups import WrapUps
from hub.errors import ChannelError, InDoubt, SetupError
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.leases import Lease
from hub.model.call_list import CallEntryOut, EntryState, NextOut, WhyNone, entry_out
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_ENTRIES, CALL_LISTS
from hub.store.unit import Unit, Units

_BARRED = "do_not_call"
_OPTED_OUT = "opted_out"
Also = Callable[[Unit, Doc], Awaitable[None]]
"""Takes part in a unit that begins an attempt on an entry."""
Holds = Callable[[], Awaitable[bool]]


class Said(NamedTuple):
    """What the agent says came of an attempt; `again_at`: to be called again then, whatever the rule says."""

    outcome: str
    note: str
    again_at: datetime | None


class Working:
    """Hands entries out, dials them, takes results."""

    def __init__(
        self, units: Units, lists: CallLists, calls: Calls, wrap_ups: WrapUps, outcomes: CallOutcomes,
        fates: EntryFates, audit: Audit,
    ) -> None:  # fmt: skip
        self._units, self._db = units, units.db
        self._lists, self._calls, self._wrap_ups = lists, calls, wrap_ups
        self._outcomes, self._fates, self._audit = outcomes, fates, audit

    async def entries(
        self, caller: Caller, call_list: str, *, state: EntryState | None, limit: int, after: int
    ) -> list[CallEntryOut]:
        """The entries by number, those in one state where it is given."""
        await self._lists.found(caller, call_list)
        where: Doc = {"list": call_list, "n": {"$gt": after}} | ({"state": state} if state else {})
        return [entry_out(doc) async for doc in self._db[CALL_ENTRIES].find(where).sort("n", 1).limit(limit)]

    async def next(self, caller: Caller, call_list: str, far: FarEnd) -> NextOut:
        """The entry that the caller has, else the next that is due; raises `NotFound`, `Forbidden`."""
        check_works(caller, await self._lists.found(caller, call_list))
        return await self._units.run(lambda unit: self.next_in(unit, caller, call_list, far))

    async def next_in(self, unit: Unit, caller: Caller, call_list: str, far: FarEnd) -> NextOut:
        """The same as part of a larger change."""
        listed = await _read_list(unit, call_list)
        at = now()
        if listed["state"] != "running":
            return _none("all_done" if listed["state"] == "done" else "not_running")
        mine = {"list": call_list, "agent.id": caller.user}
        held = await unit.db[CALL_ENTRIES].find_one({**mine, "state": "calling"}, session=unit.session)
        if held is not None:
            return NextOut(entry=entry_out(held), why=None, at=None)
        if not may_call(listed["hours"], at):
            return _none("outside_hours", opens_at(listed["hours"], at))
        taken = await self._take(unit, {**mine, "state": "taken"}, caller, at)
        free: Doc = {
            "list": call_list,
            "$or": [{"state": "waiting", "due_at": {"$lte": at}}, {"state": "taken", "lease_until": {"$lte": at}}],
        }
        while taken is None and (found := await self._take(unit, free, caller, at)) is not None:
            if await barred(unit.db, [found["number"]], unit):
                await settle(unit, found, Fate("done", at, _BARRED), {"state": "taken"})
            else:
                taken = found
        if taken is None:
            return await _nothing_due(unit, call_list)
        await self._audit.write("call-list.taken", who=caller.user, far=far, about=taken["_id"], unit=unit)
        return NextOut(entry=entry_out(taken), why=None, at=None)

    async def _take(self, unit: Unit, where: Doc, caller: Caller, at: datetime) -> Doc | None:
        change = {"state": "taken", "agent": {"id": caller.user, "name": caller.name}, "lease_until": at + LEASE}
        found: Doc | None = await unit.db[CALL_ENTRIES].find_one_and_update(
            where, {"$set": change}, sort=[("due_at", 1), ("n", 1)], return_document=True, session=unit.session
        )
        return found

    async def dial(self, caller: Caller, call_list: str, entry: str, far: FarEnd) -> tuple[str, str]:
        """Ring the caller's own phone and then the number of an entry that the caller has.

        Raises:
            NotFound: there is none.
            Conflict: it is not the caller's (any more), or must not be called (now), or the caller has no extension.
        """
        listed = await self._lists.found(caller, call_list)
        check_works(caller, listed)
        return await self.place(caller, listed, await self.begin(caller, call_list, entry, far), far)

    async def place(
        self,
        caller: Caller,
        listed: Doc,
        doc: Doc,
        far: FarEnd,
        *,
        free: Holds | None = None,
        lease: Lease | None = None,
    ) -> tuple[str, str]:
        """Make the call that `begin` wrote down, by the linkedid that stands there.

        Args:
            free: whether who is to speak is still free.
            lease: under which it is done.

        Raises:
            Late: it is not this call's moment any more; nothing was dialled.
            InDoubt: it may have been done.
        """

        async def holds() -> bool:
            return await self._stands(doc) and (free is None or await free())

        still = in_time(holds, since=doc["attempts"][-1]["at"], lease=lease)
        try:
            async with asyncio.timeout(DIALS_WITHIN_S):
                to, linkedid = doc["number"], doc["linkedid"]
                done = await self._calls.dial(caller, to, listed["account"], far, linkedid, still, traced=True)
        except (InDoubt, TimeoutError) as error:  # the PBX is asked before anybody dials again
            await self._db[CALL_ENTRIES].update_one(_as_begun(doc), {"$set": {"lease_until": now() + SOON}})
            raise InDoubt("it is not known yet whether the call is being made; the PBX is asked") from error
        except (ChannelError, SetupError, Conflict, Invalid):  # nothing rang: the attempt did not happen
            change = {"state": "taken", "lease_until": now() + LEASE, "linkedid": None}
            await self._db[CALL_ENTRIES].update_one(_as_begun(doc), {"$set": change, "$pop": {"attempts": 1}})
            raise
        await self._fates.look(doc)  # it may be over by now
        return done

    async def _stands(self, doc: Doc) -> bool:
        """Nobody has taken the entry on since, and its list may be called."""
        if await self._db[CALL_ENTRIES].find_one(_as_begun(doc), {"_id": 1}) is None:
            return False
        listed = await self._db[CALL_LISTS].find_one({"_id": doc["list"]}, {"state": 1, "hours": 1})
        return listed is not None and listed["state"] == "running" and may_call(listed["hours"], now())

    async def begin(self, caller: Caller, call_list: str, entry: str, far: FarEnd, also: Also | None = None) -> Doc:
        """Note the attempt, and by which linkedid its call is found, before it is made: after a crash nobody dials a
        second time at once.

        Args:
            also: what else must hold, and is done in the same unit; whatever it raises leaves everything as it was.
        """

        async def work(unit: Unit) -> Doc | str:
            listed, doc = await _read_list(unit, call_list), await _read(unit, call_list, entry)
            at = now()
            _check_may_dial(caller, listed, doc, at)
            if also is not None:
                await also(unit, doc)
            if (why := await self._barred(unit, doc)) is not None:
                await settle(unit, doc, Fate("done", at, why), {"state": "taken"})
                await self._audit.write(
                    "call-list.refused", who=caller.user, far=far, about=entry, unit=unit, reason=why
                )
                return why
            attempt = {"by": doc["agent"], "at": at, "linkedid": linkedid, "outcome": None, "code": None, "note": ""}
            change = {
                "state": "calling", "lease_until": at + CALLING, "linkedid": linkedid, "attempts": [*doc["attempts"], attempt],
            }  # fmt: skip
            await unit.db[CALL_ENTRIES].update_one({"_id": entry}, {"$set": change}, session=unit.session)
            await self._audit.write("call-list.dialled", who=caller.user, far=far, about=entry, unit=unit)
            return doc | change

        linkedid = new_reference()
        done = await self._units.run(work)
        if isinstance(done, str):
            raise Conflict("this number must not be called", reason=done)
        return done

    async def _barred(self, unit: Unit, doc: Doc) -> str | None:
        """Why the number must not be called, at this moment."""
        if await barred(unit.db, [doc["number"]], unit):
            return _BARRED
        kind, _, record = (doc["record"] or "").partition(":")
        if not record:
            return None
        row = await unit.db[f"record_{kind}"].find_one({"_id": record}, {"opt_out": 1}, session=unit.session)
        return _OPTED_OUT if row and "call" in (row.get("opt_out") or ()) else None

    async def result(self, caller: Caller, call_list: str, entry: str, said: Said, far: FarEnd) -> CallEntryOut:
        """Take the agent's word on the last attempt; the same again changes nothing.

        Raises:
            NotFound: there is none.
            Conflict: another agent has the entry by now.
            Invalid: there is no such outcome, or the time is over.
        """
        listed = await self._lists.found(caller, call_list)
        check_works(caller, listed)
        await self._outcomes.check(said.outcome, listed["queue"])

        async def work(unit: Unit) -> Doc:
            doc = await _read(unit, call_list, entry)
            if doc["agent"] is None or doc["agent"]["id"] != caller.user:
                raise Conflict("you do not have this entry (any more)")
            attempts = _attempts_with(doc, said)
            if attempts == doc["attempts"]:
                return doc
            fate = _fate_by(await _read_list(unit, call_list), said, len(attempts))
            await settle(unit, doc, fate, {}, attempts=attempts)
            await self._audit.write(
                "call-list.result", who=caller.user, far=far, about=entry, unit=unit, outcome=said.outcome
            )
            return await _read(unit, call_list, entry)

        doc = await self._units.run(work)
        await self._on_message(caller, doc, said, far)
        return entry_out(doc)

    async def _on_message(self, caller: Caller, doc: Doc, said: Said, far: FarEnd) -> None:
        """The same word on the call's message, where the caller was in that call."""
        linkedid = doc["attempts"][-1]["linkedid"]
        if linkedid is None:
            return
        call = await self._db[CALLS].find_one({"linkedids": linkedid, "merged_into": None}, {"message": 1})
        if call is None or call["message"] is None:
            return
        try:
            await self._wrap_ups.write(caller, call["message"], said.outcome, said.note, far)
        except (NotFound, Forbidden, Invalid):  # handed on, out of sight, or no outcome there: the entry has the word
            return


def check_works(caller: Caller, listed: Doc) -> None:
    """Whether the caller may work the list; raises `Forbidden`."""
    mine = listed["queue"] in caller.queues or caller.user in listed["agents"]
    if not (mine or caller.supervisor or caller.admin):
        raise Forbidden("this list is worked by others")


def _check_may_dial(caller: Caller, listed: Doc, doc: Doc, at: datetime) -> None:
    if doc["agent"] is None or doc["agent"]["id"] != caller.user or doc["state"] != "taken":
        raise Conflict("you do not have this entry (any more): ask for the next")
    if listed["state"] != "running":
        raise Conflict(f"the list is {listed['state']}")
    if not may_call(listed["hours"], at):
        raise Conflict("outside the hours in which this list may be called")


def _attempts_with(doc: Doc, said: Said) -> list[Doc]:
    """The attempts with the agent's word on the last; one that was dialled by hand is added."""
    word = {"code": said.outcome, "note": said.note}
    if doc["state"] == "taken" or not doc["attempts"]:
        by_hand = {"by": doc["agent"], "at": now(), "linkedid": None, "outcome": None}
        return [*doc["attempts"], by_hand | word]
    return [*doc["attempts"][:-1], doc["attempts"][-1] | word]


def _fate_by(listed: Doc, said: Said, attempts: int) -> Fate:
    at = now()
    if said.again_at is None:
        return fate_of(listed["retries"], said.outcome, attempts, at)
    if said.again_at <= at:
        raise Invalid(
            "again_at: say when, in the future",
            fields=(FieldError("again_at", "value", "in the future", {"rule": "in-future"}),),
        )
    if listed["state"] == "done" or attempts >= MOST_ATTEMPTS:
        raise Conflict("the list is done, or there were too many attempts: plan a callback")
    return Fate("waiting", as_stored(said.again_at), None)


def _as_begun(doc: Doc) -> Doc:
    """The entry as it was left by `begin`: the same attempt is still the last."""
    last = {f"attempts.{len(doc['attempts']) - 1}.at": doc["attempts"][-1]["at"]}
    return {"_id": doc["_id"], "state": "calling", "linkedid": doc["linkedid"], **last}


def _none(why: WhyNone, at: datetime | None = None) -> NextOut:
    return NextOut(entry=None, why=why, at=at)


async def _nothing_due(unit: Unit, call_list: str) -> NextOut:
    if (await _read_list(unit, call_list))["state"] == "done":
        return _none("all_done")
    waiting = {"list": call_list, "state": "waiting"}
    first = await unit.db[CALL_ENTRIES].find_one(waiting, {"due_at": 1}, sort=[("due_at", 1)], session=unit.session)
    return _none("none_due", first["due_at"] if first else None)


async def _read_list(unit: Unit, call_list: str) -> Doc:
    doc: Doc | None = await unit.db[CALL_LISTS].find_one({"_id": call_list}, session=unit.session)
    if doc is None:
        raise NotFound("there is no such call list", list=call_list)
    return doc


async def _read(unit: Unit, call_list: str, entry: str) -> Doc:
    doc: Doc | None = await unit.db[CALL_ENTRIES].find_one({"_id": entry, "list": call_list}, session=unit.session)
    if doc is None:
        raise NotFound("there is no such entry on this list", entry=entry)
    return doc
