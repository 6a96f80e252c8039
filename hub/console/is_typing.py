"""Somebody writes an answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from crm_core.ground.events import conversation_room
from hub.console.console import Console
from hub.console.watching import Watching
from hub.feed.hints import Hints
from hub.identity.caller import Caller


class Typing(BaseModel):
    """Where, and whether it begins or ends."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = Field(min_length=1, max_length=64)
    on: bool = True


async def show_typing(ask: Typing, who: Caller, console: Console, watching: Watching, hints: Hints) -> None:
    """Tell the others who look at this conversation that somebody writes."""
    watched = console.watched or ()  # who watches was checked, and is put out in time
    if ask.conversation not in watched:
        await watching.check_may_see(who, ask.conversation)
    data = {"conversation": ask.conversation, "user": {"id": who.user, "name": who.name}, "on": ask.on}
    await hints.send("typing", conversation_room(ask.conversation), data, sender=console.sid)
