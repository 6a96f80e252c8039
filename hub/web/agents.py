"""`/api/agents`: the colleagues and how they are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from hub.desk.presence import AgentOut, Presence
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("agents")


class AgentsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[AgentOut]
    next: None


@routes.get("/api/agents", may=SIGNED_IN)
async def list_agents(
    presence: Presence, queue: Annotated[str | None, Field(default=None, max_length=40)] = None
) -> AgentsOut:
    """The colleagues by name, with presence and queues; those of one queue where it is named."""
    return AgentsOut(items=await presence.agents(queue), next=None)
