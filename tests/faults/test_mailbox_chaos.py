"""A mailbox that loses nothing (S2.9.3): mail flows in while the IMAP server, the line to it and the hub itself fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from pymongo.errors import ConnectionFailure

from crm_core.ground.ids import new_id
from hub.store.client import Client, Database, database
from hub.supervise import end_tasks
from tests.faults.house import SUPPORT, HubProcess, assert_free_within_ten_seconds, make_mails
from tests.lab.chaos_proxy import ChaosProxy, Fault
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.mail_server import PASSWORD

pytestmark = [pytest.mark.fault, pytest.mark.skipif(not installed(), reason=INSTALL)]

COUNT = 2000
CONFIG = f"""{SUPPORT}imap_host = "127.0.0.1"
imap_port = {{door}}
tls = "none"
username = "support"
password = "{PASSWORD}"
imap_timeout_s = 4
imap_idle_s = 2
imap_poll_s = 5
"""
FAULTS: tuple[Fault, ...] = (
    "cut-in-literal", "bye-to-idle", "close-in-idle", "reset", "close-at-idle", "bye-in-idle", "hang-at-idle", "hang",
    "cut-in-literal", "hang-in-idle", "refuse",
)  # fmt: skip


@pytest.fixture
async def db(mongo_url: str, client: Client) -> AsyncIterator[Database]:
    """A database of its own on the shared server."""
    name = f"t_{new_id()}"
    yield database(client, name)
    with suppress(ConnectionFailure):  # tidiness, on a server that ends with the run
        await client.drop_database(name)


@pytest.mark.timeout(240)
async def test_a_mailbox_in_a_storm_loses_and_doubles_nothing(mongo_url: str, db: Database, tmp_path: Path) -> None:
    mails = [bytes(mail) for mail in make_mails(COUNT, 11)]  # takes a second, which the proxy must not
    with Dovecot() as dovecot:
        async with ChaosProxy(dovecot.imap) as proxy:
            hub = HubProcess(mongo_url, db.name, tmp_path, door=proxy.port, config=CONFIG)
            await hub.start()
            flow = asyncio.ensure_future(_flow(dovecot, mails))
            try:
                await _storm(proxy, dovecot, hub, db)
                await flow
            finally:
                await end_tasks([flow])
            await _until_stored(db, COUNT, within_s=90)
            assert await _reconciled(hub), "reconcile finds something"
            await _check(db)
            assert await hub.stop() == 0
    assert proxy.waiting == 0, f"faults that were never made; made: {proxy.done}"


async def test_one_hub_reads_a_mailbox_and_another_takes_over_within_ten_seconds_of_a_kill(
    mongo_url: str, db: Database, tmp_path: Path
) -> None:
    with Dovecot() as dovecot:
        async with ChaosProxy(dovecot.imap) as proxy:
            hubs = [HubProcess(mongo_url, db.name, tmp_path, door=proxy.port, config=CONFIG) for _ in range(2)]
            for hub in hubs:
                await hub.start()
            await asyncio.to_thread(dovecot.deliver, [bytes(mail) for mail in make_mails(100, 12)])
            await _until_stored(db, 100)
            lease = await db["leases"].find_one({"_id": "account:support"})
            assert lease is not None
            logs = {hub: (tmp_path / f"hub-{hub.port}.log").read_text() for hub in hubs}
            victim = next(hub for hub in hubs if f'"hub": "{lease["hub"]}"' in logs[hub])
            await victim.kill()
            await assert_free_within_ten_seconds(db)
            await asyncio.to_thread(dovecot.deliver, [bytes(mail) for mail in make_mails(20, 13)])
            await _until_stored(db, 120)
            assert proxy.most_at_once == 1, "two hubs read one mailbox"
            assert await db["messages"].count_documents({}) == 120
            for hub in hubs:
                if hub is not victim:
                    await hub.stop()


async def _flow(dovecot: Dovecot, mails: list[bytes]) -> None:
    """All mails, a tenth of them twice, in a random order, by LMTP."""
    for start in range(0, len(mails), 100):
        await asyncio.to_thread(dovecot.deliver, mails[start : start + 100])
        await asyncio.sleep(0.3)


async def _storm(proxy: ChaosProxy, dovecot: Dovecot, hub: HubProcess, db: Database) -> None:
    """Everything that may go wrong, one after the other, while mail comes."""
    chance = random.Random(5)
    await _until_stored(db, 1)
    for number, fault in enumerate(FAULTS):
        proxy.plan(fault)
        if number in (2, 6):
            await hub.kill()
            await hub.start()
        if number == 4:
            await dovecot.restart(kill=True)
        if number == 7:
            await asyncio.to_thread(dovecot.stop)
            await asyncio.to_thread(dovecot.forget_uids)
            await asyncio.to_thread(dovecot.start)
        if number == 9:
            proxy.tear(reset=True)
            await dovecot.restart()
        await asyncio.sleep(chance.uniform(0.2, 0.8))
        await _until_made(proxy)


async def _until_made(proxy: ChaosProxy) -> None:
    async with asyncio.timeout(60):
        while proxy.waiting:
            await asyncio.sleep(0.05)


async def _until_stored(db: Database, count: int, within_s: float = 60) -> None:
    async with asyncio.timeout(within_s):
        while await _stored(db) < count:
            await asyncio.sleep(0.2)


async def _stored(db: Database) -> int:
    try:
        return await db["messages"].count_documents({})
    except ConnectionFailure:  # a machine that is busy with the storm: ask again
        return 0


async def _reconciled(hub: HubProcess) -> bool:
    """Whether `mainstem reconcile` has nothing to say, within the minute that a sweep takes."""
    async with asyncio.timeout(60):
        while True:
            code, said = await hub.command("reconcile")
            if code == 0 and "support: missing 0 doubled 0" in said:
                return True
            await asyncio.sleep(2)


async def _check(db: Database) -> None:
    stored = [doc["external_id"] async for doc in db["messages"].find({}, {"external_id": 1})]
    assert len(stored) == len(set(stored)) == COUNT
    assert await db["raw"].count_documents({"open": True}) == 0
    assert await db["quarantine"].count_documents({}) == 0
    told = [e["data"]["message"]["id"] async for e in db["events"].find({"name": "message.appended"})]
    assert len(told) == len(set(told)) == COUNT, "a message without its event, or with two"
    threads = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    assert threads == COUNT // 4, "late or repeated mails opened other conversations"
    raws = await db["raw"].count_documents({})
    assert raws < COUNT * 1.1, f"{raws} pieces of raw input: new UIDs must not make them pile up"
