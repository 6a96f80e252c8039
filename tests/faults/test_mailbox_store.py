"""A mailbox is read while the store itself is killed: the mail stays where it is until it is durable here (S2.9.3)."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError

from hub.store.client import Database, connect, database
from hub.store.embedded import EmbeddedMongo
from tests.faults.house import HubProcess, make_mails
from tests.faults.test_mailbox_chaos import CONFIG
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.ports import free_port

pytestmark = [pytest.mark.fault, pytest.mark.skipif(not installed(), reason=INSTALL)]

COUNT = 800
KILL_AT = (20, 120, 240)
"""The database is killed once so many mails are stored: in the middle of the intake, whatever the machine's speed."""


@pytest.mark.timeout(300)
async def test_a_database_killed_under_a_mailbox_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """S2.9.3: kill -9 of MongoDB, three times, while hundreds of mails are read over IMAP."""
    mails = [bytes(mail) for mail in make_mails(COUNT, 21)]
    port = free_port()
    server = EmbeddedMongo(tmp_path, port)
    url = await server.start()
    client = connect(url)
    db = database(client, "faults")
    try:
        with Dovecot() as dovecot:
            hub = HubProcess(url, "faults", tmp_path, door=dovecot.imap, config=CONFIG)
            await hub.start()
            flow = asyncio.ensure_future(asyncio.to_thread(dovecot.deliver, mails))
            try:
                for stored in KILL_AT:
                    await _until_stored(db, stored)
                    assert await _stored(db) < COUNT, "the flow ended before the database was killed"
                    await _kill(server)
                    server = EmbeddedMongo(tmp_path, port)
                    await server.start()
            finally:
                await flow
            await _until_stored(db, COUNT)
            await _until_reconciled(hub)
            await _check(db)
            assert await hub.stop() == 0
    finally:
        await client.close()
        await server.stop()


async def _kill(server: EmbeddedMongo) -> None:
    """kill -9, and wait until the process is gone: the next one must not take it for a running server."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while Path(f"/proc/{server.pid}").exists():
            await asyncio.sleep(0.02)


async def _stored(db: Database) -> int:
    try:
        return await db["messages"].count_documents({})
    except PyMongoError:  # it was just killed
        return 0


async def _until_stored(db: Database, count: int) -> None:
    async with asyncio.timeout(120):
        while await _stored(db) < count:
            await asyncio.sleep(0.02)


async def _until_reconciled(hub: HubProcess) -> None:
    """What was half done is finished by the sweep within a minute; then there is nothing to say."""
    async with asyncio.timeout(120):
        while True:
            code, said = await hub.command("reconcile")
            if code == 0 and "support: missing 0 doubled 0" in said:
                return
            await asyncio.sleep(2)


async def _check(db: Database) -> None:
    stored = [doc["external_id"] async for doc in db["messages"].find({}, {"external_id": 1})]
    assert len(stored) == len(set(stored)), "doubled"
    assert len(stored) == COUNT, f"lost {COUNT - len(stored)}"
    assert await db["raw"].count_documents({"open": True}) == 0
    assert await db["quarantine"].count_documents({}) == 0
    told = [e["data"]["message"]["id"] async for e in db["events"].find({"name": "message.appended"})]
    assert len(told) == len(set(told)) == COUNT, "a message without its event, or with two"
    threads = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    assert threads == COUNT // 4, "late or repeated mails opened other conversations"
