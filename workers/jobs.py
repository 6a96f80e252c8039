"""The life of a job document: claimed with a lease, renewed while it is worked on, settled or put back.

The lease's end is written and compared by the database's clock, so the workers' clocks do not matter.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from crm_core.ground.clock import now
from hub.events import JobChanged
from hub.store.client import Database, Doc
from hub.store.jobs import JOBS, is_cancelling, new_job
from hub.store.unit import Unit, Units
from workers.task import JobCancelled, Task

LEASE = timedelta(seconds=30)
RENEW_S = 10.0
_ALIVE: Doc = {"$gt": ["$lease_until", "$$NOW"]}


class Jobs:
    """The job documents as one worker process (`owner`) sees them."""

    def __init__(self, db: Database, units: Units, owner: str) -> None:
        self._jobs = db[JOBS]
        self._units = units
        self._owner = owner

    async def on_schedule(self, task: Task) -> bool:
        """Make sure that the task's scheduled job can be claimed; False where it ran a moment ago (two schedules)."""
        assert task.every is not None
        job = await self._jobs.find_one({"_id": task.schedule_id})
        if job is None:
            try:
                await self._jobs.insert_one(new_job(task.schedule_id, task.name, {}, user=None, scheduled=True))
            except DuplicateKeyError:
                return False  # another worker made it in the same moment and does the work
            return True
        if job["started_at"] is not None and now() - job["started_at"] < task.every / 2:
            return False
        fresh = {"state": "queued", "next_at": now(), "tries": 0, "error": None, "done": 0, "total": None}
        await self._jobs.update_one({"_id": job["_id"], "state": {"$in": ["done", "failed"]}}, {"$set": fresh})
        return True

    async def claim(self, job: str) -> Doc | None:
        """Take the job, if it waits or its last owner is gone. Returns it with this try counted."""
        free: Doc = {"$or": [{"state": "queued"}, {"state": "running", "$expr": {"$not": [_ALIVE]}}]}
        taken = {"state": "running", "owner": self._owner, "lease_until": _lease_end(), "started_at": "$$NOW"}
        counted = {"tries": {"$add": ["$tries", 1]}}
        found = await self._jobs.find_one_and_update(
            {"_id": job, **free}, [{"$set": taken | counted}], return_document=True
        )
        if found is not None:
            await self._announce(found)
        return found

    async def busy_for(self, job: str) -> float | None:
        """For how many seconds at most somebody else holds the job; None when nobody does."""
        found = await self._jobs.find_one({"_id": job, "state": "running"}, {"lease_until": 1})
        return max(1.0, (found["lease_until"] - now()).total_seconds() + 1.0) if found else None

    async def renew(self, job: str) -> None:
        """Hold it for longer."""
        await self._jobs.update_one({"_id": job, "owner": self._owner}, [{"$set": {"lease_until": _lease_end()}}])

    async def tell(self, job: str, done: int, total: int | None, text: str) -> None:
        """Progress. Raises `JobCancelled` where somebody took the job back since."""
        found = await self._change(job, {"done": done, "total": total, "text": text})
        if found is not None and found.get("cancel_at") is not None:
            raise JobCancelled(job)

    async def finish(self, job: str, text: str | None) -> None:
        """It is done; `text` is its result in words."""
        await self._settle(job, {"state": "done", "error": None, "text": text or ""})

    async def fail(self, job: str, error: str) -> None:
        """It failed for good."""
        await self._settle(job, {"state": "failed", "error": error})

    async def cancel(self, job: str) -> None:
        """It was taken back in the middle of it; what it did so far stays."""
        await self._settle(job, {"state": "cancelled", "error": None})

    async def put_back(self, job: str, error: str, wait_s: float) -> None:
        """It failed for now; it may be claimed again at once, and is sent again after the wait."""
        again = {"state": "queued", "error": error, "next_at": now() + timedelta(seconds=wait_s), "sent_at": now()}
        await self._change(job, again)

    async def _settle(self, job: str, change: Doc) -> None:
        await self._change(job, {**change, "ended_at": now(), "lease_until": None})

    async def _change(self, job: str, change: Doc) -> Doc | None:
        found = await self._jobs.find_one_and_update(
            {"_id": job, "owner": self._owner}, {"$set": change}, return_document=True
        )
        if found is not None:
            await self._announce(found)
        return found

    async def _announce(self, job: Doc) -> None:
        """Whoever asked hears of each change; of what is on the schedule supervisors hear failures only."""
        if job["scheduled"] and job["state"] != "failed":
            return

        async def work(unit: Unit) -> None:
            unit.announce(_event(job))

        await self._units.run(work)


def _event(job: Doc) -> JobChanged:
    shown: dict[str, Any] = {k: job[k] for k in ("task", "state", "done", "total", "text", "error", "user")}
    return JobChanged(id=job["_id"], cancelling=is_cancelling(job), **shown)


def _lease_end() -> Doc:
    return {"$add": ["$$NOW", LEASE // timedelta(milliseconds=1)]}


async def waiting(db: Database, resend_after: timedelta, limit: int = 200) -> list[Doc]:
    """Jobs that nobody works on and that the broker seems to have lost (or never had), oldest first; marks them sent."""
    unsent = {"$or": [{"sent_at": None}, {"sent_at": {"$lt": now() - resend_after}}]}
    idle = {
        "$or": [
            {"state": "queued", "next_at": {"$lte": now()}},
            {"state": "running", "$expr": {"$not": [_ALIVE]}},
        ]
    }
    query: Doc = {"$and": [{"state": {"$in": ["queued", "running"]}, "scheduled": False}, idle, unsent]}
    found = await db[JOBS].find(query).sort("next_at", 1).limit(limit).to_list()
    await db[JOBS].update_many({"_id": {"$in": [job["_id"] for job in found]}}, {"$set": {"sent_at": now()}})
    return found
