"""What a channel hands in: normalised, not yet stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hub.model.address import Address

Direction = Literal["inbound", "outbound", "internal"]
KeyKind = Literal["reference", "token", "exact", "subject"]


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """One reason why a message may belong to a conversation.

    Kinds, strongest first:
        exact: the pair itself is the conversation (a chat session, a pair of phone numbers). Joins while it is not closed.
        token: a signed token that the channel has verified; `value` is the conversation id. The sender must be a party.
        reference: an id of another message (`References`, `In-Reply-To`). `own` marks the message's own id.
        subject: what `hub.model.subjects` makes of the subject of a message that refers to no other; `own` where it is
            no answer (no `Re:`), so that answers may come to it but it comes to none.
    """

    kind: KeyKind
    value: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, content included; the stream stores it once per sha256."""

    name: str
    type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False


@dataclass(slots=True, kw_only=True)
class Envelope:
    """One message on its way in.

    Attributes:
        external_id: the far side's id; `(account, external_id)` is stored once.
        fingerprint: a digest of what makes the message itself; a repeat of `external_id` with another fingerprint is
            not a repeat but a second message of a careless sender, and is kept under its own id.
        own_keys: address keys that are ours (the mailbox, our numbers); they are no parties.
        raw: id of the raw input, kept before.
        ledger: the far side's place for it (mailbox + UIDVALIDITY + UID), recorded in the same transaction.
        parts: channel parts of the message document, such as `{"mail": {...}}`.
        queue: where a new conversation waits; None = the account's queue.
        automatic: made by a machine (auto-reply, bounce): never answered automatically.
    """

    account: str
    channel: str
    external_id: str
    sender: Address
    at: datetime
    direction: Direction = "inbound"
    kind: str = "message"
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    full_text: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    thread_keys: tuple[ThreadKey, ...] = ()
    own_keys: frozenset[str] = frozenset()
    reply_to: str | None = None
    fingerprint: str | None = None
    raw: str | None = None
    ledger: str | None = None
    queue: str | None = None
    automatic: bool = False
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    correlation: str | None = None
