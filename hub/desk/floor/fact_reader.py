"""Keeps the facts of calls in the store: a durable reader of the stream.

It reads the call's document as it stands and writes its facts anew, so it does not matter how often or in what order
it hears of a call. A hub that reads late cannot put older facts over newer ones: `n` only grows. Wrap-ups follow from
the agents' presence, in order. (S2.9.9-08)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from pymongo import UpdateOne

from crm_core.ground.clock import now
from hub.desk.floor import span_marks
from hub.desk.floor.fact_writer import FactWriter
from hub.desk.floor.facts import Target, facts_of, target_of
from hub.readers import Reader
from hub.store.call_collections import CALLS
from hub.store.client import Database, Doc
from hub.store.collections import QUEUES
from hub.store.floor_collections import CALL_FACTS

_WANTS = frozenset({"call.changed", "agent.changed"})
_FIELDS = ("call.account", "call.call", "user", "state", "since")
_SLICE = 200
_BEFORE_WRAP_UP = timedelta(minutes=5)
"""A wrap-up belongs to the person's last call, where that ended not long before."""


class FactReader:
    """Writes facts for what the stream tells. `changed` is called when some were written."""

    def __init__(self, db: Database, changed: Callable[[], None] = lambda: None) -> None:
        self._db, self._facts, self._changed = db, db[CALL_FACTS], changed
        self._writer = FactWriter(db)

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("call-facts", _WANTS, self.handle, _FIELDS, calm=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order."""
        calls = [event["data"]["call"] for event in batch if event["name"] == "call.changed"]
        await self.write(dict.fromkeys(f"{call['account']}|{call['call']}" for call in calls))
        for event in batch:
            if event["name"] == "agent.changed":
                await self._wrap_up(event["data"])
        self._changed()

    async def rebuild(self, told: Callable[[int], None] = lambda _count: None) -> int:
        """Make the facts of all calls anew, with the targets of today; safe beside the reader. Returns how many calls.

        Their sums follow: until a hub has made them anew, reports read the facts.
        """
        count, after = 0, ""
        while ids := await self._after(after):
            await self.write(ids)
            count, after = count + len(ids), ids[-1]
            told(count)
        await span_marks.forget(self._db)
        return count

    async def _after(self, call: str) -> list[str]:
        found = self._db[CALLS].find({"_id": {"$gt": call}}, {"_id": 1}).sort("_id", 1).limit(_SLICE)
        return [doc["_id"] async for doc in found]

    async def write(self, calls: Iterable[str]) -> None:
        """Bring the facts of these calls in step with their documents."""
        docs = await self._db[CALLS].find({"_id": {"$in": list(calls)}}).to_list()
        targets = await self.targets()
        await self._writer.put([(doc, facts_of(doc, targets)) for doc in docs])

    async def targets(self) -> dict[str, Target]:
        """What each queue aims at."""
        found = self._db[QUEUES].find({"service_level": {"$exists": True}}, {"service_level": 1})
        return {doc["_id"]: target_of(doc) async for doc in found}

    async def _wrap_up(self, data: Doc) -> None:
        """A person's presence changed: what wrap-up was open is over, and perhaps another begins."""
        user, since = data["user"], data["since"]
        async for doc in self._facts.find({"user": user, "kind": "wrap", "ended_at": None, "at": {"$lt": since}}):
            m = {"wraps": 1, "wrap_s": round((since - doc["at"]).total_seconds(), 3)}
            change = {"$set": {"ended_at": since, "m": m, "changed_at": now()}}
            await self._writer.change(doc["at"], UpdateOne({"_id": doc["_id"], "ended_at": None}, change))
        if data["state"] != "wrap_up":
            return
        last = await self._facts.find_one(
            {"user": user, "kind": "handling", "outcome": "answered", "at": {"$gte": since - timedelta(days=1), "$lte": since},
             "ended_at": {"$gte": since - _BEFORE_WRAP_UP}},
            sort=[("at", -1)],
        )  # fmt: skip
        about = {key: (last or {}).get(key, "") for key in ("account", "call", "message", "queue", "extension")}
        fact = {
            **about, "kind": "wrap", "n": 0, "user": user, "direction": (last or {}).get("direction", "inbound"),
            "outcome": "", "transfer": "", "at": since, "ended_at": None, "changed_at": now(), "m": {},
        }  # fmt: skip
        key = {"_id": f"wrap|{user}|{since.isoformat()}"}
        await self._writer.change(since, UpdateOne(key, {"$setOnInsert": fact}, upsert=True))
