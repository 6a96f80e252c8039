"""What people do about a message on its way out: send a failed one again, cancel one that waits, or plan it anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from hub.events import OutboxFilled
from hub.identity.caller import Caller
from hub.model.conversation import conversation_rooms
from hub.model.message import MessageOut
from hub.outbox.journal import Journal, verdict_document
from hub.outbox.rules import Failed
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES, OUTBOX
from hub.store.unit import Unit, Units
from hub.stream.stream import Stream

_GRACE = timedelta(seconds=10)


class Afterthoughts:
    """Retry and cancel."""

    def __init__(self, units: Units, stream: Stream, journal: Journal) -> None:
        self._db: Database = units.db
        self._units = units
        self._stream = stream
        self._journal = journal

    async def retry(self, message: str, who: Caller) -> MessageOut:
        """Queue a failed message once more, with all its tries.

        Raises:
            NotFound: there is no such message, or the caller may not see it.
            Conflict: it has not failed.
        """
        await self._seen(message, who)
        again: Doc = {"state": "queued", "attempts": 0, "first_at": None, "reason": None}
        # Due a little later at first: should this hub die before the message shows it, it still goes.
        found = await self._db[OUTBOX].find_one_and_update(
            {"_id": message, "state": "failed"}, {"$set": {**again, "next_at": now() + _GRACE}}
        )
        if found is None:
            raise Conflict("only a message that failed can be sent again", message=message)
        shown = {f"delivery.{key}": None for key in ("reason", "next_at")}
        out = await self._stream.amend(
            message, {"delivery.state": "queued", "delivery.attempts": 0, **shown}, force=True
        )

        async def release(unit: Unit) -> None:
            due = {"$set": {"next_at": now()}}
            await unit.db[OUTBOX].update_one({"_id": message, "state": "queued"}, due, session=unit.session)
            unit.announce(OutboxFilled(account=found["account"]))

        await self._units.run(release)
        return out

    async def cancel(self, message: str, who: Caller) -> MessageOut:
        """Keep a message that still waits from being sent; it shows as failed and can be sent again later.

        Raises:
            NotFound: there is no such message, or the caller may not see it.
            Conflict: it is being sent, or was.
        """
        await self._seen(message, who)
        if not await self.withdraw(message, f"cancelled by {who.name}", who.user):
            raise Conflict("only a message that still waits can be cancelled", message=message)
        return await self._stream.amend(message, {})

    async def withdraw(self, message: str, reason: str, user: str) -> bool:
        """Take a message back that still waits; False when it is at the far side already, or was. Never both: who
        claims the outbox document first has it."""
        verdict = verdict_document(Failed(reason), notify=False)
        found = await self._db[OUTBOX].find_one_and_update(
            {"_id": message, "state": {"$in": ["queued", "held"]}, "doubt": {"$ne": True}},
            {"$set": {"state": "sending", "owner": f"user:{user}", "verdict": verdict}},
            return_document=True,
        )
        if found is not None:
            await self._journal.record(found)
        return found is not None

    async def plan(self, message: str, at: datetime, who: Caller) -> MessageOut:
        """Let a message that nobody tried to send yet go at another moment.

        Raises:
            NotFound: there is no such message, or the caller may not see it.
            Conflict: it is being sent, or was.
        """
        await self._seen(message, who)

        async def work(unit: Unit) -> None:
            waits = {"_id": message, "state": "queued", "attempts": 0}
            found = await unit.db[OUTBOX].find_one_and_update(waits, {"$set": {"next_at": at}}, session=unit.session)
            if found is None:
                raise Conflict("only a message that still waits can be planned anew", message=message)
            unit.announce(OutboxFilled(account=found["account"]))

        await self._units.run(work)
        return await self._stream.amend(message, {"delivery.next_at": at})

    async def _seen(self, message: str, who: Caller) -> None:
        """Raise `NotFound` unless the caller may see the message."""
        doc = await self._db[MESSAGES].find_one({"_id": message}, {"conversation": 1})
        conversation = await self._db[CONVERSATIONS].find_one({"_id": doc["conversation"]}) if doc else None
        if conversation is None or not conversation_rooms(conversation) & who.rooms():
            raise NotFound("there is no such message", message=message)
