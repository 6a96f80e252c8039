"""Nothing lost, nothing doubled: processes are killed with -9 in the middle of a flow of mails."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crm_core.ground.ids import new_id
from hub.store.client import Client, Database, connect, database
from hub.store.embedded import EmbeddedMongo
from tests.faults.house import HubProcess, assert_free_within_ten_seconds, deliver, make_mails
from tests.lab.ports import free_port

pytestmark = pytest.mark.fault

COUNT = 2000


@pytest.fixture
async def place(mongo_url: str, client: Client, tmp_path: Path) -> AsyncIterator[tuple[str, Database]]:
    """A database name on the shared server."""
    name = f"t_{new_id()}"
    yield name, database(client, name)
    await client.drop_database(name)


async def _check_all_there(db: Database, count: int) -> None:
    stored = [doc["external_id"] async for doc in db["messages"].find({}, {"external_id": 1})]
    assert len(stored) == len(set(stored)), "doubled"
    assert len(stored) == count, f"lost {count - len(stored)}"
    seqs = [doc["seq"] async for doc in db["messages"].find({}, {"seq": 1})]
    assert len(set(seqs)) == count
    told = {
        e["data"]["message"]["id"]
        async for e in db["events"].find({"name": "message.appended"}, {"data.message.id": 1})
    }
    assert len(told) == count, "a message without its event"
    threads = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    assert threads == count // 4, "late or repeated mails opened other conversations"


async def _until_clean(hub: HubProcess) -> None:
    """What a fault left half done is finished by the sweep within a minute; then `reconcile` has nothing to say."""
    async with asyncio.timeout(90):
        while True:
            code, said = await hub.command("reconcile")
            if code == 0 and "support: missing 0 doubled 0" in said:
                return
            await asyncio.sleep(3)


async def test_a_hub_killed_again_and_again_loses_and_doubles_nothing(
    mongo_url: str, place: tuple[str, Database], tmp_path: Path
) -> None:
    name, db = place
    hub = HubProcess(mongo_url, name, tmp_path, door=free_port())
    await hub.start()
    sending = asyncio.ensure_future(deliver(make_mails(COUNT, 1), hub.door))
    chance, kills = random.Random(7), 0
    while not sending.done() and kills < 5:
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        await hub.kill()
        kills += 1
        await hub.start()
    await sending
    assert kills >= 2, "the flow ended before anything was killed"
    await _check_all_there(db, COUNT)
    await _until_clean(hub)
    assert await hub.stop() == 0


async def test_a_killed_database_loses_and_doubles_nothing(tmp_path: Path) -> None:
    port = free_port()
    server = EmbeddedMongo(tmp_path, port)
    url = await server.start()
    hub = HubProcess(url, "faults", tmp_path, door=free_port())
    await hub.start()
    sending = asyncio.ensure_future(deliver(make_mails(COUNT, 2), hub.door))
    for _ in range(2):
        await asyncio.sleep(0.8)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.sleep(0.5)
        server = EmbeddedMongo(tmp_path, port)
        await server.start()
    await sending
    client = connect(url)
    await _check_all_there(database(client, "faults"), COUNT)
    await _until_clean(hub)
    await hub.stop()
    await client.close()
    await server.stop()


async def test_another_hub_takes_the_door_within_ten_seconds_of_a_kill(
    mongo_url: str, place: tuple[str, Database], tmp_path: Path
) -> None:
    name, db = place
    door = free_port()
    hubs = [HubProcess(mongo_url, name, tmp_path, door) for _ in range(2)]
    for hub in hubs:
        await hub.start()
    mails = make_mails(400, 3)
    sending = asyncio.ensure_future(deliver(mails, door))
    await asyncio.sleep(0.5)
    lease = await db["leases"].find_one({"_id": "account:support"})
    assert lease is not None
    logs = {hub: (tmp_path / f"hub-{hub.port}.log").read_text() for hub in hubs}
    victim = next(hub for hub in hubs if f'"hub": "{lease["hub"]}"' in logs[hub])
    await victim.kill()
    await assert_free_within_ten_seconds(db)
    await deliver(make_mails(4, 4), door)
    await sending
    stored = await db["messages"].count_documents({})
    assert stored == 404
    for hub in hubs:
        if hub is not victim:
            await hub.stop()
