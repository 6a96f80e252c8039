"""A message as everybody outside the store sees it (CONTRACT, "What a message shows")."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from hub.model.delivery import DeliveryOut


class Party(TypedDict):
    """Someone in a conversation. `id` is the contact's or user's record id, absent for a stranger."""

    kind: Literal["contact", "user", "system", "unknown"]
    id: str | None
    name: str
    address: str


class FileOut(TypedDict):
    """An attachment; the content is at `GET /api/files/ID`. `size` in bytes."""

    id: str
    name: str
    type: str
    size: int
    sha256: str
    content_id: NotRequired[str | None]
    inline: NotRequired[bool]


class Joined(TypedDict):
    """Why a message is in its conversation: a code, and the fact behind it."""

    reason: str
    detail: str


class RuledOut(TypedDict):
    """A rule that acted on a message before anybody saw it, and what it did (`queue:sales`, `tag:vip`, `closed`)."""

    rule: str
    name: str
    did: list[str]


class RemovedOut(TypedDict):
    """Who took a message out of sight, and when. Its content is shown to nobody; the raw input stays."""

    by: str
    name: str
    at: datetime


class MessageOut(TypedDict):
    """One entry of the stream. `also`: other accounts of ours that the same message came to."""

    id: str
    seq: int
    conversation: str
    channel: str
    account: str | None
    direction: Literal["inbound", "outbound", "internal"]
    kind: str
    author: Party
    to: list[Party]
    cc: list[Party]
    bcc: NotRequired[list[Party]]
    subject: str
    text: str
    full_text: NotRequired[str]
    html: NotRequired[str | None]
    attachments: list[FileOut]
    external_id: str | None
    reply_to: str | None
    joined_because: Joined
    delivery: DeliveryOut | None
    at: datetime
    stored_at: datetime
    revision: int
    clipped: NotRequired[bool]
    has_html: bool
    automatic: bool
    correlation: str | None
    client_id: NotRequired[str | None]
    also: NotRequired[list[str]]
    ruled: NotRequired[list[RuledOut]]
    removed: NotRequired[RemovedOut]
    mail: NotRequired[dict[str, Any]]
    call: NotRequired[dict[str, Any]]
    sms: NotRequired[dict[str, Any]]
    approval: NotRequired[dict[str, Any]]


PARTS = ("mail", "call", "sms", "approval")
_PLAIN = (
    "seq", "conversation", "channel", "account", "direction", "kind", "author", "to", "cc", "subject", "attachments",
    "external_id", "reply_to", "joined_because", "delivery", "at", "stored_at", "revision", "automatic", "correlation",
)  # fmt: skip
HINT_CHARS = 2000


def message_out(doc: dict[str, Any]) -> MessageOut:
    """The whole message from its stored document."""
    doc = as_shown(doc)
    out = _common(doc)
    out["text"] = doc["text"]
    out["full_text"] = doc.get("full_text") or doc["text"]
    out["html"] = doc.get("html")
    return out  # type: ignore[return-value]


def message_hint(doc: dict[str, Any]) -> MessageOut:
    """The message as an event carries it: no HTML, no quotes, text cut at 2,000 characters (`clipped`)."""
    doc = as_shown(doc)
    out = _common(doc)
    text = doc["text"]
    out["text"] = text[:HINT_CHARS]
    if len(text) > HINT_CHARS:
        out["clipped"] = True
    return out  # type: ignore[return-value]


def as_shown(doc: dict[str, Any]) -> dict[str, Any]:
    """A removed message keeps its place, its people and the time; of its content nothing is shown."""
    if not doc.get("removed"):
        return doc
    kept = {key: value for key, value in doc.items() if key not in (*PARTS, "full_text")}
    return kept | {"subject": "", "text": "", "html": None, "attachments": [], "raw": None}


def _common(doc: dict[str, Any]) -> dict[str, Any]:
    out = {"id": doc["_id"]} | {key: doc[key] for key in _PLAIN}
    out["has_html"] = doc.get("html") is not None
    if doc.get("bcc"):
        out["bcc"] = doc["bcc"]
    if doc.get("client_id"):
        out["client_id"] = doc["client_id"]
    if doc.get("removed"):
        out["removed"] = doc["removed"]
    if doc.get("also"):
        out["also"] = [copy["account"] for copy in doc["also"]]
    if doc.get("ruled"):
        out["ruled"] = doc["ruled"]
    for part in PARTS:
        if part in doc:
            out[part] = doc[part]
    return out
