"""Messages over HTTP: the thread, answers, notes, the first message of a conversation, and raw sources."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crm_core.ground.errors import FieldError, Invalid
from hub.desk.messages import Messages
from hub.desk.receivers import read_receivers
from hub.desk.sanitise import clean_html, html_text
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut
from hub.model.draft import Draft
from hub.model.message import MessageOut
from hub.web.conversation_models import Name, RecordKey
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.paging import Cursor, Limit, Page, read_cursor, write_cursor
from hub.web.routes import Routes
from hub.writing.composing import Composing, Wishes
from hub.writing.habits import Wanted

routes = Routes("messages")

_CURSOR = "messages"
_KEY = "A key of the caller's making; the same key again returns the message that it made."
_RAW = {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}}

Text = Annotated[str, Field(max_length=500_000)]
Address = Annotated[str, Field(min_length=1, max_length=500)]
ClientId = Annotated[str, Field(min_length=1, max_length=200)]


class ThreadQuery(BaseModel):
    """A page of a thread: `before` goes up to older messages, `after` (a `seq`) down to newer ones."""

    model_config = ConfigDict(extra="forbid")

    before: Cursor | None = None
    after: Annotated[int, Field(ge=0)] | None = None
    limit: Limit = 50


class FarId(BaseModel):
    """How a far side knows a message."""

    model_config = ConfigDict(extra="forbid")

    external_id: Annotated[str, Field(min_length=1, max_length=2000)]


class Written(BaseModel):
    """What every message of ours has."""

    model_config = ConfigDict(extra="forbid")

    text: Text = ""
    html: Annotated[str, Field(max_length=1_000_000)] | None = None
    attachments: Annotated[list[Name], Field(max_length=100)] = []
    subject: Annotated[str, Field(max_length=1000)] | None = None
    cc: Annotated[list[Address], Field(max_length=100)] = []
    bcc: Annotated[list[Address], Field(max_length=100)] = []
    forward_of: Name | None = None
    forward_as: Literal["inline", "attached"] = "inline"
    signature: Wanted = "auto"
    undo: bool = False
    client_id: ClientId | None = None
    send_at: AwareDatetime | None = None


class NewMessage(Written):
    """An answer (`reply`) or an internal `note`; an answer without `to` goes to whoever wrote last."""

    kind: Literal["reply", "note"]
    reply_all: bool = False
    to: Annotated[list[Address], Field(max_length=100)] = []


class NewConversation(Written):
    """A first message; `records` are `TYPE:ID`."""

    channel: Name
    account: Name | None = None
    to: Annotated[list[Address], Field(min_length=1, max_length=100)]
    records: Annotated[list[RecordKey], Field(max_length=20)] = []


@routes.get("/api/conversations/{conversation}/messages", may=SIGNED_IN)
async def list_messages(conversation: str, query: ThreadQuery, caller: Caller, messages: Messages) -> Page[MessageOut]:
    """The thread, ascending; without a place its newest page. `next` is the cursor (`before`) of older messages."""
    before = read_cursor(_CURSOR, query.before, "before")
    items, more = await messages.page(caller, conversation, limit=query.limit, before=before, after=query.after)
    upwards = query.after is None or before is not None
    return {"items": items, "next": write_cursor(_CURSOR, items[0]["seq"]) if more and upwards else None}


@routes.post("/api/conversations/{conversation}/messages", may=WRITE, status=201)
@described(headers={"Idempotency-Key": _KEY})
async def add_message(
    conversation: str,
    body: NewMessage,
    request: web.Request,
    caller: Caller,
    messages: Messages,
    composing: Composing,
) -> MessageOut:
    """Answer the customer, forward a message, or write an internal note. `undo` holds it back for some seconds."""
    channel = await messages.channel_of(caller, conversation)
    draft = _draft(body, request, caller, conversation, channel, messages.region)
    draft = await composing.complete(caller, draft, _wishes(body), None)
    return await messages.write(caller, draft)


@routes.post("/api/conversations", may=WRITE, status=201)
@described(headers={"Idempotency-Key": _KEY})
async def start_conversation(
    body: NewConversation, request: web.Request, caller: Caller, messages: Messages, composing: Composing
) -> ConversationOut:
    """Begin a conversation with an outbound message."""
    draft = _draft(body, request, caller, "", body.channel, messages.region)
    draft = await composing.complete(caller, draft, _wishes(body), body.account)
    records = [(kind, record) for kind, _, record in (key.partition(":") for key in body.records)]
    return await messages.start(caller, draft, channel=body.channel, account=body.account, records=records)


@routes.get("/api/messages", may=SIGNED_IN)
async def find_messages(query: FarId, caller: Caller, messages: Messages) -> Page[MessageOut]:
    """The messages that a far side knows by this id (a Message-ID, a carrier's id)."""
    return {"items": await messages.with_external_id(caller, query.external_id), "next": None}


@routes.get("/api/messages/{message}", may=SIGNED_IN)
async def show_message(message: str, caller: Caller, messages: Messages) -> MessageOut:
    """One whole message."""
    return await messages.show(caller, message)


@routes.get("/api/messages/{message}/source", may=SIGNED_IN)
@described(answer=_RAW)
async def show_source(message: str, caller: Caller, messages: Messages) -> web.StreamResponse:
    """The raw input that the message was made of, byte for byte."""
    found, raw = await messages.source(caller, message)
    mail = found["channel"] == "email"
    return web.Response(
        body=raw.content,
        headers={
            "Content-Type": "message/rfc822" if mail else "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{found["id"]}.{"eml" if mail else "bin"}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cache-Control": "private, no-cache",
        },
    )


def _draft(
    body: NewMessage | NewConversation,
    request: web.Request,
    caller: Caller,
    conversation: str,
    channel: str,
    region: str,
) -> Draft:
    kind = body.kind if isinstance(body, NewMessage) else "reply"
    key = body.client_id or request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= 200:
        raise Invalid("Idempotency-Key: 1 to 200 characters", fields=(FieldError("Idempotency-Key", "length", ""),))
    html = clean_html(body.html) if body.html and body.html.strip() else None
    return Draft(
        conversation=conversation,
        author=caller.user,
        author_name=caller.name,
        kind=kind,
        text=body.text if body.text.strip() or html is None else html_text(html),
        html=html,
        subject=_one_line(body.subject),
        to=read_receivers(body.to, channel, region),
        cc=read_receivers(body.cc, channel, region, "cc"),
        bcc=read_receivers(body.bcc, channel, region, "bcc"),
        files=tuple(dict.fromkeys(body.attachments)),
        client_id=key,
        send_at=body.send_at,
    )


def _wishes(body: NewMessage | NewConversation) -> Wishes:
    return Wishes(
        reply_all=isinstance(body, NewMessage) and body.reply_all,
        forward_of=body.forward_of,
        forward_as=body.forward_as,
        signature=body.signature,
        undo=body.undo,
    )


def _one_line(subject: str | None) -> str | None:
    return None if subject is None else " ".join(subject.split())
