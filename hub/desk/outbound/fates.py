"""What becomes of entries when their calls go on and end, whether or not the agent says so. (S2.9.9-06)

A durable reader of the stream, and a sweep for what no event tells: a hub that died between dialling and writing it
down, an agent who never says what came of it. Everything here can be done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from crm_core.ground.clock import now
from hub.desk.outbound.call_lists import finish
from hub.desk.outbound.rules import MOST_ATTEMPTS, Fate, fate_of, plain_outcome
from hub.leases import Lease
from hub.readers import Reader
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_ENTRIES, CALL_LISTS
from hub.store.unit import Unit, Units

LEASE = timedelta(minutes=5)
"""So long an agent may look at an entry before dialling."""
CALLING = timedelta(minutes=2)
"""So long a dialled entry waits for its call before somebody looks."""
_TALKED = timedelta(minutes=10)
"""So long after an answered call the agent's result is awaited."""
_SWEEP_S = 5.0
_AT_ONCE = 100


class EntryFates:
    """Moves entries on."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("call-lists", frozenset({"call.ended"}), self.handle, fields=("call",), calm=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order."""
        calls: list[Doc] = [event["data"]["call"] for event in batch]
        parts = {linkedid: call["part"] for call in calls for linkedid in call["linkedids"]}
        where = {"linkedid": {"$in": sorted(parts)}, "state": "calling"}
        async for entry in self._db[CALL_ENTRIES].find(where, {"linkedid": 1}):
            await self._ended(entry["_id"], entry["linkedid"], parts[entry["linkedid"]])

    async def look(self, entry: Doc) -> None:
        """Bring one entry that is being called in step with its call, as the store has it."""
        call = await self._db[CALLS].find_one({"linkedids": entry["linkedid"], "merged_into": None})
        if call is not None and not call["live"]:
            await self._ended(entry["_id"], entry["linkedid"], call["part"])
        elif call is not None:
            where = {"_id": entry["_id"], "state": "calling", "linkedid": entry["linkedid"]}
            await self._db[CALL_ENTRIES].update_one(where, {"$set": {"lease_until": now() + CALLING}})
        elif entry["lease_until"] <= now():
            await self._units.run(lambda unit: self._not_called(unit, entry))

    async def run(self, _lease: Lease) -> None:
        """Sweep until cancelled; on one hub at a time."""
        while True:
            await self.sweep()
            await asyncio.sleep(_SWEEP_S)

    async def sweep(self) -> None:
        """One round: calls of which nothing was heard, and results that were not said in time."""
        where = {"state": {"$in": ["calling", "talked"]}, "lease_until": {"$lte": now()}}
        for entry in await self._db[CALL_ENTRIES].find(where).limit(_AT_ONCE).to_list():
            if entry["state"] == "calling":
                await self.look(entry)
            else:
                await self._units.run(partial(_unsaid, entry=entry))

    async def _ended(self, entry: str, linkedid: str, part: Doc) -> None:
        said = plain_outcome(part["outcome"])

        async def work(unit: Unit) -> None:
            where = {"_id": entry, "state": "calling", "linkedid": linkedid}
            doc = await unit.db[CALL_ENTRIES].find_one(where, session=unit.session)
            if doc is None:
                return
            if part["direction"] != "outbound":  # the agent's own phone was not answered: nobody was called
                undone = {"$set": {"state": "taken", "lease_until": now() + LEASE}, "$pop": {"attempts": 1}}
                await unit.db[CALL_ENTRIES].update_one(where, undone, session=unit.session)
                return
            doc["attempts"][-1]["outcome"] = said
            if said == "answered":
                change = {"state": "talked", "lease_until": now() + _TALKED, "attempts": doc["attempts"]}
                await unit.db[CALL_ENTRIES].update_one(where, {"$set": change}, session=unit.session)
                return
            await settle(unit, doc, await self._fate(unit, doc, said), where, attempts=doc["attempts"])

        await self._units.run(work)

    async def _not_called(self, unit: Unit, entry: Doc) -> None:
        """The PBX knows no such call (any more): it is tried again, within bounds."""
        given_up = len(entry["attempts"]) >= MOST_ATTEMPTS
        fate = Fate("done", now(), "failed") if given_up else Fate("waiting", now(), None)
        await settle(unit, entry, fate, {"state": "calling", "linkedid": entry["linkedid"]})

    async def _fate(self, unit: Unit, entry: Doc, outcome: str) -> Fate:
        listed: Doc | None = await unit.db[CALL_LISTS].find_one({"_id": entry["list"]}, session=unit.session)
        return fate_of((listed or {"retries": {}})["retries"], outcome, len(entry["attempts"]), now())


async def _unsaid(unit: Unit, entry: Doc) -> None:
    """The agent did not say what came of an answered call."""
    await settle(unit, entry, Fate("done", now(), "answered"), {"state": "talked"})


async def settle(unit: Unit, entry: Doc, fate: Fate, only: Doc, **more: Any) -> bool:
    """Give an entry its fate, if it still is as `only` says; the list may be done with it."""
    change = {"state": fate.state, "due_at": fate.due_at, "result": fate.result, "lease_until": None, **more}
    found = await unit.db[CALL_ENTRIES].update_one(
        {"_id": entry["_id"], **only}, {"$set": change}, session=unit.session
    )
    if fate.state == "done":
        await finish(unit, entry["list"])
    return bool(found.matched_count)
