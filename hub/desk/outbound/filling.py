"""Putting people on a call list, in one order and so that doing it again changes nothing: a number, and a record, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pymongo.errors import BulkWriteError

from crm_core.ground.clock import now
from hub.desk.outbound.call_lists import finish
from hub.desk.outbound.do_not_call import barred
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_ENTRIES, CALL_LISTS
from hub.store.unit import Unit, Units

_AT_ONCE = 200
_DUPLICATE = 11000


@dataclass(frozen=True, slots=True)
class Callee:
    """Somebody whom a list names; `why` says why nobody calls, where that is so. `number` is E.164."""

    number: str
    name: str = ""
    record: str | None = None
    why: str | None = None


class Filling:
    """Fills one list."""

    def __init__(self, units: Units, call_list: str) -> None:
        self._units, self._db, self._list = units, units.db, call_list
        self._left_out: Counter[str] = Counter()
        self._n = 0

    async def fill(self, callees: AsyncIterator[Callee]) -> int:
        """Write the entries, then that they are complete; returns how many the list has."""
        batch: list[Callee] = []
        async for callee in callees:
            if callee.why is not None:
                self._left_out[callee.why] += 1
                continue
            batch.append(callee)
            if len(batch) == _AT_ONCE:
                await self._write(batch)
                batch = []
        await self._write(batch)
        await self._units.run(self._complete)
        return self._n

    async def _write(self, batch: list[Callee]) -> None:
        never = await barred(self._db, [callee.number for callee in batch])
        self._left_out["do_not_call"] += sum(callee.number in never for callee in batch)
        docs = [self._entry(callee) for callee in batch if callee.number not in never]
        if not docs:
            return
        try:
            await self._db[CALL_ENTRIES].insert_many(docs, ordered=False)
        except BulkWriteError as error:  # a worker before us wrote them and died
            if any(each.get("code") != _DUPLICATE for each in (error.details or {}).get("writeErrors", ())):
                raise

    def _entry(self, callee: Callee) -> Doc:
        self._n += 1
        return {
            "_id": f"{self._list}-{callee.number.removeprefix('+')}", "list": self._list, "n": self._n,
            "number": callee.number, "name": callee.name, "record": callee.record, "state": "waiting", "due_at": now(),
            "agent": None, "lease_until": None, "linkedid": None, "attempts": [], "result": None,
        }  # fmt: skip

    async def _complete(self, unit: Unit) -> None:
        change = {"filled": True, "left_out": dict(+self._left_out)}
        await unit.db[CALL_LISTS].update_one({"_id": self._list}, {"$set": change}, session=unit.session)
        await finish(unit, self._list)
