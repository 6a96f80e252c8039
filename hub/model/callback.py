"""A callback: whom to call back, when, and who does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.events import SUPERVISORS, Room, queue_room, user_room
from hub.model.conversation import PersonRef

CallbackKind = Literal["planned", "lost"]
CallbackState = Literal["open", "done", "cancelled"]


class CallbackOut(TypedDict):
    """`lost`: a caller whom nobody answered; `calls` are the messages of those calls. `number` is E.164.

    `due`: its time has come. `dialled`: the linkedid of the last call that was made of it. `closed_because`: `by-hand`, or
    `reached` when the caller was talked to.
    """

    id: str
    kind: CallbackKind
    number: str
    name: str
    at: datetime
    due: bool
    assignee: PersonRef | None
    queue: str | None
    note: str
    conversation: str | None
    calls: list[str]
    state: CallbackState
    dialled: str | None
    by: PersonRef | None
    created_at: datetime
    closed_at: datetime | None
    closed_because: str | None


def callback_out(doc: dict[str, Any], at: datetime) -> CallbackOut:
    """The callback from its document, as it stands at a moment."""
    plain = (
        "kind", "number", "name", "at", "assignee", "queue", "note", "conversation", "state", "dialled", "by",
        "created_at", "closed_at", "closed_because",
    )  # fmt: skip
    shown = {"id": doc["_id"], "due": doc["state"] == "open" and doc["at"] <= at, "calls": doc["messages"]}
    return shown | {key: doc[key] for key in plain}  # type: ignore[return-value]


def callback_rooms(doc: dict[str, Any]) -> frozenset[Room]:
    """Who does it, who asked for it, the queue, and supervisors."""
    people = [person["id"] for person in (doc["assignee"], doc["by"]) if person]
    queue = [queue_room(doc["queue"])] if doc["queue"] else []
    return frozenset({SUPERVISORS, *map(user_room, people), *queue})
