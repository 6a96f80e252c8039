"""Plans of PBXs over HTTP, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.pbx_plan_out import PlanApplied, PlanHead, PlanOut
from hub.desk.pbx_plans import PbxPlans
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER
from hub.web.routes import Revision, Routes

routes = Routes("phones")


class PlanChange(BaseModel):
    """The whole plan; `GET` has its JSON Schema."""

    model_config = ConfigDict(extra="forbid")

    plan: Annotated[dict[str, Any], Field(max_length=20)]


class PlanHeads(TypedDict):
    """All of them."""

    items: list[PlanHead]
    next: str | None


class PlanPreview(TypedDict):
    """File name -> text, as the PBX would read it."""

    files: dict[str, str]


@routes.get("/api/pbx", may=ADMINISTER)
async def list_pbx_plans(plans: PbxPlans) -> PlanHeads:
    """The PBXs that can have a plan."""
    return PlanHeads(items=await plans.heads(), next=None)


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


@routes.post("/api/pbx/{account}/plan/preview", may=ADMINISTER)
async def preview_pbx_plan(account: str, body: PlanChange, plans: PbxPlans) -> PlanPreview:
    """The configuration that a plan would make; nothing is kept."""
    return PlanPreview(files=await plans.previewed(account, body.plan))


@routes.post("/api/pbx/{account}/plan/apply", may=ADMINISTER)
async def apply_pbx_plan(
    account: str, revision: Revision, who: Caller, request: web.Request, plans: PbxPlans
) -> PlanApplied:
    """Bring the plan, as it is kept, to the PBX, which reads it at once. 409 where only an operator can write there."""
    return await plans.apply(account, revision, who, far_end(request))
