"""Marks that the far side is to follow: read here, deleted here. Kept durably, carried over by a lane per account.

A mark is one document per (account, message), so a second reader changes nothing and a crash loses nothing; what is
carried over is `done` and is kept for a while, so that opening a thread again asks for nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from pymongo import UpdateOne

from crm_core.ground.clock import now
from crm_core.ground.errors import MainstemError
from hub.accounts.directory import Directory, Entry
from hub.accounts.inlet import Inlets
from hub.accounts.roster import Roster
from hub.channel import Channel, Marks
from hub.leases import Lease, Leases
from hub.store.client import Database, Doc
from hub.store.collections import LEDGER
from hub.store.mail_collections import MARKS
from hub.supervise import Backoff, Supervisor

log = logging.getLogger(__name__)

FOLLOW_S = 120.0
"""Most time for one batch at the far side."""
_BATCH = 200
_SWEEP_S = 3.0
_BACKOFF = Backoff(first=2.0, most=600.0)


class MarkBook:
    """Writes marks down. Only messages with a place at the far side have something to be marked there."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._marks = db[MARKS]

    async def seen(self, messages: Iterable[Doc]) -> None:
        """These stored messages were read by an agent. Safe and cheap to repeat."""
        unread = [d for d in messages if d["direction"] == "inbound" and not (d.get("mail") or {}).get("seen")]
        wanted = [key for doc in unread for key in _keys(doc)]
        if not wanted:
            return
        known = {d["_id"] async for d in self._marks.find({"_id": {"$in": [_id(*key) for key in wanted]}}, {"_id": 1})}
        await self._write([key for key in wanted if _id(*key) not in known], {"seen": True})

    async def deleted(self, message: Doc) -> None:
        """This stored message was deleted here."""
        await self._write(_keys(message), {"deleted": True})

    async def _write(self, keys: list[tuple[str, str]], mark: Doc) -> None:
        changes = []
        for account, external_id in keys:
            at = {"account": account, "external_id": external_id}
            if await self._db[LEDGER].find_one(at, {"_id": 1}) is not None:
                due = {**at, **mark, "state": "waiting", "next_at": now(), "tries": 0, "at": now()}
                change = {"$set": due, "$unset": {"done_at": ""}}
                changes.append(UpdateOne({"_id": _id(account, external_id)}, change, upsert=True))
        if changes:
            await self._marks.bulk_write(changes, ordered=False)


class MarkLanes:
    """Carries marks over: one lane for each account whose channel follows marks, on whichever hub holds its lease."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        inlets: Inlets,
        leases: Leases,
        supervisor: Supervisor,
        sweep_s: float = _SWEEP_S,
    ) -> None:
        self._db = db
        self._inlets = inlets
        self._leases = leases
        self._sweep_s = sweep_s
        self._roster = Roster("marks", directory, supervisor, _follows, self._serve)

    def accounts_changed(self) -> None:
        """An account was added, changed or removed."""
        self._roster.wake()

    async def run(self) -> None:
        """Start, restart and stop lanes as accounts are configured, until cancelled."""
        await self._roster.run()

    async def step(self, entry: Entry) -> int:
        """Carry over what is due now; returns how many marks were taken up."""
        where = {"account": entry.id, "state": "waiting", "next_at": {"$lte": now()}}
        due = await self._db[MARKS].find(where).sort("next_at", 1).limit(_BATCH).to_list()
        if not due:
            return 0
        channel, account = entry.ready()
        marks = [await self._mark(doc) for doc in due]
        try:
            async with asyncio.timeout(FOLLOW_S):
                await channel.follow(account, marks, self._inlets.of(entry.id))
        except (MainstemError, OSError, EOFError, TimeoutError) as error:
            await self._put_off(due, str(error) or type(error).__name__)
        else:
            done = {"$set": {"state": "done", "done_at": now()}, "$unset": {"reason": ""}}
            await self._each(due, done)
        return len(due)

    async def _serve(self, entry: Entry) -> None:
        await self._leases.hold(f"marks:{entry.id}", partial(self._carry, entry))

    async def _carry(self, entry: Entry, _lease: Lease) -> None:
        while True:
            if await self.step(entry) < _BATCH:
                await asyncio.sleep(self._sweep_s)

    async def _mark(self, doc: Doc) -> Marks:
        where = {"account": doc["account"], "external_id": doc["external_id"]}
        places = [place["place"] async for place in self._db[LEDGER].find(where, {"place": 1}).sort("_id", 1)]
        return Marks(
            external_id=doc["external_id"], places=tuple(places), seen=doc.get("seen"), deleted=doc.get("deleted")
        )

    async def _put_off(self, due: list[Doc], reason: str) -> None:
        log.warning("marks not carried over", extra={"account": due[0]["account"], "reason": reason})
        tries = max(doc["tries"] for doc in due) + 1
        later = now() + timedelta(seconds=_BACKOFF.wait(tries))
        await self._each(due, {"$set": {"next_at": later, "tries": tries, "reason": reason[:500]}})

    async def _each(self, due: list[Doc], change: Doc) -> None:
        """Change those that nobody has marked anew meanwhile."""
        same = [UpdateOne({"_id": doc["_id"], "at": doc["at"], "state": "waiting"}, change) for doc in due]
        await self._db[MARKS].bulk_write(same, ordered=False)


def _follows(entry: Entry) -> bool:
    return entry.channel is not None and type(entry.channel).follow is not Channel.follow


def _id(account: str, external_id: str) -> str:
    return f"{account}|{external_id}"


def _keys(doc: Doc) -> list[tuple[str, str]]:
    """(account, external id) of a message in each of our mailboxes that it came to."""
    if doc["direction"] == "internal" or not doc.get("external_id"):
        return []
    accounts = [doc["account"], *(copy["account"] for copy in doc.get("also") or ())]
    return [(account, doc["external_id"]) for account in accounts if account]
