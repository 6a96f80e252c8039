"""What is done with a call: who is in it may, and supervisors. What came of it is told as `call.changed`."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.call_acts import CallActs, RecordingState
from hub.identity.caller import Caller
from hub.model.call import CallOut, MuteDirection
from hub.web.far_side import far_end
from hub.web.may import WRITE
from hub.web.routes import Routes

routes = Routes("calls")

Number = Annotated[str, Field(min_length=1, max_length=64)]


class Transfer(BaseModel):
    """Where to: an extension, or a number in any spelling. `attended`: it is asked first."""

    model_config = ConfigDict(extra="forbid")

    to: Number
    kind: Literal["blind", "attended"] = "blind"


class Invitation(BaseModel):
    """Who is called into the call: an extension, or a number in any spelling."""

    model_config = ConfigDict(extra="forbid")

    to: Number


class Mute(BaseModel):
    """`in`: what the agent says is not heard; `out`: the agent hears nothing; `all`: both."""

    model_config = ConfigDict(extra="forbid")

    on: bool
    direction: MuteDirection = "in"


class Keys(BaseModel):
    """Keys of a phone, in order."""

    model_config = ConfigDict(extra="forbid")

    digits: Annotated[str, Field(pattern=r"^[0-9A-D*#]{1,32}$")]


class Recording(BaseModel):
    """Whether the recording stands still."""

    model_config = ConfigDict(extra="forbid")

    state: RecordingState


class CallTold(TypedDict):
    """The PBX took it. What follows is told as `call.changed`."""

    call: str
    told: str


@routes.post("/api/calls/{call}/answer", may=WRITE)
async def answer_call(call: str, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Have your ringing phone answer; 409 where it must be done by hand."""
    await acts.answer(who, call, far_end(request))
    return CallTold(call=call, told="answer")


@routes.post("/api/calls/{call}/hold", may=WRITE)
async def hold_call(call: str, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Put the other side on hold, with music; again is no change. The call is then `held`."""
    await acts.hold(who, call, far_end(request))
    return CallTold(call=call, told="hold")


@routes.post("/api/calls/{call}/resume", may=WRITE)
async def resume_call(call: str, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Take the other side back; 409 where nothing is held here (a phone takes back by itself what it holds)."""
    await acts.resume(who, call, far_end(request))
    return CallTold(call=call, told="resume")


@routes.post("/api/calls/{call}/mute", may=WRITE)
async def mute_call(call: str, body: Mute, who: Caller, request: web.Request, acts: CallActs) -> CallOut:
    """Mute your phone in the call, or not any more; `part.muted` says how it stands."""
    return await acts.mute(who, call, body.direction, far_end(request), on=body.on)


@routes.post("/api/calls/{call}/dtmf", may=WRITE)
async def play_keys(call: str, body: Keys, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Play keys (DTMF) to the other side."""
    await acts.play(who, call, body.digits, far_end(request))
    return CallTold(call=call, told="dtmf")


@routes.post("/api/calls/{call}/transfer", may=WRITE)
async def transfer_call(call: str, body: Transfer, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Hand the call on: `blind` at once; `attended` asks first, and waits for `complete` or `cancel`."""
    await acts.transfer(who, call, body.to, far_end(request), ask=body.kind == "attended")
    return CallTold(call=call, told="transfer")


@routes.post("/api/calls/{call}/transfer/complete", may=WRITE)
async def complete_transfer(call: str, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Hand the call over to who was asked; 409 where nobody is being asked."""
    await acts.complete(who, call, far_end(request))
    return CallTold(call=call, told="transfer/complete")


@routes.post("/api/calls/{call}/transfer/cancel", may=WRITE)
async def cancel_transfer(call: str, who: Caller, request: web.Request, acts: CallActs) -> CallTold:
    """Back to the other side; 409 where nobody is being asked."""
    await acts.cancel(who, call, far_end(request))
    return CallTold(call=call, told="transfer/cancel")


@routes.post("/api/calls/{call}/conference", may=WRITE)
async def invite_into_call(call: str, body: Invitation, who: Caller, request: web.Request, acts: CallActs) -> CallOut:
    """Call somebody into the call: a conference of three, or one more in it."""
    return await acts.invite(who, call, body.to, far_end(request))


@routes.post("/api/calls/{call}/recording", may=WRITE)
async def set_call_recording(call: str, body: Recording, who: Caller, request: web.Request, acts: CallActs) -> CallOut:
    """Let the recording stand still for card data, or go on; 409 where the call is not recorded."""
    return await acts.set_recording(who, call, body.state, far_end(request))
