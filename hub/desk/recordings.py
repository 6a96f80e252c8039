"""Recordings with the caller's eyes: who may hear which, listing, the hold, the rules of queues, asking for an export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from crm_core.ground.ids import new_id
from hub.desk.parameters import OWN_RECORDINGS, Parameters
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call import CallDirection, RecordingState
from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.files import Files, StoredFile
from hub.store.jobs import ask_for
from hub.store.recording_collections import RECORDING_PLAYS, RECORDING_RULES, RECORDINGS
from hub.store.unit import Unit, Units
from hub.stream.stream import Stream

EXPORT = "recording.export"
PLAY = timedelta(minutes=30)
"""Requests of one sign-in for one recording belong to one play until there was none for so long."""


class TalkedOut(TypedDict):
    """Who of the house talked."""

    extension: str
    user: str | None
    name: str


class HoldOut(TypedDict):
    """Who keeps a recording from being removed, and why."""

    by: str
    name: str
    reason: str
    at: datetime


class ListedRecording(TypedDict):
    """A recording in a list. `call` is the message of its call, `n` its place among the call's recordings."""

    id: str
    call: str
    n: int
    account: str
    queue: str | None
    direction: CallDirection
    number: str
    agents: list[TalkedOut]
    at: datetime
    seconds: float
    size: int
    type: str
    state: RecordingState
    hold: HoldOut | None
    score: float | None


class PeaksOut(TypedDict):
    """How loud a recording is over time: equal stretches, 0 to 255; empty where its format does not tell."""

    seconds: float
    peaks: list[int]


class RuleOut(TypedDict):
    """For how many days a queue's recordings are kept; None = for ever."""

    queue: str
    days: int | None


class ExportOut(TypedDict):
    """An export that workers write now: progress comes as `job.changed`, the file is at `GET /api/files/FILE` for a day."""

    job: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which recordings."""

    since: datetime | None = None
    until: datetime | None = None
    queue: str | None = None
    agent: str | None = None
    number: str | None = None

    def where(self) -> Doc:
        """The store's filter."""
        plain = {"queue": self.queue, "users": self.agent, "number": self.number}
        found: Doc = {key: value for key, value in plain.items() if value}
        bounds = {"$gte": self.since, "$lt": self.until}
        if at := {key: value for key, value in bounds.items() if value}:
            found["at"] = at
        return found


