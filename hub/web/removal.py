"""Taking a message out of sight, and bringing it back; for supervisors."""

from __future__ import annotations

from aiohttp import web

from hub.desk.removal import Removal
from hub.identity.caller import Caller
from hub.model.message import MessageOut
from hub.web.far_side import far_end
from hub.web.may import ARRANGE
from hub.web.routes import Routes

routes = Routes("messages")


@routes.delete("/api/messages/{message}", may=ARRANGE)
async def remove_message(message: str, who: Caller, request: web.Request, removal: Removal) -> None:
    """Hide a message and delete it in its mailbox. It keeps its place, shows who removed it and when, and no content."""
    await removal.remove(who, message, far_end(request))


@routes.post("/api/messages/{message}/restore", may=ARRANGE)
async def restore_message(message: str, who: Caller, request: web.Request, removal: Removal) -> MessageOut:
    """Show a removed message again; the mailbox's copy stays deleted."""
    return await removal.restore(who, message, far_end(request))
