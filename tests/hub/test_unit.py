"""Units of work: all or nothing, one after the other, numbered without a tie."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from crm_core.ground.events import EVERYONE, Event, Room
from hub.store.client import Client, Database
from hub.store.collections import EVENTS
from hub.store.unit import Unit, Units


@dataclass(frozen=True, kw_only=True)
class Tried(Event, name="test.tried"):
    n: int

    def rooms(self) -> frozenset[Room]:
        return frozenset({EVERYONE})


async def test_a_unit_that_fails_leaves_neither_document_nor_event(db: Database, units: Units) -> None:
    async def work(unit: Unit) -> None:
        await unit.db["things"].insert_one({"_id": 1}, session=unit.session)
        unit.announce(Tried(n=1))
        raise ValueError("no")

    await db.drop_collection("things")
    await db.create_collection("things")
    with pytest.raises(ValueError):
        await units.run(work)
    assert await db["things"].count_documents({}) == 0
    assert await db[EVENTS].count_documents({}) == 0


async def test_two_processes_that_write_at_once_get_one_unbroken_order(client: Client, db: Database) -> None:
    hubs = [Units(client, db), Units(client, db)]
    await db["things"].delete_many({})
    await db["things"].insert_one({"_id": "n", "value": 0})

    async def add(units: Units) -> None:
        async def work(unit: Unit) -> None:
            found = await unit.db["things"].find_one({"_id": "n"}, session=unit.session)
            assert found is not None
            value = found["value"] + 1
            await unit.db["things"].update_one({"_id": "n"}, {"$set": {"value": value}}, session=unit.session)
            unit.announce(Tried(n=value))

        for _ in range(20):
            await units.run(work)

    await asyncio.gather(*(add(units) for units in hubs))
    events = await db[EVENTS].find().sort("_id", 1).to_list()
    assert [e["data"]["n"] for e in events] == list(range(1, 41))
    assert [e["_id"] for e in events] == list(range(1, 41))
