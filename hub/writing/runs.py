"""Sendings of a mailing: begun or planned, watched, held, gone on with, cancelled."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from crm_core.ground.ids import new_id
from hub.events import OutboxFilled
from hub.identity.caller import Caller
from hub.model.conversation import PersonRef
from hub.outbox.afterthoughts import Afterthoughts
from hub.store.client import Doc
from hub.store.collections import OUTBOX
from hub.store.jobs import ask_for
from hub.store.unit import Unit, Units
from hub.writing.indexes import RECEIVERS, RUNS
from hub.writing.progress import counts, settle
from hub.writing.schemes import Schemes

TASK = "mailing.send"
RunState = Literal["planned", "running", "paused", "done", "cancelled", "failed"]
_MOST = 200
_AT_ONCE = 20


class RunOut(TypedDict):
    """One sending. `counts`: receivers by state (waiting queued sent failed skipped cancelled); `total` once known."""

    id: str
    mailing: str
    name: str
    state: RunState
    reason: str | None
    total: int | None
    counts: dict[str, int]
    send_at: datetime | None
    made_at: datetime
    ended_at: datetime | None
    user: PersonRef


class ReceiverOut(TypedDict):
    """One receiver of a run: who, and what became of the mail."""

    n: int
    kind: str
    record: str | None
    name: str
    address: str
    state: str
    reason: str | None
    message: str | None
    conversation: str | None


class Runs:
    """The runs of all mailings."""

    def __init__(self, units: Units, schemes: Schemes, afterthoughts: Afterthoughts) -> None:
        self._units, self._db = units, units.db
        self._schemes, self._afterthoughts = schemes, afterthoughts

    async def start(self, caller: Caller, mailing: str, send_at: datetime | None) -> RunOut:
        """Send a mailing as it is now, at once or at a moment."""
        scheme = await self._schemes.read(mailing)
        run: Doc = {
            "_id": new_id(),
            "mailing": mailing,
            "name": scheme["name"],
            "scheme": scheme,
            "state": "planned" if send_at else "running",
            "reason": None,
            "prepared": False,
            "total": None,
            "send_at": send_at,
            "made_at": now(),
            "ended_at": None,
            "user": {"id": caller.user, "name": caller.name},
        }

        async def work(unit: Unit) -> None:
            await unit.db[RUNS].insert_one(run, session=unit.session)
            await ask_for(unit, TASK, {"run": run["_id"]}, user=caller.user, at=send_at)

        await self._units.run(work)
        return await self._out(run)

    async def list_of(self, mailing: str) -> list[RunOut]:
        """The runs of a mailing, newest first."""
        docs = await self._db[RUNS].find({"mailing": mailing}).sort("made_at", -1).limit(_MOST).to_list()
        return [await self._out(doc) for doc in docs]

    async def show(self, run: str) -> RunOut:
        """One run as it is now; raises `NotFound`."""
        doc = await self._read(run)
        await settle(self._db, run)
        return await self._out(doc)

    async def receivers(self, run: str, *, state: str | None, after: int, limit: int) -> list[ReceiverOut]:
        """A page of the receivers by number, those in one state where it is given."""
        await self._read(run)
        where: Doc = {"run": run, "n": {"$gt": after}} | ({"state": state} if state else {})
        docs = await self._db[RECEIVERS].find(where).sort("n", 1).limit(limit).to_list()
        return [_receiver_out(doc) for doc in docs]

    async def plan(self, caller: Caller, run: str, send_at: datetime | None) -> RunOut:
        """Let a planned run begin at another moment (None = now); raises `Conflict` when it has begun."""

        async def work(unit: Unit) -> Doc | None:
            change = {"$set": {"send_at": send_at, **({} if send_at else {"state": "running"})}}
            found = await unit.db[RUNS].find_one_and_update(
                {"_id": run, "state": "planned"}, change, return_document=True, session=unit.session
            )
            if found:
                await ask_for(unit, TASK, {"run": run}, user=found["user"]["id"], at=send_at)
            return found

        await self._read(run)
        if (changed := await self._units.run(work)) is None:
            raise Conflict("only a planned sending can be planned anew", run=run)
        return await self._out(changed)

    async def pause(self, run: str) -> RunOut:
        """Send nothing more until it goes on; what waits in the outbox is held there."""
        doc = await self._move(run, ("running",), {"state": "paused"})
        await self.hold(run)
        return await self._out(doc)

    async def hold(self, run: str) -> None:
        """Keep the run's messages that wait in the outbox from going out."""
        held = {"_id": {"$in": await self._queued(run)}, "state": "queued"}
        await self._db[OUTBOX].update_many(held, {"$set": {"state": "held"}})

    async def resume(self, caller: Caller, run: str) -> RunOut:
        """Go on with a run that was held or that failed."""
        doc = await self._move(run, ("paused", "failed", "running"), {"state": "running", "reason": None})
        messages = await self._queued(run)

        async def work(unit: Unit) -> None:
            where = {"_id": {"$in": messages}, "state": "held"}
            await unit.db[OUTBOX].update_many(
                where, {"$set": {"state": "queued", "next_at": now()}}, session=unit.session
            )
            unit.announce(OutboxFilled(account=doc["scheme"]["account"]))
            await ask_for(unit, TASK, {"run": run}, user=caller.user)

        await self._units.run(work)
        return await self._out(doc)

    async def cancel(self, caller: Caller, run: str) -> RunOut:
        """Stop for good. What is on its way goes; the counts say how many went."""
        doc = await self._move(
            run, ("planned", "running", "paused", "failed"), {"state": "cancelled", "ended_at": now()}
        )
        await self.withdraw(run, f"cancelled by {caller.name}", caller.user)
        return await self._out(doc)

    async def withdraw(self, run: str, reason: str, user: str) -> None:
        """Take back all that still waits, here and in the outbox. Safe to repeat."""
        await self._db[RECEIVERS].update_many({"run": run, "state": "waiting"}, {"$set": {"state": "cancelled"}})
        messages = await self._queued(run)
        for start in range(0, len(messages), _AT_ONCE):
            await asyncio.gather(*(self._take_back(run, m, reason, user) for m in messages[start : start + _AT_ONCE]))
        await settle(self._db, run)

    async def _take_back(self, run: str, message: str, reason: str, user: str) -> None:
        if await self._afterthoughts.withdraw(message, reason, user):
            where = {"run": run, "state": "queued", "message": message}
            await self._db[RECEIVERS].update_one(where, {"$set": {"state": "cancelled"}})

    async def _queued(self, run: str) -> list[str]:
        found = self._db[RECEIVERS].find({"run": run, "state": "queued"}, {"message": 1})
        return [doc["message"] async for doc in found]

    async def _move(self, run: str, sources: tuple[str, ...], change: dict[str, Any]) -> Doc:
        await self._read(run)
        where = {"_id": run, "state": {"$in": list(sources)}}
        doc = await self._db[RUNS].find_one_and_update(where, {"$set": change}, return_document=True)
        if doc is None:
            raise Conflict(f"only a sending that is {' or '.join(sources)} can become {change['state']}", run=run)
        return doc

    async def _read(self, run: str) -> Doc:
        doc = await self._db[RUNS].find_one({"_id": run})
        if doc is None:
            raise NotFound("there is no such sending", run=run)
        return doc

    async def _out(self, doc: Doc) -> RunOut:
        names = ("mailing", "name", "state", "reason", "total", "send_at", "made_at", "ended_at", "user")
        shown = {name: doc[name] for name in names} | {"counts": await counts(self._db, doc["_id"])}
        return {"id": doc["_id"]} | shown  # type: ignore[return-value]


def _receiver_out(doc: Doc) -> ReceiverOut:
    names = ("n", "kind", "record", "name", "address", "state", "reason", "message", "conversation")
    return {name: doc.get(name) for name in names}  # type: ignore[return-value]
