"""Who may see what, as store filters: the twins of the rules in `hub.model.conversation`."""

from __future__ import annotations

from typing import Any

from hub.identity.caller import Caller
from hub.store.client import Doc


def may_see_conversations(caller: Caller) -> dict[str, Any]:
    """The store filter of the conversations that the caller may see now.

    It is `conversation_rooms` turned round: tests hold the two together. A joined-away conversation is never shown.
    """
    shown: dict[str, Any] = {"state": {"$ne": "merged"}}
    if caller.supervisor or caller.admin:
        return shown
    by = [{"queue": {"$in": sorted(caller.queues)}}, {"assignee.id": caller.user}, {"viewers": caller.user}]
    return {**shown, "$or": by}


def conversation_of(event: Doc) -> str | None:
    """The conversation whose content an event carries; None where it carries none."""
    match event["data"].get("conversation"):
        case {"id": str(conversation)} | str(conversation):
            return conversation
    return None


def gone_from_sight(event: Doc) -> str | None:
    """The conversation that this event says has left the sight of its rooms, if it is such an event."""
    data = event["data"]
    return data["id"] if event["name"] == "conversation.changed" and data.get("gone") else None
