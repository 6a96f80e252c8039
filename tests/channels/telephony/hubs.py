"""Hubs as processes of their own, with the PBX of the run as their account: to be killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hub.store.client import Database, Doc
from tests.conftest import SignedIn
from tests.faults.house import HubProcess
from tests.lab.asterisk.server import SECRET, USER

CONFIG = """
[limits]
drain_s = 2.0
[queues.support]
name = "Support"
[accounts.pbx]
channel = "telephony"
queue = "support"
host = "127.0.0.1"
port = {door}
username = "USER"
secret = "SECRET"
ping_s = 1.0
""".replace("USER", USER).replace("SECRET", SECRET)


def hub_process(mongo_url: str, database: str, folder: Path, ami: int, name: str) -> HubProcess:
    """A hub whose PBX is at that port."""
    home = folder / name
    home.mkdir()
    (folder / "key").touch()
    return HubProcess(mongo_url, database, home, ami, config=CONFIG)


async def owned(db: Database) -> Any:
    """Whether a hub is connected to the PBX."""
    return await db["health"].find_one({"_id": "pbx", "state": "connected"})


async def taken(db: Database, before: Doc | None) -> bool:
    """Whether another hub is than the one of this lease."""
    now = await db["leases"].find_one({"_id": "account:pbx"})
    health = await owned(db)
    return bool(now and before and now["hub"] != before["hub"] and health and health["hub"] == now["hub"])


async def dies_of(act: Callable[[], Awaitable[Any]], gone: asyncio.Event) -> None:
    """Ask until the hub dies of it. On a busy machine it may say first that the PBX does not answer: no death comes of that."""
    async with asyncio.timeout(120):
        while True:
            try:
                answer = await act()
            except aiohttp.ClientError:
                await gone.wait()
                return
            assert answer[0] == 503, answer
            await asyncio.sleep(0.2)


@asynccontextmanager
async def elsewhere(hub: HubProcess, who: SignedIn) -> AsyncIterator[SignedIn]:
    """The same person at another hub: sign-ins are in the store."""
    async with aiohttp.ClientSession(hub.url, cookie_jar=who.http.cookie_jar) as session:
        yield SignedIn(session, who.user, who.csrf)
