"""The archive over HTTP: conversations out of the inbox, and back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from crm_core.ground.errors import NotFound
from hub.desk.conversations import Conversations
from hub.identity.caller import Caller
from hub.web.conversation_models import Name
from hub.web.may import WRITE
from hub.web.routes import Routes

routes = Routes("conversations")


class Selection(BaseModel):
    """Some conversations."""

    model_config = ConfigDict(extra="forbid")

    conversations: Annotated[list[Name], Field(min_length=1, max_length=200)]


class Moved(TypedDict):
    """Those that are where they were asked to be now, and those that the caller cannot see."""

    done: list[str]
    missing: list[str]


@routes.post("/api/conversations/archive", may=WRITE)
async def archive_conversations(body: Selection, caller: Caller, conversations: Conversations) -> Moved:
    """Put conversations into the archive; a new mail of the customer brings one back. (S2.9.3-07)"""
    return await _move(body, caller, conversations, "archived")


@routes.post("/api/conversations/unarchive", may=WRITE)
async def unarchive_conversations(body: Selection, caller: Caller, conversations: Conversations) -> Moved:
    """Take conversations out of the archive; they are open again."""
    return await _move(body, caller, conversations, "open")


async def _move(body: Selection, caller: Caller, conversations: Conversations, state: str) -> Moved:
    moved: Moved = {"done": [], "missing": []}
    for conversation in dict.fromkeys(body.conversations):
        try:
            found = await conversations.show(caller, conversation)
            if state == "archived" or found["state"] == "archived":
                await conversations.change(caller, found["id"], {"state": state}, None)
        except NotFound:
            moved["missing"].append(conversation)
        else:
            moved["done"].append(conversation)
    return moved
