"""Conversations over HTTP: the inbox's lists and what is done with one."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from hub.desk.conversations import Conversations
from hub.desk.counts import CAP, Counts, ViewCounts
from hub.desk.inbox_search import Inbox
from hub.desk.views import Views
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut
from hub.web.conversation_models import (
    ConversationPage,
    ConversationPatch,
    ConversationQuery,
    JoinInto,
    MoveOut,
    SplitOff,
    UndoMove,
)
from hub.web.counted_views import CountsQuery
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.paging import read_cursor, write_cursor
from hub.web.routes import Routes, read_revision

routes = Routes("conversations")

_CURSOR = "conversations"


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
async def count_conversations(query: CountsQuery, caller: Caller, inbox: Inbox, views: Views) -> Counts | ViewCounts:
    """How many open conversations each view holds, counted up to `cap`; with `views`, how many each of those holds."""
    if query.views is None:
        return await inbox.counts(caller)
    saved = await views.filters(caller, query.saved())
    counted = await inbox.count(caller, query.wanted(caller, saved))
    return ViewCounts(views={key: counted.get(key) for key in query.named()}, cap=CAP)


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
