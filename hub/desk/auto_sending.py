"""The one door for mails that no person wrote: acknowledgements, forwards, reminders.

Nothing automatic is sent in answer to something automatic, and nobody gets more than a few an hour, whatever a rule or
a far side does: two machines that answer each other stop here. RFC 3834 asks for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.desk.parameters import Parameters
from hub.model.draft import Draft
from hub.store.client import Database, Doc
from hub.store.mail_collections import AUTO_SENT
from hub.stream.rules import UNANSWERABLE
from hub.stream.stream import Stream

_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AutoSending:
    """Sends automatic drafts within the caps that the parameters set."""

    stream: Stream
    parameters: Parameters

    async def send(self, draft: Draft, *, answers: Doc | None) -> str | None:
        """Queue the draft, marked as automatic; or say why it is not sent.

        Args:
            answers: the stored message that it is a reaction to; None where it is none.
        """
        db = self.stream.db
        if answers is not None and (refused := self._unanswerable(answers, draft)):
            return refused
        receivers = [address.key for address in (*draft.to, *draft.cc)]
        if draft.client_id and await self._known(db, draft):
            return None
        if refused := await self._over_cap(db, draft, receivers):
            return refused
        sent = await self.stream.send(replace(draft, automatic=True))
        at = now()
        notes = [
            {"_id": f"{sent['id']}:{number}", "to": to, "conversation": sent["conversation"], "at": at}
            for number, to in enumerate(receivers or [new_id()])
        ]
        for note in notes:
            await db[AUTO_SENT].update_one({"_id": note["_id"]}, {"$setOnInsert": note}, upsert=True)
        return None

    def _unanswerable(self, answers: Doc, draft: Draft) -> str | None:
        kind = (answers.get("mail") or {}).get("kind")
        back = answers["author"]["address"].lower()
        to_sender = not draft.to or any(address.text == back for address in (*draft.to, *draft.cc))
        if kind in UNANSWERABLE or (answers["automatic"] and to_sender):
            return "it would answer an automatic message"
        return None

    async def _known(self, db: Database, draft: Draft) -> bool:
        where = {"client_id": f"{draft.author}:{draft.client_id}"}
        return await db["messages"].find_one(where, {"_id": 1}) is not None

    async def _over_cap(self, db: Database, draft: Draft, receivers: list[str]) -> str | None:
        since = {"$gte": now() - _WINDOW}
        most = await self.parameters.number("automatic-per-address-hour")
        for to in receivers:
            if await db[AUTO_SENT].count_documents({"to": to, "at": since}, limit=most) >= most:
                return f"{to.split(':', 1)[1]} got {most} automatic messages within the last hour"
        most = await self.parameters.number("automatic-per-conversation-hour")
        within = {"conversation": draft.conversation, "at": since}
        if await db[AUTO_SENT].count_documents(within, limit=most) >= most:
            return f"this conversation got {most} automatic messages within the last hour"
        return None
