"""Input that could not be stored: supervisors see it, administrators try it again or dismiss it."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.quarantine import Quarantine, QuarantinedOut, State
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SUPERVISE
from hub.web.paging import Limit
from hub.web.routes import Routes

routes = Routes("quarantine")

_Word = Annotated[str, Field(min_length=1, max_length=64)]


class QuarantineQuery(BaseModel):
    """Filters, and where to go on."""

    model_config = ConfigDict(extra="forbid")

    state: State = "waiting"
    account: _Word | None = None
    limit: Limit = 50
    after: _Word | None = None


class Dismissal(BaseModel):
    """Why nothing will be made of it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=3, max_length=500)]


class QuarantinePage(TypedDict):
    """Entries, newest first; `next` goes into `after`, None at the end."""

    items: list[QuarantinedOut]
    next: str | None


@routes.get("/api/quarantine", may=SUPERVISE)
async def list_quarantine(query: QuarantineQuery, quarantine: Quarantine) -> QuarantinePage:
    """What could not be stored, and why."""
    found = await quarantine.page(state=query.state, account=query.account, limit=query.limit, before=query.after)
    return QuarantinePage(items=found, next=found[-1]["id"] if len(found) == query.limit else None)


@routes.post("/api/quarantine/{entry}/retry", may=ADMINISTER)
async def retry_quarantined(entry: str, who: Caller, request: web.Request, quarantine: Quarantine) -> QuarantinedOut:
    """Try the kept input again; `state` says whether it became a message (`done`) or waits on."""
    return await quarantine.retry(entry, who, far_end(request))


@routes.post("/api/quarantine/{entry}/dismiss", may=ADMINISTER)
async def dismiss_quarantined(
    entry: str, body: Dismissal, who: Caller, request: web.Request, quarantine: Quarantine
) -> QuarantinedOut:
    """Settle it without a message; the reason goes into the audit log, the raw input stays."""
    return await quarantine.dismiss(entry, body.reason, who, far_end(request))
