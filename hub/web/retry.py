"""Second thoughts about a message on its way out."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from crm_core.ground.clock import now
from hub.identity.caller import Caller
from hub.model.message import MessageOut
from hub.outbox.afterthoughts import Afterthoughts
from hub.web.may import WRITE
from hub.web.routes import Routes

routes = Routes("messages")


class Plan(BaseModel):
    """When a message is to go; null = now."""

    model_config = ConfigDict(extra="forbid")

    send_at: AwareDatetime | None


@routes.post("/api/messages/{message}/retry", may=WRITE)
async def retry_message(message: str, who: Caller, afterthoughts: Afterthoughts) -> MessageOut:
    """Send a failed message again, with all its tries; 409 when it has not failed."""
    return await afterthoughts.retry(message, who)


@routes.post("/api/messages/{message}/cancel", may=WRITE)
async def cancel_message(message: str, who: Caller, afterthoughts: Afterthoughts) -> MessageOut:
    """Keep a message that still waits from being sent; 409 when it is on its way already."""
    return await afterthoughts.cancel(message, who)


@routes.patch("/api/messages/{message}/plan", may=WRITE)
async def plan_message(message: str, body: Plan, who: Caller, afterthoughts: Afterthoughts) -> MessageOut:
    """Let a message that waits go at another moment; 409 when it is on its way already."""
    return await afterthoughts.plan(message, body.send_at or now(), who)
