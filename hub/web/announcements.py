"""Announcements: everybody reads those meant for them; supervisors make and withdraw them."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.announcements import AnnouncementOut, Announcements
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN, WRITE, May
from hub.web.paging import Limit
from hub.web.routes import Routes

routes = Routes("announcements")

ANNOUNCE = May("announce", lambda who: (who.supervisor or who.admin) and who.may_use("write"))
"""Supervisors and administrators."""
_Id = Annotated[str, Field(min_length=1, max_length=64)]


class NewAnnouncement(BaseModel):
    """No department = everybody. `confirm`: each reader is asked to confirm. `until`: shown no longer than that."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)] = ""
    departments: Annotated[list[_Id], Field(max_length=200)] = []
    confirm: bool = False
    until: AwareDatetime | None = None


class AnnouncementQuery(BaseModel):
    """Where to go on."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 20
    after: _Id | None = None


class AnnouncementPage(TypedDict):
    """Newest first; `next` goes into `after`, None at the end."""

    items: list[AnnouncementOut]
    next: str | None


@routes.get("/api/announcements", may=SIGNED_IN)
async def list_announcements(query: AnnouncementQuery, who: Caller, announcements: Announcements) -> AnnouncementPage:
    """What was announced to me and still holds."""
    items = await announcements.page(who, limit=query.limit, before=query.after)
    return AnnouncementPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.post("/api/announcements", may=ANNOUNCE, status=201)
async def make_announcement(
    body: NewAnnouncement, who: Caller, request: web.Request, announcements: Announcements
) -> AnnouncementOut:
    """Announce something to departments or to everybody."""
    return await announcements.make(who, far_end(request), **body.model_dump())


@routes.post("/api/announcements/{announcement}/confirm", may=WRITE)
async def confirm_announcement(announcement: _Id, who: Caller, announcements: Announcements) -> AnnouncementOut:
    """Confirm that I have read it; again is no change."""
    return await announcements.confirm(who, announcement)


@routes.delete("/api/announcements/{announcement}", may=ANNOUNCE)
async def withdraw_announcement(
    announcement: _Id, who: Caller, request: web.Request, announcements: Announcements
) -> None:
    """Withdraw an announcement."""
    await announcements.withdraw(who, far_end(request), announcement)
