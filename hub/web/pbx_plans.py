"""Plans of PBXs over HTTP, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from hub.desk.pbx_plans import PbxPlans, PlanOut
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER
from hub.web.routes import Revision, Routes

routes = Routes("phones")


class PlanChange(BaseModel):
    """The whole plan; `GET` has its JSON Schema."""

    model_config = ConfigDict(extra="forbid")

    plan: Annotated[dict[str, Any], Field(max_length=20)]


@routes.get("/api/pbx/{account}/plan", may=ADMINISTER)
async def show_pbx_plan(account: str, plans: PbxPlans) -> PlanOut:
    """The queues, opening hours, menus and numbers that a PBX shall have."""
    return await plans.of(account)


@routes.put("/api/pbx/{account}/plan", may=ADMINISTER)
async def put_pbx_plan(
    account: str, body: PlanChange, revision: Revision, who: Caller, request: web.Request, plans: PbxPlans
) -> PlanOut:
    """Replace the plan; the PBX follows when `mainstem pbx render` has written it there."""
    return await plans.put(account, body.plan, revision, who, far_end(request))
