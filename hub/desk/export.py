"""Conversations as a mailbox file: what came in byte for byte, what we sent as it was composed. (S2.9.3-09)"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from crm_core.ground.errors import MainstemError, NotFound
from hub.accounts.directory import Directory
from hub.accounts.inlet import Inlets
from hub.desk.mbox import as_mail, mbox_entry
from hub.desk.sight import seen_among
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.message import message_out
from hub.outbox.delivery import load_delivery
from hub.store.client import Database, Doc
from hub.store.collections import MESSAGES
from hub.store.files import Files


class Export:
    """Writes mailbox files with the caller's eyes. One mail at a time is held in memory."""

    def __init__(self, db: Database, files: Files, directory: Directory, inlets: Inlets, audit: Audit) -> None:
        self._db = db
        self._files = files
        self._directory = directory
        self._inlets = inlets
        self._audit = audit

    async def check(self, caller: Caller, conversations: Sequence[str], far: FarEnd) -> list[str]:
        """The conversations that are exported, in the order given; the export is audited.

        Raises:
            NotFound: one of them is not there for this caller.
        """
        wanted = list(dict.fromkeys(conversations))
        seen = await seen_among(self._db, caller, wanted)
        missing = [each for each in wanted if each not in seen]
        if missing:
            raise NotFound("there is no such conversation", conversation=missing[0])
        await self._audit.write("conversations.exported", who=caller.user, far=far, conversations=wanted)
        return wanted

    async def mbox(self, conversations: Sequence[str]) -> AsyncIterator[bytes]:
        """The messages of these conversations (see `check`), oldest first in each; notes and removed ones stay out."""
        for conversation in conversations:
            found = self._db[MESSAGES].find({"conversation": conversation}, batch_size=20).sort("seq", 1)
            async for doc in found:
                if doc["direction"] == "internal" or doc.get("removed") or doc["kind"] != "message":
                    continue
                mail = await self._mail(doc)
                for piece in mbox_entry(mail, doc["author"]["address"], doc["at"]):
                    yield piece

    async def _mail(self, doc: Doc) -> bytes:
        if "mail" in doc and doc.get("raw"):
            return (await self._inlets.raws.read(doc["raw"])).content
        if doc["direction"] == "outbound":
            composed = await self._composed(doc)
            if composed is not None:
                return composed
        return as_mail(message_out(doc))

    async def _composed(self, doc: Doc) -> bytes | None:
        """As the account's channel composes it; None where the account is gone or its channel composes no mails."""
        try:
            channel, account = (await self._directory.one(doc["account"])).ready()
            delivery = await load_delivery(self._db, self._files, doc["_id"], 1)
            return await channel.composed(account, delivery, self._inlets.of(doc["account"]))
        except MainstemError:
            return None  # an account that was removed, a file that is gone: what is stored is exported instead
