"""Background work as documents. The document is the job; what the broker carries is only a hint that there is one.

So a job survives a killed worker and a lost broker: `jobs.wake` of the workers sends the hint again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.store.client import Doc
from hub.store.collections import Index
from hub.store.unit import Unit

JOBS = "jobs"
"""`{_id, task, arguments, user, scheduled, state: queued|running|done|failed|cancelled, done, total, text, error, tries,
owner, lease_until, next_at, sent_at, made_at, started_at, ended_at, cancel_at}`. `cancel_at`: when somebody took it back
while it was running; absent in older ones."""

JOB_INDEXES = (
    Index(JOBS, {"state": 1, "next_at": 1}),
    Index(JOBS, {"user": 1, "made_at": -1}),
    Index(JOBS, {"ended_at": 1}, expire_s=30 * 86400),
)


async def ask_for(
    unit: Unit, task: str, arguments: Mapping[str, Any], *, user: str | None = None, at: datetime | None = None
) -> str:
    """Ask the workers for a piece of work; it begins some seconds after the unit commits. Returns the job's id.

    Args:
        task: its name (`noun.verb`).
        arguments: plain values by parameter name.
        user: who hears of its progress; None = supervisors.
        at: not before this moment.
    """
    job = new_job(new_id(), task, arguments, user=user)
    if at is not None:
        job["next_at"] = at
    await unit.db[JOBS].insert_one(job, session=unit.session)
    return str(job["_id"])


async def ask_for_each(unit: Unit, task: str, arguments: Sequence[Mapping[str, Any]]) -> None:
    """Ask for the same piece of work with several arguments, a job each; supervisors hear of them."""
    jobs = [new_job(new_id(), task, each, user=None) for each in arguments]
    await unit.db[JOBS].insert_many(jobs, session=unit.session)


def new_job(job: str, task: str, arguments: Mapping[str, Any], *, user: str | None, scheduled: bool = False) -> Doc:
    """The document of a job that waits to be done."""
    return {
        "_id": job,
        "task": task,
        "arguments": dict(arguments),
        "user": user,
        "scheduled": scheduled,
        "state": "queued",
        "done": 0,
        "total": None,
        "text": "",
        "error": None,
        "tries": 0,
        "owner": None,
        "lease_until": None,
        "next_at": now(),
        "sent_at": None,
        "made_at": now(),
        "started_at": None,
        "ended_at": None,
        "cancel_at": None,
    }


def is_cancelling(job: Doc) -> bool:
    """Somebody took it back, and whoever works on it has not noticed yet."""
    return job["state"] == "running" and job.get("cancel_at") is not None
