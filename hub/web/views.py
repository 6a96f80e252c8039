"""Saved views of the inbox over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.sharing import SharedWith
from hub.desk.views import ViewOut, Views
from hub.identity.caller import Caller
from hub.web.conversation_models import ConversationFilter
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.routes import Routes, read_revision

routes = Routes("views")

ViewName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class NewView(BaseModel):
    """A filter and its name; `shared_with` is `me`, `everyone` or `queue:ID`."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName
    filters: ConversationFilter
    shared_with: SharedWith = "me"


class ViewPatch(BaseModel):
    """What may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName = Field(default="-")
    filters: ConversationFilter = Field(default_factory=ConversationFilter)
    shared_with: SharedWith = "me"


class ViewsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[ViewOut]
    next: None


@routes.get("/api/views", may=SIGNED_IN)
async def list_views(caller: Caller, views: Views) -> ViewsOut:
    """The caller's saved views, and those that are shared with the caller."""
    return ViewsOut(items=await views.all(caller), next=None)


@routes.post("/api/views", may=WRITE, status=201)
async def create_view(body: NewView, caller: Caller, views: Views) -> ViewOut:
    """Save a filter under a name."""
    return await views.create(caller, body.name, _plain(body.filters), body.shared_with)


@routes.patch("/api/views/{view}", may=WRITE)
@described(headers={"If-Match": "The revision that was read; the call fails with 412 when it is no longer so."})
async def change_view(view: str, body: ViewPatch, request: web.Request, caller: Caller, views: Views) -> ViewOut:
    """Change a view's name, filter, or who has it."""
    revision = read_revision(request) if "If-Match" in request.headers else None
    fields: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "filters" in fields:
        fields["filters"] = _plain(body.filters)
    return await views.change(caller, view, fields, revision)


@routes.delete("/api/views/{view}", may=WRITE)
async def remove_view(view: str, caller: Caller, views: Views) -> None:
    """Remove a view; again is no mistake."""
    await views.remove(caller, view)


def _plain(filters: ConversationFilter) -> dict[str, Any]:
    """Only what the filter says."""
    return filters.model_dump(exclude_defaults=True)
