"""What every test stands on: a real MongoDB, a database of its own, a running hub, and two checks at the end of each
test: no task is left behind, and nothing was logged as an error that the test did not expect."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crm_core.ground.ids import new_id
from hub.store.client import Client, Database, connect, database
from hub.store.collections import HUB_INDEXES
from hub.store.desk_indexes import DESK_INDEXES
from hub.store.embedded import EmbeddedMongo
from hub.store.files import Files
from hub.store.migrate import migrate
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.stream import Stream
from hub.supervise import Supervisor


@pytest.fixture(scope="session")
def mongo_url() -> Iterator[str]:
    """The address of one private MongoDB for the whole run (or the one in MAINSTEM_TEST_MONGO_URL)."""
    if given := os.environ.get("MAINSTEM_TEST_MONGO_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="mainstem-test-") as folder, asyncio.Runner() as runner:
        server = EmbeddedMongo(Path(folder))
        url = runner.run(server.start())
        yield url
        runner.run(server.stop())


@pytest.fixture
async def client(mongo_url: str) -> AsyncIterator[Client]:
    """A connection of the test's own."""
    client = connect(mongo_url)
    yield client
    await client.close()


@pytest.fixture
async def db(client: Client) -> AsyncIterator[Database]:
    """An empty database, migrated, dropped afterwards."""
    name = f"t_{new_id()}"
    db = database(client, name)
    await migrate(db, (*HUB_INDEXES, *DESK_INDEXES))
    yield db
    await client.drop_database(name)


@pytest.fixture
def units(client: Client, db: Database) -> Units:
    """Units of work on the test's database."""
    return Units(client, db)


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """A test that leaves a task running fails."""
    before = asyncio.all_tasks()
    yield
    extra = asyncio.all_tasks() - before - {asyncio.current_task()}
    left = [t for t in extra if t and not t.done() and not _is_the_drivers(t)]
    for task in left:
        task.cancel()
    assert not left, f"tasks left running: {[t.get_name() for t in left]}"


def _is_the_drivers(task: asyncio.Task[object]) -> bool:
    return task.get_name().startswith("pymongo") or "pymongo" in repr(task.get_coro())


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def expected_errors() -> list[str]:
    """Log phrases at level error that this test provokes on purpose; append to it."""
    return []


@pytest.fixture(autouse=True)
def _no_error_logged(expected_errors: list[str]) -> Iterator[None]:
    """A test during which an unexpected error is logged fails."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    surprising = [
        f"{r.name}: {r.getMessage()} {r.exc_info[1] if r.exc_info else ''}"
        for r in handler.records
        if not any(phrase in r.getMessage() for phrase in expected_errors)
    ]
    assert not surprising, f"errors were logged: {surprising}"


@pytest.fixture
async def stream(db: Database, units: Units) -> AsyncIterator[Stream]:
    """The write path, running."""
    supervisor = Supervisor()
    loop = CommitLoop(units, 200)
    supervisor.keep("commit", loop.run)
    yield Stream(db, units, Files(db), loop)
    await supervisor.stop()
