"""`/api/me/presence`: how am I."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.desk.presence import Presence, PresenceOut, PresenceState
from hub.identity.caller import Caller
from hub.web.may import SIGNED_IN, WRITE
from hub.web.routes import Routes

routes = Routes("presence")


class NewPresence(BaseModel):
    """A state, and why (shown to colleagues)."""

    model_config = ConfigDict(extra="forbid")

    state: PresenceState
    reason: str | None = Field(default=None, max_length=100)


@routes.get("/api/me/presence", may=SIGNED_IN)
async def show_presence(who: Caller, presence: Presence) -> PresenceOut:
    """The caller's own state."""
    return await presence.of(who.user)


@routes.put("/api/me/presence", may=WRITE)
async def set_presence(body: NewPresence, who: Caller, presence: Presence) -> PresenceOut:
    """Say that one is available, busy, on a break, wrapping up or offline."""
    return await presence.set(who.user, who.name, body.state, body.reason)
