"""Sending jobs whose message is not there: asked for by a hub, lost by a broker, or left by a killed worker."""

from __future__ import annotations

from datetime import timedelta

from workers.jobs import waiting
from workers.task import Work, task

_RESEND_AFTER = timedelta(seconds=60)


@task("jobs.wake", every=timedelta(seconds=10), retries=0)
async def wake_jobs(work: Work) -> str:
    """Hand every idle job to the broker, at most once a minute each."""
    found = await waiting(work.db, _RESEND_AFTER)
    for job in found:
        await work.send(job["task"], job["_id"])
    return f"sent {len(found)}"
