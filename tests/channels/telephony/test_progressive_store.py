"""MongoDB dies under a progressive list, and comes back: the list goes on by itself. (S2.9.9-06)"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError

from channels.telephony.ami import Ami
from crm_core.load import load
from hub.main.indexes import all_indexes
from hub.store.client import Database, connect, database
from hub.store.embedded import EmbeddedMongo
from hub.store.migrate import migrate
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.hubs import hub_process
from tests.channels.telephony.lists import Dialled, all_true, done, prepared
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, RINGING, agent, carrier, pause
from tests.lab.ports import free_port

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

NUMBERS = [f"+861390013920{n}" for n in range(4)]
PICKS_UP = (RINGING, ANSWER, ACKED, BYED)
WITHIN_S = 180.0


class Store:
    """A MongoDB of the test's own, to be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()

    async def start(self) -> str:
        """Start it, also after a crash; returns the address."""
        self._server = EmbeddedMongo(self._folder, self._port)
        return await self._server.start()

    def kill(self) -> None:
        """kill -9."""
        assert self._server.pid is not None
        os.kill(self._server.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Stop it as the hub does."""
        await self._server.stop()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Not the one of the whole run."""
    store = Store(tmp_path / "mongo")
    (tmp_path / "mongo").mkdir()
    yield store
    await store.stop()


@pytest.fixture
async def mongo_url(store: Store) -> str:
    """The address of that MongoDB."""
    return await store.start()


@pytest.fixture
async def prepared_database(mongo_url: str) -> str:
    """A database there with every index."""
    client = connect(mongo_url)
    await migrate(database(client, "kills"), all_indexes(load()))
    await client.close()
    return "kills"


async def test_a_killed_database_loses_and_doubles_nothing(
    pbx: Asterisk, ami: Ami, floor: Floor, store: Store, mongo_url: str, db: Database, tmp_path: Path
) -> None:
    """Killed while a call rings, twice; each number is dialled once, and its entry says what came of it."""
    listed, dialled = await prepared(floor, db, NUMBERS), Dialled(ami)
    hub = hub_process(mongo_url, db.name, tmp_path, pbx.ami, "hub")
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, pause(2), BUSY):
        await hub.start()
        for kills in (1, 2):

            async def rings(kills: int = kills) -> bool:
                return len(dialled.numbers()) >= kills

            await until(rings, WITHIN_S)
            store.kill()
            await asyncio.sleep(3)  # the call ends meanwhile
            await store.start()
        await until(lambda: _done(db, listed), WITHIN_S)
        await hub.stop()
    await all_true(db, listed, dialled, NUMBERS)


async def _done(db: Database, listed: str) -> bool:
    try:
        return await done(db, listed)
    except PyMongoError:  # the store is just coming back
        return False
