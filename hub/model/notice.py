"""A notice as its receiver sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from hub.model.conversation import PersonRef

NoticeKind = Literal["ordinary", "warning", "workflow"]
NoticeState = Literal["unread", "read", "archived"]
KINDS: tuple[NoticeKind, ...] = ("ordinary", "warning", "workflow")
_KIND_OF: dict[str, NoticeKind] = {
    "delivery.failed": "warning",
    "warning": "warning",
    "quarantine": "warning",
    "rule.warning": "warning",
}


class NoticeOut(TypedDict):
    """Something a person should know.

    `cause` is a code (`assignment mention mail delivery.failed internal announcement record ...`) for which screens have
    words; `title` is what it is about; `about` names what one click opens.
    """

    id: str
    kind: NoticeKind
    cause: str
    title: str
    text: str
    about: dict[str, Any]
    by: PersonRef | None
    state: NoticeState
    at: datetime
    read_at: datetime | None


def kind_of(cause: str) -> NoticeKind:
    """Which of the three kinds a cause belongs to."""
    return "workflow" if cause.startswith(("approval", "task", "workflow")) else _KIND_OF.get(cause, "ordinary")


def notice_out(doc: dict[str, Any]) -> NoticeOut:
    """The notice from its stored document."""
    plain = ("kind", "cause", "title", "text", "about", "by", "state", "at", "read_at")
    return {"id": doc["_id"]} | {key: doc[key] for key in plain}  # type: ignore[return-value]
