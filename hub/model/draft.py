"""What is to be written into the stream by us: an answer, a note, a first message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hub.model.address import Address


@dataclass(slots=True, kw_only=True)
class Draft:
    """A message of ours, before it has an id.

    Attributes:
        kind: `reply` goes out through the outbox; `note` stays inside.
        client_id: made by whoever writes; the same one twice is the same message.
        to: empty for a reply means: to the party who wrote last.
        bcc: receivers whom nobody else sees.
        apart: answers nothing: a forward, a mailing. It names no earlier message.
        content_ids: file id -> the `cid:` name by which the HTML shows it.
        files: ids of uploaded files.
        send_at: not before this moment.
    """

    conversation: str
    author: str
    author_name: str = ""
    kind: Literal["reply", "note"] = "reply"
    text: str = ""
    html: str | None = None
    subject: str | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    apart: bool = False
    content_ids: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    client_id: str | None = None
    account: str | None = None
    send_at: datetime | None = None
    automatic: bool = False
    mentions: tuple[str, ...] = ()
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
