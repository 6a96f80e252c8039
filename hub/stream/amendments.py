"""Stored messages that change, inside a batch."""

from __future__ import annotations

from crm_core.ground.errors import Invalid, NotFound
from hub.events import MessageAmended
from hub.model.conversation import conversation_rooms
from hub.model.message import MessageOut, message_hint, message_out
from hub.stream.amending import amended
from hub.stream.ops import Amendment
from hub.stream.pending import Pending


def amend(pending: Pending, op: Amendment) -> MessageOut:
    """The message as it is after the change; announced where something is different."""
    found = pending.found
    doc = found.amending.get(op.message)
    if doc is None:
        raise NotFound("there is no such message", message=op.message)
    try:
        after = amended(doc, op.change, force=op.force)
    except ValueError as error:
        raise Invalid(str(error)) from None
    if after is None:
        return message_out(doc)
    found.amending[op.message] = after
    after["_changed"] = True
    conversation = found.conversation(after["conversation"])
    rooms = conversation_rooms(conversation) if conversation else frozenset()
    shown = {k: v for k, v in after.items() if k != "_changed"}
    pending.unit.announce(MessageAmended(conversation=after["conversation"], message=message_hint(shown), _rooms=rooms))
    return message_out(shown)
