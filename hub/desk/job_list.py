"""Background jobs as administrators see them: listed, tried again, taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NoReturn

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from hub.events import JobChanged
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.identity.people import USERS
from hub.model.conversation import PersonRef
from hub.store.client import Doc
from hub.store.jobs import JOBS, is_cancelling
from hub.store.unit import Unit, Units

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
_STATES: tuple[JobState, ...] = ("queued", "running", "done", "failed", "cancelled")
_TIME_MS = 2000


class JobOut(TypedDict):
    """A job. `user` asked for it, None = the schedule or the house; `next_at`: not tried again before then. `cancelling`:
    taken back while it was running; it ends at its next report."""

    id: str
    task: str
    state: JobState
    scheduled: bool
    user: PersonRef | None
    done: int
    total: int | None
    text: str
    error: str | None
    tries: int
    next_at: datetime | None
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancelling: bool


class JobList:
    """Reads job documents; workers work on them."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._db, self._audit = units, units.db, audit

    async def page(
        self, *, scheduled: bool = False, state: JobState | None = None, limit: int = 50, before: str | None = None
    ) -> list[JobOut]:
        """Jobs that were asked for, newest first; or those of the schedule, of which there is one for each task."""
        where = conditions(scheduled, state)
        if before is not None:
            where["_id"] = {"$lt": before}
        docs = await self._db[JOBS].find(where).sort("_id", -1).limit(limit).max_time_ms(_TIME_MS).to_list()
        people = await self._names([doc["user"] for doc in docs if doc["user"]])
        return [_out(doc, people) for doc in docs]

    async def retry(self, job: str, *, by: str, far: FarEnd) -> JobOut:
        """Do a failed or cancelled job again from the start; raises `NotFound`, `Conflict`."""
        fresh = {"state": "queued", "error": None, "tries": 0, "next_at": now(), "sent_at": None, "ended_at": None,
                 "cancel_at": None}  # fmt: skip
        return await self._move(job, ("failed", "cancelled"), fresh, "job.retried", by, far)

    async def cancel(self, job: str, *, by: str, far: FarEnd) -> JobOut:
        """Take a job back: at once where nobody has begun it, else at its next report. Again is no change.

        Raises `NotFound`, `Conflict`. What is on the schedule stays on it.
        """

        async def work(unit: Unit) -> Doc:
            at = now()
            waits, runs = {"state": "queued"}, {"state": "running", "cancel_at": None}
            for way, change in ((waits, {"state": "cancelled", "ended_at": at}), (runs, {"cancel_at": at})):
                where = {"_id": job, "scheduled": False, **way}
                if doc := await self._moved(unit, where, change, "job.cancelled", by, far):
                    return doc
            asked = {"$or": [{"state": "cancelled"}, {"state": "running", "cancel_at": {"$ne": None}}]}
            doc = await unit.db[JOBS].find_one({"_id": job, "scheduled": False, **asked}, session=unit.session)
            return doc if doc is not None else await self._refuse(job)

        return await self._shown(await self._units.run(work))

    async def _move(self, job: str, states: tuple[str, ...], change: Doc, what: str, by: str, far: FarEnd) -> JobOut:
        async def work(unit: Unit) -> Doc:
            where = {"_id": job, "state": {"$in": list(states)}, "scheduled": False}
            doc = await self._moved(unit, where, change, what, by, far)
            return doc if doc is not None else await self._refuse(job)

        return await self._shown(await self._units.run(work))

    async def _moved(self, unit: Unit, where: Doc, change: Doc, what: str, by: str, far: FarEnd) -> Doc | None:
        """The changed job, told and written down; None where it is not as `where` says."""
        after = await unit.db[JOBS].find_one_and_update(
            where, {"$set": change}, return_document=True, session=unit.session
        )
        if after is not None:
            shown = {key: after[key] for key in ("task", "state", "done", "total", "text", "error", "user")}
            unit.announce(JobChanged(id=after["_id"], cancelling=is_cancelling(after), **shown))
            about = f"job:{after['_id']}"
            await self._audit.write(what, who=by, far=far, about=about, unit=unit, task=after["task"])
        return after

    async def _shown(self, doc: Doc) -> JobOut:
        return _out(doc, await self._names([doc["user"]] if doc["user"] else []))

    async def _refuse(self, job: str) -> NoReturn:
        found = await self._db[JOBS].find_one({"_id": job}, {"state": 1, "scheduled": 1})
        if found is None:
            raise NotFound("there is no such job", job=job)
        if found["scheduled"]:
            raise Conflict("this job is on the schedule and runs by itself", job=job)
        raise Conflict(f"this job is {found['state']}", job=job, state=found["state"])

    async def _names(self, users: list[str]) -> dict[str, str]:
        found = self._db[USERS].find({"_id": {"$in": users}}, {"name": 1})
        return {doc["_id"]: doc["name"] async for doc in found}


def conditions(scheduled: bool, state: JobState | None) -> Doc:
    """The store's filter; states are always named, so that an index gives the order."""
    return {"scheduled": scheduled, "state": {"$in": [state] if state else list(_STATES)}}


def _out(doc: Doc, people: dict[str, str]) -> JobOut:
    user: str | None = doc["user"]
    plain = ("task", "state", "scheduled", "done", "total", "text", "error", "tries", "next_at", "made_at",
             "started_at", "ended_at")  # fmt: skip
    shown = {key: doc[key] for key in plain}
    asked = PersonRef(id=user, name=people.get(user, user)) if user else None
    return {"id": doc["_id"], "user": asked, "cancelling": is_cancelling(doc)} | shown  # type: ignore[return-value]
