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
from hub.desk.outbound.tracing import Tracing
from hub.leases import Lease
from hub.readers import Reader
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_ENTRIES, CALL_LISTS
from hub.store.unit import Unit, Units

LEASE = timedelta(minutes=5)
"""So long an agent may look at an entry before dialling."""
CALLING = timedelta(seconds=30)
"""So long a dialled entry waits for its call before somebody looks."""
SOON = timedelta(seconds=5)
"""So long after it was in doubt whether the PBX took a call, it is asked; and asked again where it did not say."""
_TALKED = timedelta(minutes=10)
"""So long after an answered call, or one of which nobody else knows, the agent's result is awaited."""
_IN_DOUBT = timedelta(minutes=10)
"""So long a PBX that does not say is asked; after that the agent is."""
_SWEEP_S = 5.0
_AT_ONCE = 100


class EntryFates:
    """Moves entries on."""

    def __init__(self, units: Units, tracing: Tracing) -> None:
        self._units, self._db, self._tracing = units, units.db, tracing

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("call-lists", frozenset({"call.ended"}), self.handle, fields=("call",), calm=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order."""
        calls: list[Doc] = [event["data"]["call"] for event in batch]
        parts = {linkedid: call["part"] for call in calls for linkedid in call["linkedids"]}
        where = {"linkedid": {"$in": sorted(parts)}, "state": "calling"}
        async for entry in self._db[CALL_ENTRIES].find(where):
            await self._over(entry, parts[entry["linkedid"]])

    async def look(self, entry: Doc) -> None:
        """Bring one entry that is being called in step with its call, as the store has it."""
        call = await self._db[CALLS].find_one({"linkedids": entry["linkedid"], "merged_into": None})
        if call is not None and not call["live"]:
            await self._over(entry, call["part"])
        elif call is not None:
            await self._look_again(entry, CALLING)
        elif entry["lease_until"] <= now():
            await self._trace(entry)

    async def _look_again(self, entry: Doc, after: timedelta) -> None:
        await self._db[CALL_ENTRIES].update_one(_called(entry), {"$set": {"lease_until": now() + after}})

    async def _over(self, entry: Doc, part: Doc) -> None:
        """Its call is over. Where nobody saw the end, the PBX did."""
        if part.get("blind"):
            await self._trace(entry, part)
        else:
            await self._ended(entry["_id"], entry["linkedid"], part)

    async def _trace(self, entry: Doc, part: Doc | None = None) -> None:
        """As the PBX says, and never on a guess, it is dialled again. `part`: what is known of a call of which nobody saw
        the end; it may have got further than that."""
        found = await self._tracing.of(entry, gone=part is not None)
        called = part is not None and part["direction"] == "outbound"
        lost = found.state == "lost" if found else entry["attempts"][-1]["at"] + _IN_DOUBT <= now()
        if found is not None and found.state == "over":
            direction = "internal" if found.outcome is None else "outbound"
            await self._ended(entry["_id"], entry["linkedid"], {"direction": direction, "outcome": found.outcome})
        elif found is not None and found.state == "unknown" and not called:
            await self._units.run(lambda unit: self._not_called(unit, entry))
        elif found is not None and found.state == "live":
            await self._look_again(entry, CALLING)
        elif part is not None and called and (lost or found):
            await self._ended(entry["_id"], entry["linkedid"], part)
        elif lost:
            ask = {"state": "talked", "lease_until": now() + _TALKED}
            await self._db[CALL_ENTRIES].update_one(_called(entry), {"$set": ask})
        else:
            await self._look_again(entry, SOON)

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
                await self._units.run(partial(self._unsaid, entry=entry))

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
        await settle(unit, entry, fate, _called(entry))

    async def _unsaid(self, unit: Unit, entry: Doc) -> None:
        """The agent did not say what came of a call. One of which nobody knows whether it was answered is tried again, by
        the rule for numbers that are not."""
        answered = entry["attempts"][-1]["outcome"] == "answered"
        fate = Fate("done", now(), "answered") if answered else await self._fate(unit, entry, "no_answer")
        await settle(unit, entry, fate, {"state": "talked", "linkedid": entry["linkedid"]})

    async def _fate(self, unit: Unit, entry: Doc, outcome: str) -> Fate:
        listed: Doc | None = await unit.db[CALL_LISTS].find_one({"_id": entry["list"]}, session=unit.session)
        return fate_of((listed or {"retries": {}})["retries"], outcome, len(entry["attempts"]), now())


def _called(entry: Doc) -> Doc:
    """The entry, while the same call is awaited."""
    return {"_id": entry["_id"], "state": "calling", "linkedid": entry["linkedid"]}


async def settle(unit: Unit, entry: Doc, fate: Fate, only: Doc, **more: Any) -> bool:
    """Give an entry its fate, if it still is as `only` says; the list may be done with it."""
    change = {"state": fate.state, "due_at": fate.due_at, "result": fate.result, "lease_until": None, **more}
    found = await unit.db[CALL_ENTRIES].update_one(
        {"_id": entry["_id"], **only}, {"$set": change}, session=unit.session
    )
    if fate.state == "done":
        await finish(unit, entry["list"])
    return bool(found.matched_count)
