"""`/api/wallboard`: what goes on in the queues now; and what each queue aims at."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from hub.desk.floor.board import TargetOut
from hub.desk.floor.facts import Target
from hub.desk.floor.targets import Targets
from hub.desk.floor.wallboard import Wallboard, WallboardOut
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SIGNED_IN
from hub.web.queues import QueueId
from hub.web.routes import Routes

routes = Routes("wallboard")


class TargetBody(BaseModel):
    """`percent` of the calls are to be answered within `answer_s`; who gives up before `short_s` is left out."""

    model_config = ConfigDict(extra="forbid")

    answer_s: Annotated[int, Field(ge=1, le=3600)]
    percent: Annotated[int, Field(ge=1, le=100)]
    short_s: Annotated[int, Field(ge=0, le=120)]


@routes.get("/api/wallboard", may=SIGNED_IN)
async def show_wallboard(who: Caller, wallboard: Wallboard) -> WallboardOut:
    """Supervisors see all queues, others their own. Then follow `queue.changed` with `board`: one revision after another."""
    return await wallboard.read(who)


@routes.get("/api/queues/{queue}/service-level", may=SIGNED_IN)
async def show_service_level(queue: QueueId, targets: Targets) -> TargetOut:
    """What a queue aims at."""
    return await targets.show(queue)


@routes.put("/api/queues/{queue}/service-level", may=ADMINISTER)
async def set_service_level(
    queue: QueueId, body: TargetBody, who: Caller, request: web.Request, targets: Targets
) -> TargetOut:
    """Set what a queue aims at; calls are judged by it from now on."""
    target = Target(answer_s=body.answer_s, percent=body.percent, short_s=body.short_s)
    return await targets.set(queue, target, by=who.user, far=far_end(request))
