"""Completing a message that somebody writes: everybody who was on the last one, a forwarded original, a signature, the
pictures that its HTML shows, and some seconds in which it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid
from hub.accounts.directory import Directory
from hub.desk.sight import seen_conversation, seen_message
from hub.identity.caller import Caller
from hub.model.address import Address
from hub.model.draft import Draft
from hub.model.message import Party
from hub.outbox.delivery import address_of
from hub.store.client import Database, Doc
from hub.store.collections import MESSAGES
from hub.store.files import Files
from hub.stream.raw import RawKeeper
from hub.writing.drafts import with_pictures
from hub.writing.forwards import forward_subject, forwarded_html, forwarded_text
from hub.writing.habits import Habits, Wanted, sign_html, sign_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a draft does not say itself.

    Attributes:
        forward_of: id of the message that is passed on; `forward_as` puts it into the text, or encloses it as `.eml`.
        undo: wait for as many seconds as the writer has set, so that the message can be taken back.
    """

    reply_all: bool = False
    forward_of: str | None = None
    forward_as: Literal["inline", "attached"] = "inline"
    signature: Wanted = "auto"
    undo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Composing:
    """Completes drafts."""

    db: Database
    files: Files
    raws: RawKeeper
    directory: Directory
    habits: Habits

    async def complete(self, caller: Caller, draft: Draft, wishes: Wishes, account: str | None) -> Draft:
        """The draft as it is to be sent; a note stays as it is.

        Raises:
            Invalid: a forward names nobody to go to, or its original cannot be enclosed.
            NotFound: the conversation or the original, for this caller.
        """
        if draft.kind == "note":
            return draft
        draft = await self._signed(caller, draft, wishes, account)
        if wishes.forward_of:
            draft = await self._forwarding(caller, draft, wishes)
        elif wishes.reply_all:
            draft = await self._to_all(caller, draft)
        html, pictures = with_pictures(draft.html, draft.files)
        draft = replace(draft, html=html, content_ids={**draft.content_ids, **pictures})
        if wishes.undo and draft.send_at is None:
            habits = await self.habits.of(caller.user)
            draft = replace(draft, send_at=now() + timedelta(seconds=habits["undo_s"]))
        return draft

    async def _signed(self, caller: Caller, draft: Draft, wishes: Wishes, account: str | None) -> Draft:
        if account is None and draft.conversation:
            conversation = await seen_conversation(self.db, caller, draft.conversation)
            account = (conversation.get("last_inbound") or {}).get("account") or next(
                iter(conversation["accounts"]), None
            )
        signature = await self.habits.signature_for(caller, account, draft.text, wishes.signature)
        html = sign_html(draft.html, signature) if draft.html is not None else None
        return replace(draft, text=sign_text(draft.text, signature), html=html)

    # -- answer to all ---------------------------------------------------------------------------------------

    async def _to_all(self, caller: Caller, draft: Draft) -> Draft:
        """Everybody on the last message, but us; what the writer named comes first."""
        conversation = await seen_conversation(self.db, caller, draft.conversation)
        last = await self._last(conversation)
        if last is None:
            return draft
        inbound = last["direction"] == "inbound"
        keys = {key.split(":", 1)[1]: key for key in conversation["party_keys"]}
        first: list[Party] = [last["author"]] if inbound else []
        to = await self._others([*first, *last["to"]], keys)
        cc = await self._others(last["cc"], keys)
        taken = {a.key for a in (*draft.to, *draft.bcc)}
        wanted = tuple(dict.fromkeys((*draft.to, *(a for a in to if a.key not in taken))))
        taken |= {a.key for a in wanted}
        copies = tuple(dict.fromkeys((*draft.cc, *(a for a in cc if a.key not in taken))))
        return replace(draft, to=wanted, cc=tuple(a for a in copies if a.key not in {w.key for w in wanted}))

    async def _last(self, conversation: Doc) -> Doc | None:
        inbound = conversation.get("last_inbound")
        if inbound:
            return await self.db[MESSAGES].find_one({"_id": inbound["message"]})
        where = {"conversation": conversation["_id"], "direction": "outbound"}
        return await self.db[MESSAGES].find_one(where, sort=[("seq", -1)])

    async def _others(self, parties: Sequence[Party], keys: dict[str, str]) -> list[Address]:
        """The parties' addresses, without those of our own accounts."""
        found = [address_of(party, keys) for party in parties if party["address"]]
        entries = [entry for entry in await self.directory.all() if entry.channel and entry.account]
        return [a for a in found if not any(e.channel.owns(e.account, a.key) for e in entries if e.channel)]

    # -- forward ---------------------------------------------------------------------------------------------

    async def _forwarding(self, caller: Caller, draft: Draft, wishes: Wishes) -> Draft:
        if not draft.to:
            raise Invalid("to: who is it forwarded to?", fields=(FieldError("to", "missing", "nobody is named"),))
        assert wishes.forward_of is not None
        original = await seen_message(self.db, caller, wishes.forward_of)
        subject = draft.subject or forward_subject(original["subject"])
        draft = replace(draft, apart=True, subject=subject)
        if wishes.forward_as == "attached":
            return replace(draft, files=(*draft.files, await self._as_file(caller, original)))
        return replace(
            draft,
            text=forwarded_text(draft.text, original),
            html=forwarded_html(draft.html, draft.text, original),
            files=tuple(dict.fromkeys((*draft.files, *(about["id"] for about in original["attachments"])))),
            content_ids=_shown_in(original),
        )

    async def _as_file(self, caller: Caller, original: Doc) -> str:
        """The original, byte for byte, as a file of the caller's."""
        if not original.get("raw"):
            detail = "this message came in no raw form; forward it inline"
            raise Invalid(detail, fields=(FieldError("forward_as", "no_source", detail),))
        raw = await self.raws.read(original["raw"])
        name = f"{' '.join(original['subject'].split())[:80] or 'message'}.eml"
        about = await self.files.put(raw.content, name, "message/rfc822", by=caller.user)
        return about["id"]


def _shown_in(original: Doc) -> dict[str, Any]:
    """File id -> Content-ID of the pictures that the original's HTML shows."""
    html = original.get("html") or ""
    return {
        about["id"]: about["content_id"]
        for about in original["attachments"]
        if about.get("content_id") and f"cid:{about['content_id']}" in html
    }
