"""`/api/events`: the console feed for programs that poll."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.feed.replay import EventsOut, Replay
from hub.identity.caller import Caller
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("events")


@routes.get("/api/events", may=SIGNED_IN)
async def list_events(
    who: Caller,
    replay: Replay,
    after: Annotated[int, Field(ge=0, lt=2**53)],
    limit: Annotated[int, Field(ge=1, le=1000)] = 100,
) -> EventsOut:
    """What the console feed would have sent after a `seq`, as far as the caller may see it now."""
    return await replay.page(who, after, limit)
