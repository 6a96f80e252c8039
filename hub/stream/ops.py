"""What can be asked of the commit loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_core.ground.clock import now
from hub.model.address import Address
from hub.model.conversation import ConversationState
from hub.model.draft import Draft
from hub.model.envelope import Envelope
from hub.model.message import FileOut


@dataclass(slots=True)
class Arrival:
    """Something came in. Its files are stored already.

    Attributes:
        raw: the document of its raw input, where that is not stored.
        message: the id that was promised to its message, if any.
        conversation: likewise of its conversation, if it begins one.
    """

    envelope: Envelope
    files: list[FileOut]
    raw: dict[str, Any] | None = None
    message: str | None = None
    conversation: str | None = None
    at: datetime = field(default_factory=now)


@dataclass(slots=True)
class Writing:
    """We write something: an answer, a note, or (with `opening`) the first message of a conversation."""

    draft: Draft
    message: str
    external_id: str | None
    files: list[FileOut]
    opening: Opening | None = None
    at: datetime = field(default_factory=now)


@dataclass(slots=True, kw_only=True)
class Opening:
    """What a conversation that we begin starts with."""

    conversation: str
    channel: str
    account: str
    queue: str | None
    assignee: dict[str, str] | None
    records: list[dict[str, str]]
    to: tuple[Address, ...]
    state: ConversationState = "open"
    """`closed` for what expects no answer, such as a mailing: an answer opens it."""


@dataclass(slots=True)
class Amendment:
    """A stored message changes. `change` has dotted names: `{"delivery.state": "sent"}`.

    `force` lets a delivery go back (a retry); without it `delivered` never becomes `sent` again.
    """

    message: str
    change: Mapping[str, Any]
    force: bool = False


Op = Arrival | Writing | Amendment
