"""Conversations over HTTP: the inbox's lists and what is done with one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.conversations import Conversations
from hub.desk.counts import Counts
from hub.desk.inbox import Wanted
from hub.desk.inbox_search import Inbox
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut, ConversationState
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.paging import Cursor, Limit, read_cursor, write_cursor
from hub.web.routes import Routes, read_revision

routes = Routes("conversations")

Name = Annotated[str, Field(min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
RecordKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}:[\w-]{1,60}$", description="TYPE:ID")]
_CURSOR = "conversations"


class ConversationQuery(BaseModel):
    """Which conversations: `state` may name several, with commas; `assignee` is `me`, `none` or a user id."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[str, Field(pattern=r"^((open|pending|snoozed|closed)(,(open|pending|snoozed|closed)){0,3})?$")] = ""
    queue: Name | None = None
    assignee: Name | None = None
    channel: Name | None = None
    record: RecordKey | None = None
    q: Annotated[str, Field(max_length=200)] = ""
    tag: Name | None = None
    contact: Name | None = None
    customer: Name | None = None
    waiting: bool = False
    limit: Limit = 50
    after: Cursor | None = None

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
        )


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


@routes.get("/api/conversations", may=SIGNED_IN)
async def list_conversations(query: ConversationQuery, caller: Caller, inbox: Inbox) -> ConversationPage:
    """The conversations that the caller may see, newest activity first."""
    before = read_cursor(_CURSOR, query.after)
    items, partial = await inbox.page(caller, query.wanted(caller), query.q, query.limit + 1, before)
    more = len(items) > query.limit
    items = items[: query.limit]
    return {
        "items": items,
        "next": write_cursor(_CURSOR, items[-1]["last_seq"]) if more else None,
        "partial": partial,
    }


@routes.get("/api/conversations/counts", may=SIGNED_IN)
async def count_conversations(caller: Caller, inbox: Inbox) -> Counts:
    """How many open conversations each view holds, counted up to `cap`."""
    return await inbox.counts(caller)


@routes.get("/api/conversations/{conversation}", may=SIGNED_IN)
async def show_conversation(conversation: str, caller: Caller, conversations: Conversations) -> ConversationOut:
    """One conversation; one that was joined into another answers with that other."""
    return await conversations.show(caller, conversation)


@routes.patch("/api/conversations/{conversation}", may=WRITE)
@described(headers={"If-Match": "The revision that was read; the call fails with 412 when it is no longer so."})
async def change_conversation(
    conversation: str, body: ConversationPatch, request: web.Request, caller: Caller, conversations: Conversations
) -> ConversationOut:
    """Change state, queue, assignee, subject, tags or the end of a snooze."""
    revision = read_revision(request) if "If-Match" in request.headers else None
    fields = body.model_dump(exclude_unset=True)
    return await conversations.change(caller, conversation, fields, revision)


@routes.put("/api/conversations/{conversation}/records/{record_type}/{record}", may=WRITE)
async def attach_record(
    conversation: str,
    record_type: str,
    record: str,
    caller: Caller,
    conversations: Conversations,
) -> ConversationOut:
    """Hang a CRM record on the conversation."""
    return await conversations.attach(caller, conversation, record_type, record)


@routes.delete("/api/conversations/{conversation}/records/{record_type}/{record}", may=WRITE)
async def detach_record(
    conversation: str,
    record_type: str,
    record: str,
    caller: Caller,
    conversations: Conversations,
) -> ConversationOut:
    """Take a CRM record off the conversation."""
    return await conversations.detach(caller, conversation, record_type, record)


@routes.post("/api/conversations/{conversation}/split", may=WRITE)
async def split_conversation(
    conversation: str, body: SplitOff, caller: Caller, conversations: Conversations
) -> MoveOut:
    """Give some messages a conversation of their own; later answers to them go there."""
    return _move(await conversations.split(caller, conversation, body.messages, body.subject))


@routes.post("/api/conversations/{conversation}/join", may=WRITE)
async def join_conversation(conversation: str, body: JoinInto, caller: Caller, conversations: Conversations) -> MoveOut:
    """Put all of this conversation into another."""
    return _move(await conversations.join(caller, conversation, body.into))


@routes.post("/api/conversations/{conversation}/undo", may=WRITE)
async def undo_move(conversation: str, body: UndoMove, caller: Caller, conversations: Conversations) -> MoveOut:
    """Take a split or join back."""
    return _move(await conversations.undo(caller, conversation, body.move))


def _move(doc: dict[str, Any]) -> MoveOut:
    return {
        "move": doc["_id"],
        "kind": doc["kind"],
        "conversations": doc["conversations"],
        "at": doc["at"],
        "undone_at": doc["undone_at"],
    }
