"""`/api/events`: the console feed for programs that poll."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.feed.replay import EventsOut, Replay
from hub.identity.caller import Caller
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("events")


class EventsQuery(BaseModel):
    """From where on, and how many at most. `after`: the last `seq` that was read."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(ge=0, lt=2**53)
    limit: int = Field(default=100, ge=1, le=1000)


@routes.get("/api/events", may=SIGNED_IN)
async def list_events(query: EventsQuery, who: Caller, replay: Replay) -> EventsOut:
    """What the console feed would have sent after a `seq`, as far as the caller may see it now."""
    return await replay.page(who, query.after, query.limit)
