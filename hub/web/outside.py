"""Outside applications that home pages may show; administrators keep the list."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.outside import OutsideAppOut, OutsideApps
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SIGNED_IN
from hub.web.routes import Revision, Routes

routes = Routes("outside applications")

_Id = Annotated[str, Field(min_length=1, max_length=64)]


class OutsideApp(BaseModel):
    """An application and where it is. `frame`: inside the console, in a frame; else in a tab of its own."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    url: Annotated[str, Field(max_length=1000)]
    frame: bool = False


class OutsideAppsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[OutsideAppOut]
    next: None


@routes.get("/api/outside-apps", may=SIGNED_IN)
async def list_outside_apps(apps: OutsideApps) -> OutsideAppsOut:
    """All outside applications."""
    return {"items": await apps.all(), "next": None}


@routes.post("/api/outside-apps", may=ADMINISTER, status=201)
async def create_outside_app(body: OutsideApp, who: Caller, request: web.Request, apps: OutsideApps) -> OutsideAppOut:
    """Add an application. Whoever has the console open sees it in a frame after the next reload."""
    return await apps.create(who, far_end(request), body.model_dump(), request.host)


@routes.put("/api/outside-apps/{app}", may=ADMINISTER)
async def change_outside_app(
    app: _Id, body: OutsideApp, revision: Revision, who: Caller, request: web.Request, apps: OutsideApps
) -> OutsideAppOut:
    """Change an application."""
    return await apps.change(who, far_end(request), app, body.model_dump(), request.host, revision)


@routes.delete("/api/outside-apps/{app}", may=ADMINISTER)
async def remove_outside_app(app: _Id, who: Caller, request: web.Request, apps: OutsideApps) -> None:
    """Take an application off the list."""
    await apps.remove(who, far_end(request), app)
