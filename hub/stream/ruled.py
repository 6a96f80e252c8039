"""What rules that held change in a conversation. Pure."""

from __future__ import annotations

from hub.store.client import Doc
from hub.stream.conversations import add_unique, links_of
from hub.stream.rules import Effects

FINISHED = ("closed", "archived")


def rule_conversation(message: Doc, conversation: Doc, effects: Effects, state_before: str) -> None:
    """Apply the effects, and keep on the message which rule did what.

    A conversation that people work on is not taken from them: only a new one is assigned or put into a queue, and only
    a new or finished one is closed or archived.

    Args:
        state_before: the conversation's state before the message came; `open` for a new one.
    """
    message["ruled"] = effects.ruled
    fresh = conversation["message_count"] == 1
    if fresh and effects.queue:
        conversation["queue"] = effects.queue
    if fresh and effects.assignee:
        conversation["assignee"] = effects.assignee
    if effects.tags:
        add_unique(conversation["tags"], effects.tags)
        conversation["links"] = links_of(conversation)
    if effects.state and (fresh or state_before in FINISHED):
        conversation.update(state=effects.state, waiting_since=None)
