"""Wrapping calls up, and the list of outcomes."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.call_outcomes import CallOutcomes, OutcomeOut
from hub.desk.wrap_ups import WrapUps
from hub.identity.caller import Caller
from hub.model.call import CallOut
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SIGNED_IN, WRITE
from hub.web.queues import QueueId
from hub.web.routes import Routes

routes = Routes("calls")

OutcomeCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Word = Annotated[str, Field(min_length=1, max_length=80)]


class WrapUp(BaseModel):
    """What came of the call. `seconds`: so long the after-call work still goes on, within what the queue gives."""

    model_config = ConfigDict(extra="forbid")

    outcome: OutcomeCode
    note: Annotated[str, Field(max_length=4000)] = ""
    seconds: Annotated[int, Field(ge=0, le=3600)] = 0


class OutcomeChange(BaseModel):
    """An outcome in both languages; `queues`: where it may be chosen, empty = everywhere."""

    model_config = ConfigDict(extra="forbid")

    en: Word
    zh: Word
    queues: Annotated[list[QueueId], Field(max_length=200)] = []
    order: Annotated[int, Field(ge=0, le=10_000)] = 100
    active: bool = True


class OutcomesQuery(BaseModel):
    """Those of a queue; `every` with those that are not chosen any more."""

    model_config = ConfigDict(extra="forbid")

    queue: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    every: bool = False


class OutcomesOut(TypedDict):
    """All of them, in order; there is no next page."""

    items: list[OutcomeOut]
    next: None


@routes.post("/api/calls/{call}/wrap-up", may=WRITE)
async def wrap_up_call(call: str, body: WrapUp, who: Caller, request: web.Request, wrap_ups: WrapUps) -> CallOut:
    """Say what came of a call you were in; your after-call work ends with it."""
    return await wrap_ups.write(who, call, body.outcome, body.note, far_end(request), seconds=body.seconds)


@routes.get("/api/call-outcomes", may=SIGNED_IN)
async def list_call_outcomes(query: OutcomesQuery, outcomes: CallOutcomes) -> OutcomesOut:
    """What may come of a call."""
    return OutcomesOut(items=await outcomes.all(query.queue, every=query.every), next=None)


@routes.put("/api/call-outcomes/{code}", may=ADMINISTER)
async def set_call_outcome(
    code: OutcomeCode, body: OutcomeChange, who: Caller, request: web.Request, outcomes: CallOutcomes
) -> OutcomeOut:
    """Make an outcome, or change the one of this code."""
    return await outcomes.put(code, body.model_dump(), who, far_end(request))


@routes.delete("/api/call-outcomes/{code}", may=ADMINISTER)
async def remove_call_outcome(code: OutcomeCode, who: Caller, request: web.Request, outcomes: CallOutcomes) -> None:
    """Take an outcome off the list; calls that have it keep it."""
    await outcomes.remove(code, who, far_end(request))
