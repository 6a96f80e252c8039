"""The life of an outbound message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from hub.model.address import Address

DeliveryState = Literal["queued", "sending", "sent", "delivered", "read", "failed"]


class RecipientOut(TypedDict):
    """What a report said of one receiver; `status` is the enhanced code of RFC 3463, `report` the message that said it."""

    address: str
    state: Literal["failed", "delayed", "complained"]
    status: str
    permanent: bool
    reason: str
    report: str
    at: datetime


class DeliveryOut(TypedDict):
    """What a message shows of its delivery. `reason` is a sentence for the agent; times are UTC. After a bounce
    `recipient`, `status` and `permanent` are the last one's, and `recipients` has all that was reported."""

    state: DeliveryState
    reason: str | None
    attempts: int
    next_at: datetime | None
    sent_at: datetime | None
    recipient: NotRequired[str]
    status: NotRequired[str]
    permanent: NotRequired[bool]
    recipients: NotRequired[list[RecipientOut]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFile:
    """An attachment to send."""

    name: str
    type: str
    content: bytes
    content_id: str | None = None
    """The `cid:` name by which the HTML shows it; None = an attachment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a channel is asked to send.

    Attributes:
        message: the message's id; also the client reference where the far side takes one.
        external_id: made before the first try (a Message-ID, for mail), the same at each try.
        reply_to: external id of the message that is answered; `references` the chain above it, oldest first.
        attempt: 1 for the first try.
    """

    message: str
    conversation: str
    account: str
    external_id: str
    author_name: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    html: str | None
    files: tuple[DeliveryFile, ...]
    reply_to: str | None
    references: tuple[str, ...]
    at: datetime
    attempt: int
    automatic: bool
    parts: dict[str, dict[str, Any]]
    correlation: str | None
    bcc: tuple[Address, ...] = ()
