"""The home page and the business assistant, as the signed-in person has them; schemes, for administrators."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.assistant import Assistant, AssistantChoices, AssistantOut
from hub.desk.home import Home, HomeOut, SchemeOut
from hub.desk.home_blocks import Blocks
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SIGNED_IN, WRITE
from hub.web.routes import Revision, Routes

routes = Routes("home")

_Id = Annotated[str, Field(min_length=1, max_length=64)]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
_Ids = Annotated[list[_Id], Field(max_length=500)]


class HomePage(BaseModel):
    """The blocks in their order."""

    model_config = ConfigDict(extra="forbid")

    blocks: Blocks


class NewScheme(BaseModel):
    """A scheme and whom it is for: user ids, role codes; `standard`: everybody else."""

    model_config = ConfigDict(extra="forbid")

    name: _Name
    blocks: Blocks
    standard: bool = False
    roles: _Ids = []
    users: _Ids = []


class SchemeChange(BaseModel):
    """What is to be changed; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    name: _Name | None = None
    blocks: Blocks | None = None
    standard: bool | None = None
    roles: _Ids | None = None
    users: _Ids | None = None


class SchemesOut(TypedDict):
    """All of them."""

    items: list[SchemeOut]
    next: None


class Choices(BaseModel):
    """How the assistant may remind me."""

    model_config = ConfigDict(extra="forbid")

    window: bool
    flash: bool
    sound: bool
    push: bool


@routes.get("/api/home", may=SIGNED_IN)
async def show_home(who: Caller, home: Home) -> HomeOut:
    """My home page."""
    return await home.show(who)


@routes.put("/api/home", may=WRITE)
async def change_home(body: HomePage, who: Caller, home: Home) -> HomeOut:
    """Lay out my home page."""
    return await home.change(who, body.blocks)


@routes.delete("/api/home", may=WRITE)
async def forget_home(who: Caller, home: Home) -> HomeOut:
    """Go back to the scheme that is meant for me."""
    return await home.forget(who)


@routes.get("/api/home-schemes", may=ADMINISTER)
async def list_schemes(home: Home) -> SchemesOut:
    """All schemes."""
    return SchemesOut(items=await home.schemes(), next=None)


@routes.post("/api/home-schemes", may=ADMINISTER, status=201)
async def create_scheme(body: NewScheme, who: Caller, request: web.Request, home: Home) -> SchemeOut:
    """Make a scheme and assign it."""
    return await home.create_scheme(who, far_end(request), _given(body))


@routes.patch("/api/home-schemes/{scheme}", may=ADMINISTER)
async def change_scheme(
    scheme: _Id, body: SchemeChange, revision: Revision, who: Caller, request: web.Request, home: Home
) -> SchemeOut:
    """Change a scheme or whom it is for."""
    return await home.change_scheme(who, far_end(request), scheme, _given(body), revision)


@routes.delete("/api/home-schemes/{scheme}", may=ADMINISTER)
async def remove_scheme(scheme: _Id, who: Caller, request: web.Request, home: Home) -> None:
    """Remove a scheme."""
    await home.remove_scheme(who, far_end(request), scheme)


@routes.get("/api/me/assistant", may=SIGNED_IN)
async def show_assistant(who: Caller, assistant: Assistant) -> AssistantOut:
    """How the business assistant reminds me, and whether the house has it on."""
    return await assistant.show(who.user)


@routes.put("/api/me/assistant", may=WRITE)
async def choose_assistant(body: Choices, who: Caller, assistant: Assistant) -> AssistantOut:
    """Choose how the business assistant reminds me."""
    chosen = AssistantChoices(window=body.window, flash=body.flash, sound=body.sound, push=body.push)
    return await assistant.choose(who.user, chosen)


def _given(body: NewScheme | SchemeChange) -> dict[str, object]:
    """The fields that were given, blocks as models."""
    return {name: value for name, value in body if value is not None}
