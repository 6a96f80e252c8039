"""Reading a thread, answering in it, and beginning a new one, with the caller's eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound
from crm_core.ground.ids import new_id
from hub.accounts.marks import MarkBook
from hub.channel import Raw
from hub.desk.attachments import Attachments
from hub.desk.mentions import find_mentioned, show_to
from hub.desk.ports import MayReadRecord, SendingAccounts
from hub.desk.sight import seen_among, seen_conversation, seen_message
from hub.desk.superiors import Superiors
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut, conversation_out
from hub.model.draft import Draft
from hub.model.message import MessageOut, message_out
from hub.store.client import Database, Doc
from hub.store.collections import MESSAGES
from hub.stream.ops import Opening
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream

_SAME_ID = 20
_BATCH = 25
_ANSWERED = 20
"""So many of the last messages count as read by whoever answers."""
_PAGE_CHARS = 8_000_000


class Messages:
    """The messages of conversations that the caller may see."""

    def __init__(
        self,
        stream: Stream,
        attachments: Attachments,
        raw: RawKeeper,
        records: MayReadRecord,
        accounts: SendingAccounts,
        region: str = "CN",
        superiors: Superiors | None = None,
        marks: MarkBook | None = None,
    ) -> None:
        self.region = region
        self._superiors = superiors
        self._marks = marks
        self._db: Database = stream.db
        self._stream = stream
        self._attachments = attachments
        self._raw = raw
        self._records = records
        self._accounts = accounts

    async def page(
        self, caller: Caller, conversation: str, *, limit: int, before: int | None = None, after: int | None = None
    ) -> tuple[list[MessageOut], bool]:
        """At most `limit` messages, ascending by `seq`: the newest, those before a place, or those after one.

        A page ends early where its texts grow beyond eight million characters. Says also whether there are more.
        """
        shown = await self._readable(caller, conversation)
        place = {k: v for k, v in (("$lt", before), ("$gt", after)) if v is not None}
        where: Doc = {"conversation": conversation} | ({"seq": place} if place else {})
        downwards = after is not None and before is None
        found = self._db[MESSAGES].find(where, batch_size=_BATCH).sort("seq", 1 if downwards else -1).limit(limit + 1)
        async with found:
            docs, more = await _first(found, limit)
        await self._mark_seen(caller, shown, docs)
        return [message_out(doc) for doc in (docs if downwards else reversed(docs))], more

    async def show(self, caller: Caller, message: str) -> MessageOut:
        """One message; raises `NotFound`."""
        return message_out(await self._readable_message(caller, message))

    async def with_external_id(self, caller: Caller, external_id: str) -> list[MessageOut]:
        """The messages that a far side knows by this id (one per account), as far as the caller may see them."""
        docs = (
            await self._db[MESSAGES]
            .find({"external_id": {"$in": [external_id, external_id.strip("<>")]}})
            .sort("seq", -1)
            .limit(_SAME_ID)
            .to_list()
        )
        seen = await seen_among(self._db, caller, (doc["conversation"] for doc in docs))
        return [message_out(doc) for doc in docs if doc["conversation"] in seen]

    async def source(self, caller: Caller, message: str) -> tuple[MessageOut, Raw]:
        """The message with the raw input it was made of; raises `NotFound` where it was written here."""
        doc = await self._readable_message(caller, message)
        if not doc.get("raw"):
            raise NotFound("this message was not made of raw input", message=message)
        return message_out(doc), await self._raw.read(doc["raw"])

    async def _readable(self, caller: Caller, conversation: str) -> Doc:
        """The conversation, by the caller's own sight or as a superior."""
        if self._superiors is None:
            return await seen_conversation(self._db, caller, conversation)
        return await self._superiors.conversation(caller, conversation)

    async def _readable_message(self, caller: Caller, message: str) -> Doc:
        if self._superiors is None:
            return await seen_message(self._db, caller, message)
        return await self._superiors.message(caller, message)

    async def _mark_seen(self, caller: Caller, conversation: Doc, docs: list[Doc]) -> None:
        """Whoever works on a conversation has read what is shown of it: its assignee, or a member of its queue. Somebody
        who only looks in has not."""
        assignee = (conversation["assignee"] or {}).get("id")
        works_on_it = assignee == caller.user or conversation["queue"] in caller.queues
        if self._marks is not None and works_on_it:
            await self._marks.seen(docs)

    async def _mark_answered(self, conversation: str) -> None:
        """Whoever answers has read what came last."""
        if self._marks is not None:
            where = {"conversation": conversation}
            last = self._db[MESSAGES].find(where, {"html": 0, "full_text": 0}).sort("seq", -1).limit(_ANSWERED)
            await self._marks.seen(await last.to_list())

    async def channel_of(self, caller: Caller, conversation: str) -> str:
        """The channel that an answer would leave by; raises `NotFound`."""
        doc = await seen_conversation(self._db, caller, conversation)
        last = doc.get("last_inbound") or {}
        channel: str = last.get("channel") or (doc["channels"] or ["im"])[-1]
        return channel

    async def write(self, caller: Caller, draft: Draft) -> MessageOut:
        """Put an answer or a note into a conversation.

        Raises:
            NotFound: the conversation or a file, for this caller.
            Conflict: the `client_id` was used for something else.
        """
        await seen_conversation(self._db, caller, draft.conversation)
        await self._attachments.check_usable(caller, draft.files)
        if draft.kind == "reply":
            sent = await self._stream.send(draft)
            await self._mark_answered(draft.conversation)
            return sent
        mentioned = await find_mentioned(self._db, draft.text)
        await show_to(self._db, self._stream.units, caller, draft.conversation, mentioned)
        return await self._stream.note(replace(draft, mentions=tuple(mentioned)))

    async def start(
        self, caller: Caller, draft: Draft, *, channel: str, account: str | None, records: list[tuple[str, str]]
    ) -> ConversationOut:
        """Begin a conversation with a first outbound message; it is the caller's own.

        Args:
            records: (type, id) of the CRM records to hang on it; each must be readable by the caller.
        """
        if not draft.to:
            raise Invalid("to: name at least one receiver", fields=(FieldError("to", "missing", "nobody is named"),))
        await self._attachments.check_usable(caller, draft.files)
        sender, queue = await self._accounts.sending_account(channel, account)
        opening = Opening(
            conversation=new_id(),
            channel=channel,
            account=sender,
            queue=queue,
            assignee={"id": caller.user, "name": caller.name},
            records=[await self._reference(caller, *record) for record in records],
            to=draft.to,
        )
        stored = await self._stream.start(draft, opening)
        if stored["direction"] != "outbound":
            raise Conflict("this client_id was used for another message")
        return conversation_out(await seen_conversation(self._db, caller, stored["conversation"]))

    async def _reference(self, caller: Caller, record_type: str, record: str) -> dict[str, str]:
        found = await self._records.readable(caller, record_type, [record])
        if record not in found:
            raise NotFound("there is no such record", type=record_type, record=record)
        return {"type": record_type, "id": record, "label": found[record]["label"]}


async def _first(found: AsyncIterator[Doc], limit: int) -> tuple[list[Doc], bool]:
    """The first documents, as many as a page takes, and whether others follow."""
    docs: list[Doc] = []
    size = 0
    async for doc in found:
        size += sum(len(doc.get(field) or "") for field in ("text", "full_text", "html"))
        if docs and (len(docs) == limit or size > _PAGE_CHARS):
            return docs, True
        docs.append(doc)
    return docs, False
