"""Calls over HTTP: what is live, which call a linkedid belongs to, dialling, hanging up."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from hub.calling import PhoneState
from hub.desk.calls import Calls
from hub.identity.caller import Caller
from hub.model.call import CallOut
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN, WRITE
from hub.web.queues import QueueId
from hub.web.routes import Routes

routes = Routes("calls")


class CallsQuery(BaseModel):
    """By any linkedid that a call ever had, or all that are live."""

    model_config = ConfigDict(extra="forbid")

    linkedid: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    state: Literal["live"] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.linkedid is None) == (self.state is None):
            raise ValueError("give either linkedid, or state=live")
        return self


class CallsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[CallOut]
    next: None


class NewCall(BaseModel):
    """Whom to call: a number in any spelling, or an extension. `account`: by which PBX; the first where none is named."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(min_length=1, max_length=64)]
    account: Annotated[str, Field(max_length=40)] | None = None


class Dialled(TypedDict):
    """Your own phone rings now. The call can be found by `linkedid` as soon as the PBX tells of it."""

    account: str
    linkedid: str


class HungUp(TypedDict):
    """So many channels were told to end."""

    channels: int


class PhoneInQueue(BaseModel):
    """`in`: your phone takes calls of the queue; `paused`: it stays a member and is not rung; `out`."""

    model_config = ConfigDict(extra="forbid")

    state: PhoneState
    account: Annotated[str, Field(max_length=40)] | None = None


class PhoneInQueueOut(TypedDict):
    """How your phone stands to the queue now."""

    queue: str
    state: PhoneState


@routes.get("/api/calls", may=SIGNED_IN)
async def list_calls(query: CallsQuery, who: Caller, calls: Calls) -> CallsOut:
    """The calls you may see: those of your queues' conversations, and those your phone was in."""
    found = await (calls.of_linkedid(who, query.linkedid) if query.linkedid else calls.live(who))
    return CallsOut(items=found, next=None)


@routes.post("/api/calls", may=WRITE, status=202)
async def dial_number(body: NewCall, who: Caller, request: web.Request, calls: Calls) -> Dialled:
    """Click to dial: rings your own phone first, and the number when you answer."""
    account, linkedid = await calls.dial(who, body.to, body.account, far_end(request))
    return Dialled(account=account, linkedid=linkedid)


@routes.post("/api/calls/{call}/hangup", may=WRITE)
async def hang_up_call(call: str, who: Caller, request: web.Request, calls: Calls) -> HungUp:
    """End a call that you are in (as a supervisor: any); `call` is the message's id. 409 when it is over."""
    return HungUp(channels=await calls.hang_up(who, call, far_end(request)))


@routes.put("/api/queues/{queue}/phone", may=WRITE)
async def set_phone(
    queue: QueueId, body: PhoneInQueue, who: Caller, request: web.Request, calls: Calls
) -> PhoneInQueueOut:
    """Let your own phone take calls of a queue of the PBX, pause it there, or take it out."""
    await calls.take_queue(who, queue, body.state, body.account, far_end(request))
    return PhoneInQueueOut(queue=queue, state=body.state)
