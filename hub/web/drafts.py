"""Unsent drafts over HTTP: one per person and conversation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.drafts import NEW, DraftMark, DraftOut, KeptDrafts
from hub.identity.caller import Caller
from hub.web.conversation_models import Name
from hub.web.may import SIGNED_IN, WRITE
from hub.web.routes import Routes

routes = Routes("drafts")

DraftText = Annotated[str, Field(max_length=200_000)]
Addresses = Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=100)]


class DraftBody(BaseModel):
    """All that was written so far; `kind` is which of the two the person was writing last, `account` who would send a
    first message."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["reply", "note"] = "reply"
    reply: DraftText = ""
    note: DraftText = ""
    subject: Annotated[str, Field(max_length=1000)] = ""
    to: Addresses = []
    cc: Addresses = []
    bcc: Addresses = []
    files: Annotated[list[Name], Field(max_length=100)] = []
    account: Name | None = None
    reply_all: bool = False
    forward_of: Name | None = None
    forward_as: Literal["inline", "attached"] = "inline"
    send_at: AwareDatetime | None = None


class DraftMarks(TypedDict):
    """Where there are drafts; there is no next page."""

    items: list[DraftMark]
    next: None


@routes.get("/api/drafts", may=SIGNED_IN)
async def list_drafts(caller: Caller, drafts: KeptDrafts) -> DraftMarks:
    """The conversations in which the caller has something unsent."""
    return DraftMarks(items=await drafts.marks(caller), next=None)


@routes.get("/api/drafts/new", may=SIGNED_IN)
async def show_new_draft(caller: Caller, drafts: KeptDrafts) -> DraftOut:
    """The caller's first message of a conversation that does not exist yet; its `conversation` is empty."""
    return await drafts.show(caller, NEW)


@routes.put("/api/drafts/new", may=WRITE)
async def keep_new_draft(body: DraftBody, caller: Caller, drafts: KeptDrafts) -> DraftOut:
    """Keep the first message of a new conversation as it is so far."""
    return await drafts.keep(caller, NEW, body.model_dump())


@routes.delete("/api/drafts/new", may=WRITE)
async def drop_new_draft(caller: Caller, drafts: KeptDrafts) -> None:
    """Forget it; again is no mistake."""
    await drafts.drop(caller, NEW)


@routes.get("/api/conversations/{conversation}/draft", may=SIGNED_IN)
async def show_draft(conversation: str, caller: Caller, drafts: KeptDrafts) -> DraftOut:
    """The caller's draft in a conversation; an empty one of revision 0 where there is none."""
    return await drafts.show(caller, conversation)


@routes.put("/api/conversations/{conversation}/draft", may=WRITE)
async def keep_draft(conversation: str, body: DraftBody, caller: Caller, drafts: KeptDrafts) -> DraftOut:
    """Keep what is written so far. The last write wins; the answer's `revision` says which that is."""
    return await drafts.keep(caller, conversation, body.model_dump())


@routes.delete("/api/conversations/{conversation}/draft", may=WRITE)
async def drop_draft(conversation: str, caller: Caller, drafts: KeptDrafts) -> None:
    """Forget the draft; again is no mistake."""
    await drafts.drop(caller, conversation)
