"""Mails a second out of a mailbox on a real Dovecot, by IMAP: kept raw, parsed, threaded, durable."""

from __future__ import annotations

import asyncio
import time
from imaplib import IMAP4

from hub.store.client import Database, connect, database
from tests.bench.figures import Figure
from tests.bench.ground import Ground, prepared
from tests.bench.machine import cpu_s
from tests.bench.mails import make_mails
from tests.faults.house import HubProcess
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.mail_server import PASSWORD
from tests.lab.ports import free_port

MAILS = 6000
_PACK, _PATIENCE_S = 500, 300.0
_CONFIG = """
[queues.support]
name = "Support"
[accounts.support]
channel = "email"
queue = "support"
addresses = ["support@demo.local"]
imap_host = "127.0.0.1"
imap_port = {imap}
username = "support"
password = "{password}"
tls = "none"
"""


async def run(ground: Ground) -> list[Figure]:
    """Measure."""
    if not installed():
        raise RuntimeError(INSTALL)
    total = ground.count(MAILS, 300)
    mails, conversations = make_mails(total)
    async with prepared(ground, "mailbox", ["support"]):
        pass
    with Dovecot() as dovecot:
        for start in range(0, total, _PACK):
            await asyncio.to_thread(dovecot.deliver, [mail for _, mail in mails[start : start + _PACK]])
        floor = total / await asyncio.to_thread(_fetch_all, dovecot.imap_client(), total)
        rate, used_s = await _through_the_hub(ground, dovecot, total, conversations)
    return [
        Figure(
            bench="mailbox", name="mailbox", measured=rate, unit="mails/s", floor=floor, budget="", met=None,
            note=f"{total:,} mails, half of them answers; the hub used {1e6 * used_s / total:.0f} us of processor each, its start included",
        )
    ]  # fmt: skip


def _fetch_all(client: IMAP4, total: int) -> float:
    """Seconds for one connection that hands all mails out to somebody who makes nothing of them."""
    client.select(readonly=True)
    started = time.monotonic()
    got = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")[1]
    took_s = time.monotonic() - started
    client.logout()
    if sum(isinstance(each, tuple) for each in got) != total:
        raise RuntimeError("the mailbox does not hold the mails that were delivered")
    return took_s


async def _through_the_hub(ground: Ground, dovecot: Dovecot, total: int, conversations: int) -> tuple[float, float]:
    config = _CONFIG.format(imap=dovecot.imap, password=PASSWORD)
    hub = HubProcess(ground.mongo_url, "mailbox", ground.folder, free_port(), config=config)
    client = connect(ground.mongo_url)
    db = database(client, "mailbox")
    try:
        await hub.start()
        assert hub.process is not None
        async with asyncio.timeout(_PATIENCE_S):
            while await db["messages"].count_documents({}) < total:
                await asyncio.sleep(0.1)
        used_s = cpu_s(hub.process.pid)
        return total / await _took_s(db, conversations), used_s
    finally:
        await hub.kill()
        await client.close()


async def _took_s(db: Database, conversations: int) -> float:
    """From the first mail in the stream to the last."""
    threads = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    if threads != conversations:
        raise RuntimeError(f"{threads} conversations stored, not {conversations}")
    [span] = await (
        await db["messages"].aggregate(
            [{"$group": {"_id": None, "first": {"$min": "$stored_at"}, "last": {"$max": "$stored_at"}}}]
        )
    ).to_list()
    took_s: float = (span["last"] - span["first"]).total_seconds()
    return took_s
