"""Finishes raw input that was kept but never became a message, because a hub died in between."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from pymongo.errors import PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.errors import MainstemError, Unavailable
from hub.accounts.directory import Directory, Entry
from hub.accounts.inlet import Inlets
from hub.channel import Raw
from hub.leases import Lease, Leases
from hub.store.collections import QUARANTINE, RAW

log = logging.getLogger(__name__)

MOST_TRIES = 5
_LATE = timedelta(seconds=30)
"""Input that is open for longer is not being worked on by anybody."""
_SWEEP_S = 10.0


class Replays:
    """Replays open raw input: all of an account when its owner starts, and late input of any account by a sweep."""

    def __init__(self, directory: Directory, inlets: Inlets, leases: Leases) -> None:
        self._directory = directory
        self._inlets = inlets
        self._leases = leases

    async def run(self) -> None:
        """Sweep on whichever hub holds the lease for it (webhooks of a killed hub have no owner to come back)."""
        await self._leases.hold("replays", self._sweep)

    async def finish(self, entry: Entry, before: datetime, lease: Lease | None = None) -> None:
        """Replay what an account had open before that moment, oldest first. Safe to repeat.

        Raises:
            Unavailable: the store is away; the rest stays open.
        """
        channel, account = entry.ready()
        inlet = self._inlets.of(entry.id, lease)
        async for raw in self._inlets.raws.open_of(entry.id, before):
            if not await self._may_try(raw):
                continue
            try:
                await channel.replay(account, raw, inlet)
            except Unavailable:
                await self._take_try_back(raw)  # the store was away: the input is not to blame
                raise
            except MainstemError as error:
                log.warning("raw input could not be finished", extra={"raw": raw.id, "reason": str(error)})
                await self._inlets.db[RAW].update_one({"_id": raw.id}, {"$set": {"replay_error": str(error)}})

    async def _sweep(self, lease: Lease) -> None:
        while True:
            for entry in await self._directory.all():
                if entry.channel is not None and entry.enabled:
                    await self.finish(entry, now() - _LATE)
            await asyncio.sleep(_SWEEP_S)

    async def _may_try(self, raw: Raw) -> bool:
        """Count the try before it is made, so that input that kills the hub is not tried for ever."""
        found = await self._inlets.db[RAW].find_one_and_update(
            {"_id": raw.id, "open": True}, {"$inc": {"replays": 1}}, {"replays": 1, "replay_error": 1}
        )
        if found is None:
            return False
        if found.get("replays", 0) < MOST_TRIES:
            return True
        await self._put_aside(raw, found.get("replay_error") or "the hub failed each time; see its log")
        return False

    async def _take_try_back(self, raw: Raw) -> None:
        try:
            await self._inlets.db[RAW].update_one({"_id": raw.id}, {"$inc": {"replays": -1}})
        except PyMongoError as error:
            log.warning("a try of raw input counts although the store was away", extra={"reason": str(error)})

    async def _put_aside(self, raw: Raw, error: str) -> None:
        entry = {
            "account": raw.account,
            "channel": None,
            "external_id": "",
            "sender": "",
            "raw": raw.id,
            "error": f"not finished in {MOST_TRIES} tries: {error}",
            "state": "waiting",
            "at": now(),
        }
        await self._inlets.db[QUARANTINE].update_one({"_id": raw.id}, {"$setOnInsert": entry}, upsert=True)
        await self._inlets.raws.settle(raw.id)
        log.warning("raw input put into quarantine", extra={"raw": raw.id, "account": raw.account})
