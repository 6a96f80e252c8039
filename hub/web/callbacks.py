"""Callbacks over HTTP."""

from __future__ import annotations

from typing import Annotated, Self

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from crm_core.ground.faults import unfit
from hub.desk.callbacks import Callbacks, Plan
from hub.identity.caller import Caller
from hub.model.callback import CallbackKind, CallbackOut, CallbackState
from hub.web.calls import Dialled
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN, WRITE
from hub.web.queues import QueueId
from hub.web.routes import Routes

routes = Routes("callbacks")

Id = Annotated[str, Field(min_length=1, max_length=64)]


class NewCallback(BaseModel):
    """Whom (`number`, or the one of a `conversation`), when, and who does it: `assignee` (an id or `me`) or a `queue`."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    conversation: Id | None = None
    at: AwareDatetime
    assignee: Id | None = None
    queue: QueueId | None = None
    note: Annotated[str, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.number is None and self.conversation is None:
            raise unfit("number-or-conversation", "give a number, or a conversation")
        return self


class CallbacksQuery(BaseModel):
    """Filters, and where to go on."""

    model_config = ConfigDict(extra="forbid")

    state: CallbackState = "open"
    kind: CallbackKind | None = None
    mine: bool = False
    queue: QueueId | None = None
    limit: int = Field(default=50, ge=1, le=200)
    after: Id | None = None


class CallbackPage(TypedDict):
    """The earliest first; `next` goes into `after`."""

    items: list[CallbackOut]
    next: str | None


class ByAccount(BaseModel):
    """By which PBX; the one that the caller came through, else the first, where none is named."""

    model_config = ConfigDict(extra="forbid")

    account: Annotated[str, Field(max_length=40)] | None = None


@routes.post("/api/callbacks", may=WRITE, status=201)
async def plan_callback(body: NewCallback, who: Caller, request: web.Request, callbacks: Callbacks) -> CallbackOut:
    """Plan to call somebody back; when the time comes, whoever does it is told."""
    plan = Plan(body.number, body.conversation, body.at, body.assignee, body.queue, body.note)
    return await callbacks.plan(who, plan, far_end(request))


@routes.get("/api/callbacks", may=SIGNED_IN)
async def list_callbacks(query: CallbacksQuery, who: Caller, callbacks: Callbacks) -> CallbackPage:
    """The callbacks you may see: yours, those you asked for, and those of your queues."""
    items = await callbacks.page(
        who,
        state=query.state,
        kind=query.kind,
        mine=query.mine,
        queue=query.queue,
        limit=query.limit,
        after=query.after,
    )
    return CallbackPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.post("/api/callbacks/{callback}/done", may=WRITE)
async def finish_callback(callback: Id, who: Caller, request: web.Request, callbacks: Callbacks) -> CallbackOut:
    """It is done."""
    return await callbacks.end(who, callback, "done", far_end(request))


@routes.post("/api/callbacks/{callback}/cancel", may=WRITE)
async def cancel_callback(callback: Id, who: Caller, request: web.Request, callbacks: Callbacks) -> CallbackOut:
    """It is not wanted any more."""
    return await callbacks.end(who, callback, "cancelled", far_end(request))


@routes.post("/api/callbacks/{callback}/call", may=WRITE, status=202)
async def dial_callback(
    callback: Id, body: ByAccount, who: Caller, request: web.Request, callbacks: Callbacks
) -> Dialled:
    """Call back now: rings your own phone first. When it is answered, the callback is done."""
    account, linkedid = await callbacks.dial(who, callback, body.account, far_end(request))
    return Dialled(account=account, linkedid=linkedid)
