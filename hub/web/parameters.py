"""System parameters over HTTP; for administrators."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from hub.desk.parameters import ParameterOut, Parameters
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER
from hub.web.routes import Routes

routes = Routes("parameters")

ParameterName = Annotated[str, Field(max_length=60)]


class ParameterChange(BaseModel):
    """New values by name; the others stay."""

    model_config = ConfigDict(extra="forbid")

    values: Annotated[dict[ParameterName, StrictBool | StrictInt], Field(min_length=1, max_length=50)]


class ParameterPage(TypedDict):
    """All parameters."""

    items: list[ParameterOut]
    next: str | None


@routes.get("/api/parameters", may=ADMINISTER)
async def list_parameters(parameters: Parameters) -> ParameterPage:
    """What the house has decided, with the defaults beside it."""
    return {"items": await parameters.all(), "next": None}


@routes.patch("/api/parameters", may=ADMINISTER)
async def change_parameters(
    body: ParameterChange, who: Caller, request: web.Request, parameters: Parameters
) -> ParameterPage:
    """Set parameters, all or none; audited."""
    return {"items": await parameters.change(body.values, who, far_end(request)), "next": None}
