"""Supervisors beside a call, over HTTP."""

from __future__ import annotations

from aiohttp import web

from hub.desk.supervision import BesideOut, SupervisedOut, Supervision
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ARRANGE
from hub.web.routes import Routes

routes = Routes("supervision")


@routes.get("/api/me/supervision", may=ARRANGE)
async def show_supervision(who: Caller, supervision: Supervision) -> BesideOut:
    """The call that your own phone is beside now, and how; `call.supervised` tells changes."""
    return await supervision.mine(who)


@routes.post("/api/calls/{call}/listen", may=ARRANGE)
async def listen_to_call(call: str, who: Caller, request: web.Request, supervision: Supervision) -> SupervisedOut:
    """Rings your own phone and lets you hear the call unheard; switches where you whisper or talk already."""
    return await supervision.spy(who, call, "listen", far_end(request))


@routes.post("/api/calls/{call}/whisper", may=ARRANGE)
async def whisper_in_call(call: str, who: Caller, request: web.Request, supervision: Supervision) -> SupervisedOut:
    """As `listen`, and the agent hears you; the customer does not."""
    return await supervision.spy(who, call, "whisper", far_end(request))


@routes.post("/api/calls/{call}/barge", may=ARRANGE)
async def barge_into_call(call: str, who: Caller, request: web.Request, supervision: Supervision) -> SupervisedOut:
    """As `listen`, and both hear you."""
    return await supervision.spy(who, call, "barge", far_end(request))


@routes.post("/api/calls/{call}/take-over", may=ARRANGE)
async def take_over_call(call: str, who: Caller, request: web.Request, supervision: Supervision) -> SupervisedOut:
    """Leads the customer to your own phone; the agent's is let go. 409 when nobody talks, or you have no phone."""
    return await supervision.take_over(who, call, far_end(request))