class Recordings:
    """What is recorded, for those who may hear it. For all others there is nothing."""

    def __init__(self, stream: Stream, files: Files, parameters: Parameters, audit: Audit) -> None:
        self._stream = stream
        self._units: Units = stream.units
        self._db = stream.db
        self._files = files
        self._parameters = parameters
        self._audit = audit

    async def page(self, caller: Caller, wanted: Wanted, *, limit: int, before: str | None) -> list[ListedRecording]:
        """Newest first; of somebody who may hear only their own, those."""
        where = wanted.where()
        if not _supervises(caller):
            if not await self._parameters.on(OWN_RECORDINGS):
                return []
            where = {"$and": [where, {"users": caller.user}]}
        if before and (last := await self._db[RECORDINGS].find_one({"_id": before}, {"at": 1})):
            older = [{"at": {"$lt": last["at"]}}, {"at": last["at"], "_id": {"$lt": before}}]
            where = {"$and": [where, {"$or": older}]}
        found = self._db[RECORDINGS].find(where, {"peaks": 0}).sort([("at", -1), ("_id", -1)]).limit(limit)
        return [_listed(doc) async for doc in found]

    async def open(
        self, caller: Caller, message: str, n: int, far: FarEnd, act: Literal["played", "downloaded"]
    ) -> StoredFile:
        """The sound, ready to be read; a play is audited once, however many requests it takes.

        Raises:
            NotFound: there is none in the store, or the caller may not hear it.
        """
        doc = await self._heard(caller, message, n)
        file = await self._files.open(doc["file"])
        if await self._begins(f"{doc['_id']}:{caller.sign_in}:{act}"):
            await self._audit.write(f"recording.{act}", who=caller.user, far=far, about=message, n=n)
        return file

    async def peaks(self, caller: Caller, message: str, n: int) -> PeaksOut:
        """The waveform; raises `NotFound` as `open`."""
        doc = await self._heard(caller, message, n)
        return {"seconds": doc["seconds"], "peaks": doc["peaks"]}

    async def hold(self, caller: Caller, message: str, reason: str | None, far: FarEnd) -> None:
        """Keep a call's recordings whatever the rules say, or let them go again (no reason).

        Raises:
            NotFound: the call has none.
            Conflict: they are removed already.
        """
        hold = {"by": caller.user, "name": caller.name, "reason": reason, "at": now()} if reason else None

        async def work(unit: Unit) -> None:
            if not await unit.db[RECORDINGS].find_one({"message": message}, {"_id": 1}, session=unit.session):
                raise NotFound("this call has no recording", call=message)
            where: Doc = {"message": message, "state": {"$ne": "deleted"}}
            done = await unit.db[RECORDINGS].update_many(where, {"$set": {"hold": hold}}, session=unit.session)
            if hold and not done.matched_count:
                raise Conflict("the recording was removed already")
            what = "recording.held" if hold else "recording.released"
            await self._audit.write(what, who=caller.user, far=far, about=message, unit=unit, reason=reason)

        await self._units.run(work)
        await self._stream.amend(message, {"call.legal_hold": hold})

    async def rules(self) -> list[RuleOut]:
        """The rules of queues that have one; the account's setting holds for the rest."""
        return [{"queue": d["_id"], "days": d["days"]} async for d in self._db[RECORDING_RULES].find().sort("_id", 1)]

    async def rule(self, caller: Caller, queue: str, days: int | None, far: FarEnd) -> RuleOut:
        """Set for how long a queue's recordings are kept; raises `NotFound`."""

        async def work(unit: Unit) -> None:
            if not await unit.db[QUEUES].find_one({"_id": queue}, {"_id": 1}, session=unit.session):
                raise NotFound("there is no such queue", queue=queue)
            change = {"$set": {"days": days, "by": caller.user, "at": now()}}
            await unit.db[RECORDING_RULES].update_one({"_id": queue}, change, upsert=True, session=unit.session)
            await self._audit.write("recording.rule", who=caller.user, far=far, about=queue, unit=unit, days=days)

        await self._units.run(work)
        return {"queue": queue, "days": days}

    async def export(self, caller: Caller, wanted: Wanted, far: FarEnd) -> ExportOut:
        """Have the workers write a period's recordings into one zip."""
        file = new_id()
        which: Mapping[str, Any] = {
            "since": wanted.since, "until": wanted.until, "queue": wanted.queue, "agent": wanted.agent,
            "number": wanted.number,
        }  # fmt: skip

        async def work(unit: Unit) -> str:
            await self._audit.write("recordings.exported", who=caller.user, far=far, about=file, unit=unit, **which)
            arguments = {"file": file, "user": caller.user, **which}
            return await ask_for(unit, EXPORT, arguments, user=caller.user)

        return {"job": await self._units.run(work), "file": file}

    async def _heard(self, caller: Caller, message: str, n: int) -> Doc:
        docs = await self._db[RECORDINGS].find({"message": message}).sort("n", 1).to_list()
        doc = docs[n - 1] if 0 < n <= len(docs) else None
        if doc is None or doc["state"] != "stored" or not await self._may_hear(caller, doc):
            raise NotFound("there is no such recording", call=message, n=n)
        return doc

    async def _may_hear(self, caller: Caller, doc: Doc) -> bool:
        if _supervises(caller):
            return True
        return caller.user in doc["users"] and await self._parameters.on(OWN_RECORDINGS)

    async def _begins(self, play: str) -> bool:
        """Whether this is the first request of a play; the play lasts from now on."""
        change = {"$set": {"until": now() + PLAY}}
        before = await self._db[RECORDING_PLAYS].find_one_and_update({"_id": play}, change, upsert=True)
        return before is None or before["until"] < now()


def _supervises(caller: Caller) -> bool:
    return caller.supervisor or caller.admin


def _listed(doc: Doc) -> ListedRecording:
    return {
        "id": doc["_id"],
        "call": doc["message"],
        "n": doc["n"],
        "account": doc["account"],
        "queue": doc["queue"],
        "direction": doc["direction"],
        "number": doc["number"],
        "agents": doc["agents"],
        "at": doc["at"],
        "seconds": doc["seconds"],
        "size": doc["size"],
        "type": doc["type"],
        "state": doc["state"],
        "hold": doc["hold"],
        "score": doc.get("score"),
    }
