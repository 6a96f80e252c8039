"""Export over HTTP: conversations as one mbox file, streamed."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from hub.desk.export import Export
from hub.identity.caller import Caller
from hub.web.conversation_models import Name
from hub.web.described import described
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("conversations")

_MBOX = {"application/mbox": {"schema": {"type": "string", "format": "binary"}}}


class ExportSelection(BaseModel):
    """Some conversations."""

    model_config = ConfigDict(extra="forbid")

    conversations: Annotated[list[Name], Field(min_length=1, max_length=500)]


@routes.get("/api/conversations/{conversation}/export", may=SIGNED_IN)
@described(answer=_MBOX)
async def export_conversation(
    conversation: str, caller: Caller, request: web.Request, export: Export
) -> web.StreamResponse:
    """One conversation as an mbox file (mboxrd): mails as they came, answers as they were composed. Audited."""
    return await _stream(request, export, await export.check(caller, [conversation], far_end(request)), conversation)


@routes.post("/api/conversations/export", may=SIGNED_IN)
@described(answer=_MBOX)
async def export_conversations(
    body: ExportSelection, caller: Caller, request: web.Request, export: Export
) -> web.StreamResponse:
    """Up to 500 conversations as one mbox file."""
    chosen = await export.check(caller, body.conversations, far_end(request))
    return await _stream(request, export, chosen, "conversations")


async def _stream(request: web.Request, export: Export, conversations: list[str], name: str) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/mbox",
            "Content-Disposition": f'attachment; filename="{"".join(c for c in name if c.isalnum())}.mbox"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cache-Control": "private, no-store",
        }
    )
    await response.prepare(request)
    async for piece in export.mbox(conversations):
        await response.write(piece)
    await response.write_eof()
    return response
