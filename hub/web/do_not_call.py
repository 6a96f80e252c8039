"""The do-not-call list over HTTP; for supervisors."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.outbound.do_not_call import DoNotCall, DoNotCallOut
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ARRANGE, SUPERVISE
from hub.web.routes import Routes

routes = Routes("do not call")

AnyNumber = Annotated[str, Field(min_length=1, max_length=64)]


class NewDoNotCall(BaseModel):
    """A number in any spelling. No `until`: for always."""

    model_config = ConfigDict(extra="forbid")

    number: AnyNumber
    reason: Annotated[str, Field(max_length=500)] = ""
    until: AwareDatetime | None = None


class DoNotCallQuery(BaseModel):
    """Whether one number is on it (in any spelling); or a page by number, after the last one seen."""

    model_config = ConfigDict(extra="forbid")

    number: AnyNumber | None = None
    limit: int = Field(default=50, ge=1, le=200)
    after: AnyNumber | None = None


class DoNotCallPage(TypedDict):
    """By number; `next` goes into `after`."""

    items: list[DoNotCallOut]
    next: str | None


@routes.get("/api/do-not-call", may=SUPERVISE)
async def list_do_not_call(query: DoNotCallQuery, never: DoNotCall) -> DoNotCallPage:
    """The numbers that no call list dials now."""
    items = await never.page(number=query.number, limit=query.limit, after=query.after)
    return DoNotCallPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.post("/api/do-not-call", may=ARRANGE, status=201)
async def add_do_not_call(body: NewDoNotCall, who: Caller, request: web.Request, never: DoNotCall) -> DoNotCallOut:
    """No call list dials this number from now on, also those that have it already."""
    return await never.put(who, body.number, body.reason, body.until, far_end(request))


@routes.delete("/api/do-not-call/{number}", may=ARRANGE)
async def remove_do_not_call(number: str, who: Caller, request: web.Request, never: DoNotCall) -> None:
    """The number may be called again."""
    await never.remove(who, number, far_end(request))
