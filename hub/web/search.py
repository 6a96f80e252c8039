"""Search over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.search import Search
from hub.desk.search_hits import Hit
from hub.desk.searchable import Kind
from hub.identity.caller import Caller
from hub.web.may import SIGNED_IN
from hub.web.paging import Cursor, Limit, read_cursor, write_cursor
from hub.web.routes import Routes

routes = Routes("search")

_CURSOR = "search"


class SearchQuery(BaseModel):
    """All words must be there; the last may be unfinished. Chinese is found by any part."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Kind | None = None
    limit: Limit = 20
    after: Cursor | None = None


class FoundPage(TypedDict):
    """One page, newest first; `partial` says that the time was up before the end: go on from `next`."""

    items: list[Hit]
    next: str | None
    partial: bool


@routes.get("/api/search", may=SIGNED_IN)
async def search_everything(query: SearchQuery, caller: Caller, search: Search) -> FoundPage:
    """Messages, conversations and records that the caller may see."""
    after = read_cursor(_CURSOR, query.after)
    found = await search.find(caller, query.q, kind=query.kind, limit=query.limit, after=after)
    cursor = write_cursor(_CURSOR, found.next) if found.next is not None else None
    return {"items": found.items, "next": cursor, "partial": found.partial}
