"""The message centre: a person's notices, and messages among colleagues."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.internal_messages import InternalMessages, InternalOut, ReadMark
from hub.desk.notices import Notices, Which
from hub.identity.caller import Caller
from hub.model.notice import NoticeKind, NoticeOut, NoticeState
from hub.web.may import SIGNED_IN, WRITE
from hub.web.paging import Limit
from hub.web.routes import Routes

routes = Routes("notices")

_Id = Annotated[str, Field(min_length=1, max_length=64)]
_Ids = Annotated[list[_Id], Field(max_length=200)]


class NoticeQuery(BaseModel):
    """Which notices. `state` `current` = not archived; `q` is looked for in title, text and sender."""

    model_config = ConfigDict(extra="forbid")

    state: Which = "current"
    kind: NoticeKind | None = None
    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    limit: Limit = 50
    after: _Id | None = None


class NoticePage(TypedDict):
    """Notices, newest first; `unread` counts all of the person's by kind, up to 1,000 each."""

    items: list[NoticeOut]
    next: str | None
    unread: dict[str, int]


class NoticeChange(BaseModel):
    """Read it, put it away, or have it unread again."""

    model_config = ConfigDict(extra="forbid")

    state: NoticeState


class AllNotices(BaseModel):
    """Read or archive all, or all of a kind."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[NoticeState, Field(pattern="^(read|archived)$")]
    kind: NoticeKind | None = None


class Done(TypedDict):
    """How many were changed."""

    changed: int


class NewInternal(BaseModel):
    """A message to colleagues. `record` (`type`, `id`) or `conversation` is what one click opens."""

    model_config = ConfigDict(extra="forbid")

    users: _Ids = []
    departments: _Ids = []
    subject: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    conversation: _Id | None = None
    type: _Id | None = None
    record: _Id | None = None


class InternalPage(TypedDict):
    """What I wrote, newest first; `next` goes into `after`, None at the end."""

    items: list[InternalOut]
    next: str | None


class SentQuery(BaseModel):
    """Where to go on."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    after: _Id | None = None


class Marks(TypedDict):
    """All receivers."""

    items: list[ReadMark]
    next: None


@routes.get("/api/notices", may=SIGNED_IN)
async def list_notices(query: NoticeQuery, who: Caller, notices: Notices) -> NoticePage:
    """My notices: what I was told, filtered by kind and state, searched by words."""
    items = await notices.page(
        who.user, which=query.state, kind=query.kind, words=query.q, limit=query.limit, before=query.after
    )
    more = items[-1]["id"] if len(items) == query.limit else None
    return NoticePage(items=items, next=more, unread=await notices.unread(who.user))


@routes.post("/api/notices/state", may=WRITE)
async def set_all_notices(body: AllNotices, who: Caller, notices: Notices) -> Done:
    """Read all my unread notices, or archive all current ones."""
    return Done(changed=await notices.set_all(who.user, body.state, body.kind))


@routes.patch("/api/notices/{notice}", may=WRITE)
async def change_notice(notice: _Id, body: NoticeChange, who: Caller, notices: Notices) -> NoticeOut:
    """Read one of my notices, archive it, or have it unread again."""
    return await notices.set_state(who.user, notice, body.state)


@routes.post("/api/internal-messages", may=WRITE, status=201)
async def send_internal(body: NewInternal, who: Caller, internal: InternalMessages) -> InternalOut:
    """Write to colleagues and departments; each receiver gets a notice."""
    about: dict[str, Any] = {
        key: value for key, value in body.model_dump(include={"conversation", "type", "record"}).items() if value
    }
    return await internal.send(
        who, users=body.users, departments=body.departments, subject=body.subject, text=body.text, about=about
    )


@routes.get("/api/internal-messages", may=SIGNED_IN)
async def list_internal(query: SentQuery, who: Caller, internal: InternalMessages) -> InternalPage:
    """What I wrote to colleagues, with how many have read it."""
    items = await internal.sent_by(who, limit=query.limit, before=query.after)
    return InternalPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.get("/api/internal-messages/{message}/marks", may=SIGNED_IN)
async def list_read_marks(message: _Id, who: Caller, internal: InternalMessages) -> Marks:
    """Who has read a message of mine, and when."""
    return Marks(items=await internal.marks(who, message), next=None)
