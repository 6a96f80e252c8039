"""Telling somebody that a conversation was given to them."""

from __future__ import annotations

from hub.events import NoticeRaised
from hub.identity.caller import Caller
from hub.store.client import Doc
from hub.store.unit import Unit


def tell_assignee(unit: Unit, caller: Caller, conversation: Doc, assignee: str) -> None:
    """Raise a notice for the new assignee, unless they took it themselves. Call in the unit that assigns."""
    if assignee == caller.user or assignee == (conversation.get("assignee") or {}).get("id"):
        return
    title = conversation["subject"] or conversation["preview"]
    about = {"conversation": conversation["_id"], "who": caller.name, "title": title}
    text = f"{caller.name} assigned to you: {title}"[:300]
    unit.announce(NoticeRaised(kind="assignment", text=text, about=about, user=assignee))
