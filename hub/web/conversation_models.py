"""What goes in and out of the routes of conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.inbox import Order, Wanted
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut, ConversationState
from hub.web.paging import Cursor, Limit

Name = Annotated[str, Field(min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
RecordKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}:[\w-]{1,60}$", description="TYPE:ID")]


_STATE = "(open|pending|snoozed|closed|archived)"


class ConversationFilter(BaseModel):
    """Which conversations: `state` may name several, with commas; `assignee` is `me`, `none` or a user id.

    `my_queues`: only those of the caller's queues. `mentioned`: only those where somebody mentioned the caller.

    Archived ones are in a list that names that state, or that asks by `q`, a person or a record.
    """

    model_config = ConfigDict(extra="forbid")

    state: Annotated[str, Field(pattern=rf"^({_STATE}(,{_STATE}){{0,4}})?$")] = ""
    queue: Name | None = None
    assignee: Name | None = None
    channel: Name | None = None
    record: RecordKey | None = None
    q: Annotated[str, Field(max_length=200)] = ""
    tag: Name | None = None
    contact: Name | None = None
    customer: Name | None = None
    waiting: bool = False
    my_queues: bool = False
    mentioned: bool = False
    order: Order = "newest"

    def wanted(self, caller: Caller) -> Wanted:
        """The same, as the desk asks for it."""
        kind, _, record = (self.record or "").partition(":")
        states: list[ConversationState] = self.state.split(",") if self.state else []  # type: ignore[assignment]
        return Wanted(
            states=tuple(states),
            queue=self.queue,
            assignee=None if self.assignee == "none" else caller.user if self.assignee == "me" else self.assignee,
            free=self.assignee == "none",
            channel=self.channel,
            record=(kind, record) if self.record else None,
            tag=self.tag,
            contact=self.contact,
            customer=self.customer,
            waiting=self.waiting,
            queues=tuple(sorted(caller.queues)) if self.my_queues else None,
            viewer=caller.user if self.mentioned else None,
            order=self.order,
        )


class ConversationQuery(ConversationFilter):
    """A page of the conversations that fit the filter."""

    limit: Limit = 50
    after: Cursor | None = None


class ConversationPage(TypedDict):
    """One page; `partial` says that `q` could not be searched to the end in its time."""

    items: list[ConversationOut]
    next: str | None
    partial: bool


class ConversationPatch(BaseModel):
    """What may be changed; what is left out stays. `assignee` is a user id, `me`, or null."""

    model_config = ConfigDict(extra="forbid")

    state: ConversationState = "open"
    queue: Name | None = None
    assignee: Name | None = None
    subject: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    snoozed_until: AwareDatetime | None = None


class SplitOff(BaseModel):
    """The messages that get a conversation of their own."""

    model_config = ConfigDict(extra="forbid")

    messages: Annotated[list[Name], Field(min_length=1, max_length=500)]
    subject: Annotated[str, Field(max_length=300)] | None = None


class JoinInto(BaseModel):
    """The conversation that takes the messages."""

    model_config = ConfigDict(extra="forbid")

    into: Name


class UndoMove(BaseModel):
    """The `move` that a split or join answered with."""

    model_config = ConfigDict(extra="forbid")

    move: Name


class MoveOut(TypedDict):
    """A split or a join. `conversations`: where the messages were, where they are since."""

    move: str
    kind: Literal["split", "join"]
    conversations: list[str]
    at: datetime
    undone_at: datetime | None
