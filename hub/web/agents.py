"""`/api/agents`: the colleagues and how they are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.presence import AgentOut, Presence
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("agents")


class AgentsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[AgentOut]
    next: None


class AgentsQuery(BaseModel):
    """Which of them: those of one queue, else all."""

    model_config = ConfigDict(extra="forbid")

    queue: str | None = Field(default=None, max_length=40)


@routes.get("/api/agents", may=SIGNED_IN)
async def list_agents(query: AgentsQuery, presence: Presence) -> AgentsOut:
    """The colleagues by name, with presence and queues."""
    return AgentsOut(items=await presence.agents(query.queue), next=None)
