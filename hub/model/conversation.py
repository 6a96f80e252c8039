"""A conversation as everybody outside the store sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from crm_core.ground.events import SUPERVISORS, Room, queue_room, user_room
from hub.model.message import Party

ConversationState = Literal["open", "pending", "snoozed", "closed", "archived"]
"""`archived`: out of the inbox; found by search, by its people and records, and by asking for the archive."""


class RecordRef(TypedDict):
    """A CRM record that hangs on a conversation."""

    type: str
    id: str
    label: str


class PersonRef(TypedDict):
    """A colleague."""

    id: str
    name: str


class ConversationOut(TypedDict):
    """Messages that belong together. `viewers`: the colleagues it was shown to by name; absent while there are none."""

    id: str
    state: ConversationState
    queue: str | None
    assignee: PersonRef | None
    subject: str
    channels: list[str]
    parties: list[Party]
    records: list[RecordRef]
    tags: list[str]
    preview: str
    last_at: datetime
    last_seq: int
    message_count: int
    waiting_since: datetime | None
    snoozed_until: datetime | None
    created_at: datetime
    revision: int
    viewers: NotRequired[list[str]]


_PLAIN = (
    "state", "queue", "assignee", "subject", "channels", "parties", "records", "tags", "preview", "last_at", "last_seq",
    "message_count", "waiting_since", "snoozed_until", "created_at", "revision",
)  # fmt: skip


def conversation_out(doc: dict[str, Any]) -> ConversationOut:
    """The conversation from its stored document."""
    shown = {"viewers": doc["viewers"]} if doc.get("viewers") else {}
    return {"id": doc["_id"]} | {key: doc[key] for key in _PLAIN} | shown  # type: ignore[return-value]


def conversation_rooms(doc: dict[str, Any]) -> frozenset[Room]:
    """Who may see a conversation: its queue, its assignee, those it was shown to by name, and supervisors.

    `hub.desk.visibility` compiles the same rule into a store filter; tests hold the two together.
    """
    rooms = {SUPERVISORS}
    if doc.get("queue"):
        rooms.add(queue_room(doc["queue"]))
    if doc.get("assignee"):
        rooms.add(user_room(doc["assignee"]["id"]))
    rooms.update(user_room(user) for user in doc.get("viewers", ()))
    return frozenset(rooms)
