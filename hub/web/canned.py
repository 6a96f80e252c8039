"""Canned answers over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.canned import Canned, CannedField, CannedOut, Filled
from hub.desk.sharing import SharedWith
from hub.identity.caller import Caller
from hub.web.conversation_models import Name
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.routes import Routes, read_revision
from hub.web.zones import zone_of

routes = Routes("canned answers")

Shortcut = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^\s/]{1,40}$")]
CannedText = Annotated[str, Field(min_length=1, max_length=20_000)]


class NewCanned(BaseModel):
    """A text and the word that finds it; `shared_with` is `me`, `everyone` or `queue:ID`."""

    model_config = ConfigDict(extra="forbid")

    shortcut: Shortcut
    title: Annotated[str, Field(max_length=120)] = ""
    text: CannedText
    shared_with: SharedWith = "me"


class CannedPatch(BaseModel):
    """What may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    shortcut: Shortcut = "-"
    title: Annotated[str, Field(max_length=120)] = ""
    text: CannedText = "-"
    shared_with: SharedWith = "me"


class FillQuery(BaseModel):
    """For which conversation, and how dates and choices are written."""

    model_config = ConfigDict(extra="forbid")

    conversation: Name
    language: Literal["zh", "en"] = "en"
    zone: Annotated[str, Field(max_length=60)] = "UTC"


class CannedList(TypedDict):
    """All of them, and the fields that their texts may use."""

    items: list[CannedOut]
    fields: list[CannedField]
    next: None


@routes.get("/api/canned", may=SIGNED_IN)
async def list_canned(caller: Caller, canned: Canned) -> CannedList:
    """The caller's canned answers, and those that are shared with the caller."""
    return CannedList(items=await canned.all(caller), fields=canned.fields(), next=None)


@routes.post("/api/canned", may=WRITE, status=201)
async def create_canned(body: NewCanned, caller: Caller, canned: Canned) -> CannedOut:
    """Keep an answer under a short word."""
    return await canned.create(caller, body.model_dump(exclude={"shared_with"}), body.shared_with)


@routes.patch("/api/canned/{answer}", may=WRITE)
@described(headers={"If-Match": "The revision that was read; the call fails with 412 when it is no longer so."})
async def change_canned(
    answer: str, body: CannedPatch, request: web.Request, caller: Caller, canned: Canned
) -> CannedOut:
    """Change a canned answer, or who has it."""
    revision = read_revision(request) if "If-Match" in request.headers else None
    return await canned.change(caller, answer, body.model_dump(exclude_unset=True), revision)


@routes.delete("/api/canned/{answer}", may=WRITE)
async def remove_canned(answer: str, caller: Caller, canned: Canned) -> None:
    """Remove a canned answer; again is no mistake."""
    await canned.remove(caller, answer)


@routes.get("/api/canned/{answer}/text", may=SIGNED_IN)
async def fill_canned(answer: str, query: FillQuery, caller: Caller, canned: Canned) -> Filled:
    """The answer's text with the fields of a conversation's contact and of the caller."""
    return await canned.fill(caller, answer, query.conversation, query.language, zone_of(query.zone))
