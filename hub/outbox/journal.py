"""What is written down about each try to send, in an order that a crash at any point cannot spoil.

    queued -> (message shows `sending`) -> sending -> the channel sends -> sending + verdict
           -> message shows the outcome -> done | failed | queued again

A document in `sending` without a verdict may have gone out: the far side is asked before it is sent again. One with a
verdict only has to be recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.accounts.directory import Entry
from hub.channel import Receipt
from hub.events import NoticeRaised
from hub.metrics import OUTBOX as TRIES
from hub.model.message import MessageOut
from hub.outbox.rules import Again, Failed, Sent, Verdict
from hub.store.client import Doc
from hub.store.collections import LEDGER, MESSAGES, OUTBOX
from hub.store.unit import Unit, Units
from hub.stream.stream import Stream

log = logging.getLogger(__name__)

_KEEP_DONE = timedelta(days=7)
_DONE = {"sent": "done", "failed": "failed", "again": "queued"}


class Journal:
    """Reads and writes outbox documents, and the deliveries that their messages show."""

    def __init__(self, units: Units, stream: Stream) -> None:
        self._units = units
        self.stream = stream
        self.db = units.db
        self._docs = units.db[OUTBOX]

    async def due(self, account: str, at: datetime, besides: set[str], limit: int) -> list[Doc]:
        """What may go now, longest due first, leaving out these conversations."""
        where: Doc = {"account": account, "state": "queued", "next_at": {"$lte": at}}
        if besides:
            where["conversation"] = {"$nin": list(besides)}
        return await self._docs.find(where).sort("next_at", 1).limit(limit).to_list()

    async def head(self, account: str, conversation: str, at: datetime) -> Doc | None:
        """The message that goes next in a conversation: the first in stream order that is due or was tried."""
        waiting: Doc = {"account": account, "conversation": conversation, "state": "queued"}
        waiting["$or"] = [{"attempts": {"$gt": 0}}, {"next_at": {"$lte": at}}]
        return await self._docs.find_one(waiting, sort=[("seq", 1)])

    async def next_at(self, account: str, after: datetime) -> datetime | None:
        """When the next message becomes due."""
        where = {"account": account, "state": "queued", "next_at": {"$gt": after}}
        doc = await self._docs.find_one(where, {"next_at": 1}, sort=[("next_at", 1)])
        return doc["next_at"] if doc else None

    async def sent_since(self, account: str, after: datetime) -> list[datetime]:
        """When messages were sent lately."""
        where = {"account": account, "state": "done", "next_at": {"$gt": after}}
        return [doc["next_at"] async for doc in self._docs.find(where, {"next_at": 1})]

    async def announce_try(self, doc: Doc, number: int) -> None:
        """Show the message as `sending`."""
        change = {"delivery.state": "sending", "delivery.attempts": number, "delivery.next_at": None}
        await self.stream.amend(doc["_id"], change)

    async def claim(self, doc: Doc, owner: str) -> Doc | None:
        """Mark it as being sent; None when somebody cancelled it in the meantime."""
        change: Doc = {
            "$set": {"state": "sending", "owner": owner, "first_at": doc.get("first_at") or now()},
            "$inc": {"attempts": 1},
        }
        return await self._docs.find_one_and_update(
            {"_id": doc["_id"], "state": "queued"}, change, return_document=True
        )

    async def write(self, doc: Doc, verdict: Verdict, *, copy: bool = False) -> Doc:
        """Write down what became of the try; from here on the far side need not be asked. Safe to repeat.

        Args:
            copy: a copy of what was sent is owed to the far side from now on (`copies.py`).
        """
        written = verdict_document(verdict)
        change: Doc = {"verdict": written}
        if copy and isinstance(verdict, Sent):
            change |= {"copy_at": now(), "copy_tries": 0, "owed_at": now()}
        await self._docs.update_one({"_id": doc["_id"], "state": "sending"}, {"$set": change})
        TRIES.labels(channel=doc["channel"], outcome=written["kind"]).inc()
        return {**doc, "verdict": written}

    async def record(self, doc: Doc) -> None:
        """Show a verdict that is written down, and close the try. Safe to repeat; `adopt` does so after a crash."""
        verdict = doc["verdict"]
        if verdict["far_id"]:
            await self._note_far_id(doc, verdict["far_id"])
        try:
            message = await self.stream.amend(doc["_id"], _shown(verdict), force=verdict["kind"] == "again")
        except NotFound:
            message = None
            log.warning("a message of the outbox is gone", extra={"message_id": doc["_id"]})
        change: Doc = {
            "$set": {
                "state": _DONE[verdict["kind"]],
                "next_at": verdict["at"],
                "doubt": verdict["doubt"],
                "reason": verdict["reason"],
                "owner": None,
            },
            "$unset": {"verdict": ""},
        }

        async def close(unit: Unit) -> None:
            closed = await unit.db[OUTBOX].update_one(
                {"_id": doc["_id"], "state": "sending"}, change, session=unit.session
            )
            if closed.modified_count and message and verdict["notify"]:
                unit.announce(_notice(message, verdict["reason"]))

        if verdict["notify"]:
            await self._units.run(close)
        else:
            await self._docs.update_one({"_id": doc["_id"], "state": "sending"}, change)

    async def adopt(self, entry: Entry, besides: set[str]) -> int:
        """Take up what another holder, or a crash, left in `sending`; returns how many it was.

        Args:
            besides: ids of messages that are being sent by the caller at this moment.
        """
        adopted = 0
        async for doc in self._docs.find({"account": entry.id, "state": "sending"}).sort("seq", 1):
            if doc["_id"] in besides:
                continue
            adopted += 1
            if doc.get("verdict"):
                await self.record(doc)
            else:
                change = {"$set": {"state": "queued", "doubt": True, "next_at": now(), "owner": None}}
                await self._docs.update_one({"_id": doc["_id"], "state": "sending", "verdict": None}, change)
        return adopted

    async def waiting(self) -> int:
        """How many messages are not sent yet, over all accounts."""
        return await self._docs.count_documents({"state": {"$in": ["queued", "sending"]}})

    async def forget_done(self, account: str) -> None:
        """Remove what was sent long ago; the message itself shows its delivery for ever."""
        old: Doc = {"account": account, "state": "done", "next_at": {"$lt": now() - _KEEP_DONE}, "copy_at": None}
        await self._docs.delete_many(old)

    async def _note_far_id(self, doc: Doc, far_id: str) -> None:
        """Remember under which id the far side knows the message: its reports will name that."""
        message = await self.db[MESSAGES].find_one({"_id": doc["_id"]}, {"external_id": 1})
        if message is not None:
            place = {"account": doc["account"], "place": far_id}
            facts = {"_id": f"sent:{doc['_id']}", "external_id": message["external_id"], "at": now()}
            await self.db[LEDGER].update_one(place, {"$setOnInsert": facts}, upsert=True)


def verdict_document(verdict: Verdict, *, notify: bool = True) -> Doc:
    """The stored form. `notify`: tell the author of a failure."""
    out: Doc = {"state": None, "far_id": None, "reason": None, "doubt": False, "notify": False, "at": now()}
    match verdict:
        case Sent(Receipt(state=state, far_id=far_id, note=note)):
            return out | {"kind": "sent", "state": state, "far_id": far_id, "reason": note}
        case Again(at, reason, doubt):
            return out | {"kind": "again", "state": "queued", "reason": reason, "doubt": doubt, "at": at}
        case Failed(reason, doubt):
            return out | {"kind": "failed", "state": "failed", "reason": reason, "doubt": doubt, "notify": notify}


def _shown(verdict: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"delivery.state": verdict["state"], "delivery.reason": verdict["reason"], "delivery.next_at": None}
    if verdict["kind"] == "sent":
        shown["delivery.sent_at"] = verdict["at"]
    if verdict["kind"] == "again":
        shown["delivery.next_at"] = verdict["at"]
    return shown


def _notice(message: MessageOut, reason: str) -> NoticeRaised:
    about = {"message": message["id"], "conversation": message["conversation"], "account": message["account"]}
    author = message["author"]["id"] if message["author"]["kind"] == "user" else None
    return NoticeRaised(kind="delivery.failed", text=reason, about=about, user=author)
