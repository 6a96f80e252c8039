"""Background jobs: supervisors see them, administrators try them again or take them back."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.job_list import JobList, JobOut, JobState
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SUPERVISE
from hub.web.paging import Limit
from hub.web.routes import Routes

routes = Routes("jobs")


class JobQuery(BaseModel):
    """Which jobs. `scheduled`: those that run by themselves."""

    model_config = ConfigDict(extra="forbid")

    state: JobState | None = None
    scheduled: bool = False
    limit: Limit = 50
    after: Annotated[str, Field(min_length=1, max_length=80)] | None = None


class JobPage(TypedDict):
    """Jobs, newest first; `next` goes into `after`, None at the end."""

    items: list[JobOut]
    next: str | None


@routes.get("/api/jobs", may=SUPERVISE)
async def list_jobs(query: JobQuery, jobs: JobList) -> JobPage:
    """What the workers do, did and failed to do."""
    items = await jobs.page(scheduled=query.scheduled, state=query.state, limit=query.limit, before=query.after)
    return JobPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.post("/api/jobs/{job}/retry", may=ADMINISTER)
async def retry_job(job: str, who: Caller, request: web.Request, jobs: JobList) -> JobOut:
    """Do a failed job again from the start."""
    return await jobs.retry(job, by=who.user, far=far_end(request))


@routes.post("/api/jobs/{job}/cancel", may=ADMINISTER)
async def cancel_job(job: str, who: Caller, request: web.Request, jobs: JobList) -> JobOut:
    """Take a job back: at once where nobody has begun it, else at its next report of progress; again is no mistake."""
    return await jobs.cancel(job, by=who.user, far=far_end(request))
