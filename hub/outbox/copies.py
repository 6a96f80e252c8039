"""Copies of what went out, owed to the far side's folder of sent messages: none lost, none doubled by a crash.

The debt (`copy_at` of an outbox document) is written in the same breath as the verdict *sent*, and paid afterwards, beside
the sending: a mailbox that is slow or away holds up no message. It is struck out when the far side has the copy. A crash in
between pays again, and the channel looks first whether the copy lies there.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from pymongo.errors import PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound, Unavailable
from hub.errors import Permanent
from hub.leases import Lease
from hub.model.delivery import Delivery
from hub.outbox.delivery import load_delivery
from hub.outbox.rules import reason_of, wait_before
from hub.store.client import Database, Doc
from hub.store.collections import OUTBOX
from hub.store.files import Files
from hub.stream.stream import Stream

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(days=3)
_AT_ONCE = 20
_SWEEP_S = 30.0

FileCopy = Callable[[Delivery], Awaitable[BaseException | None]]
"""Files one copy; gives what it raised."""


class Copies:
    """What one account owes. `run` is part of its lane.

    Args:
        file: asks the channel to file a copy.
        pause_s: the longest wait where a wake-up was missed.
    """

    def __init__(
        self, db: Database, stream: Stream, files: Files, account: str, lease: Lease, file: FileCopy,
        pause_s: float = _SWEEP_S,
    ) -> None:  # fmt: skip
        self._db, self._stream, self._files = db, stream, files
        self._docs = db[OUTBOX]
        self._account, self._lease, self._file = account, lease, file
        self._pause_s = pause_s
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """One more is owed."""
        self._woken.set()

    async def run(self) -> None:
        """Pay what is due until cancelled."""
        while True:
            self._woken.clear()
            wait_s = 1.0
            try:
                while self._lease.held and (due := await self._due(now())):
                    for doc in due:
                        await self._pay(doc)
                wait_s = await self._until_next()
            except (PyMongoError, Unavailable) as error:
                log.warning("store away while filing copies", extra={"account": self._account, "reason": str(error)})
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _due(self, at: datetime) -> list[Doc]:
        where = {"account": self._account, "state": {"$ne": "sending"}, "copy_at": {"$lte": at}}
        return await self._docs.find(where).sort("copy_at", 1).limit(_AT_ONCE).to_list()

    async def _until_next(self) -> float:
        doc = await self._docs.find_one(
            {"account": self._account, "copy_at": {"$gt": now()}}, {"copy_at": 1}, sort=[("copy_at", 1)]
        )
        left = (doc["copy_at"] - now()).total_seconds() if doc else self._pause_s
        return min(max(left, 0.05), self._pause_s)

    async def _pay(self, doc: Doc) -> None:
        if not self._lease.held:
            return
        try:
            delivery = await load_delivery(self._db, self._files, doc["_id"], doc["attempts"])
        except NotFound:
            await self._strike(doc)
            return
        error = await self._file(delivery)
        if error is None:
            await self._strike(doc)
        elif isinstance(error, Permanent) or now() - doc["owed_at"] >= GIVE_UP_AFTER:
            log.warning("no copy filed", extra={"message_id": doc["_id"], "reason": str(error)})
            await self._stream.amend(doc["_id"], {"delivery.reason": f"no copy was filed: {reason_of(error)}"})
            await self._strike(doc)
        else:
            tries = doc["copy_tries"] + 1
            at = now() + wait_before(tries, random.random())  # noqa: S311 - spreads load, keeps no secret
            await self._docs.update_one({"_id": doc["_id"]}, {"$set": {"copy_at": at, "copy_tries": tries}})

    async def _strike(self, doc: Doc) -> None:
        await self._docs.update_one({"_id": doc["_id"]}, {"$unset": {"copy_at": "", "copy_tries": "", "owed_at": ""}})
