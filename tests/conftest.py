"""What every test stands on: a real MongoDB, a database of its own, a running hub, and two checks at the end of each
test: no task is left behind, and nothing was logged as an error that the test did not expect."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
from pydantic import SecretStr

from crm_core.ground.ids import new_id
from crm_core.load import load
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.main.indexes import all_indexes
from hub.settings import QueueSettings, Settings
from hub.store.client import Client, Database, connect, database
from hub.store.embedded import EmbeddedMongo
from hub.store.files import Files
from hub.store.migrate import known_migrations, migrate
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from tests.closing import pytest_sessionfinish, pytest_unconfigure  # noqa: F401 - hooks
from tests.faults.house import STARTED

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def mongo_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of one private MongoDB for the whole run (or the one in MAINSTEM_TEST_MONGO_URL).

    A read that is cancelled while PyMongo 4.20 connects leaves its socket to the garbage collector, which closes it and
    warns: the warning is let pass for this server's address alone.
    """
    for url in _mongo_server():
        port = url.removeprefix("mongodb://").split("/")[0].rpartition(":")[2]
        line = rf"ignore:Exception ignored in. <socket.socket .*raddr=\('127.0.0.1', {port}\):pytest.PytestUnraisableExceptionWarning"
        pytestconfig.addinivalue_line("filterwarnings", line)
        yield url


def _mongo_server() -> Iterator[str]:
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


@pytest.fixture(scope="session")
def prepared_database(mongo_url: str) -> str:
    """The name of a database with every index: making those anew for each test would take most of the time."""
    name = f"t_{new_id()}"

    async def prepare() -> None:
        client = connect(mongo_url)
        await migrate(database(client, name), all_indexes(load()))
        await client.close()

    with asyncio.Runner() as runner:
        runner.run(prepare())
    return name


async def _empty(db: Database) -> None:
    """Take everything out but the indexes and the notes of migrations.

    A process that a test killed may have left a transaction open, which would keep its documents for a minute.
    """
    await db.client.admin.command("killAllSessions", [])
    for name in await db.list_collection_names():
        if name == "hints":  # capped: nothing can be deleted from it
            await db.drop_collection(name)
        elif name not in ("migrations", "counters") and not name.startswith("system."):
            await db[name].delete_many({})
    known = [migration.name for migration in known_migrations()]
    await db["migrations"].delete_many({"_id": {"$nin": known}})
    await db["counters"].delete_many({"_id": {"$ne": "seq"}})
    await db["counters"].update_one({"_id": "seq"}, {"$set": {"value": 0, "turn": 0}})


@pytest.fixture
async def db(client: Client, prepared_database: str) -> Database:
    """A migrated database with nothing in it."""
    db = database(client, prepared_database)
    await _empty(db)
    return db


@pytest.fixture
def units(client: Client, db: Database) -> Units:
    """Units of work on the test's database."""
    return Units(client, db)


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """A test that leaves a task running fails."""
    before = asyncio.all_tasks()
    yield
    left = [t for t in asyncio.all_tasks() - before if _is_ours(t)]
    for task in left:
        task.cancel()
    assert not left, f"tasks left running: {[t.get_name() for t in left]}"


def _is_ours(task: asyncio.Task[Any]) -> bool:
    drivers = task.get_name().startswith("pymongo") or "pymongo" in repr(task.get_coro())
    return not task.done() and task is not asyncio.current_task() and not drivers


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
async def _no_hub_left() -> AsyncIterator[None]:
    """Hubs that a test started as processes end with it, also when it fails."""
    yield
    while STARTED:
        process = STARTED.pop()
        if process.returncode is None:
            process.kill()
            await process.wait()


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


@pytest.fixture
def settings(mongo_url: str, prepared_database: str, tmp_path: Path) -> Settings:
    """Settings of a hub on a free port, with two queues and no account."""
    return Settings(
        port=0,
        data=tmp_path,
        mongo_url=SecretStr(mongo_url),
        database=prepared_database,
        queues={"general": QueueSettings(name="General"), "support": QueueSettings(name="Support")},
    )


@pytest.fixture
async def hub(settings: Settings, db: Database) -> AsyncIterator[Hub]:
    """A running hub with nothing in its store yet."""
    hub = Hub(settings)
    await hub.start()
    yield hub
    await hub.stop()


class SignedIn:
    """A browser, more or less: cookie, CSRF header, JSON."""

    def __init__(self, session: aiohttp.ClientSession, user: str, csrf: str) -> None:
        self.http = session
        self.user = user
        self.csrf = csrf

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer; header names are written with `_` for `-`."""
        sent = {"X-CSRF-Token": self.csrf} | {k.replace("_", "-"): v for k, v in headers.items()}
        async with self.http.request(method, path, json=body, headers=sent) as answer:
            is_json = "json" in answer.content_type
            return answer.status, await answer.json(content_type=None) if is_json else await answer.read()


SignIn = Callable[..., Awaitable[SignedIn]]


@pytest.fixture
async def signed_in(hub: Hub) -> AsyncIterator[SignIn]:
    """`await signed_in("ada", roles=["SA"], queues=["support"])`: makes the person at first use, and signs in."""
    async with contextlib.AsyncExitStack() as stack:

        async def sign_in(
            login: str,
            *,
            roles: Sequence[str] = ("SA",),
            queues: Sequence[str] = (),
            locale: Literal["zh", "en"] = "en",
        ) -> SignedIn:
            if await hub.db["credentials"].find_one({"login": login}) is None:
                user = await hub.identity.staff.create_user(
                    login, login.title(), PASSWORD, far=FarEnd("local", "test"), roles=list(roles), locale=locale
                )
                for queue in queues:
                    await hub.db["queues"].update_one(
                        {"_id": queue},
                        {"$addToSet": {"members": user}, "$setOnInsert": {"name": queue, "name_zh": "", "sla_s": 3600}},
                        upsert=True,
                    )
            session = await stack.enter_async_context(
                aiohttp.ClientSession(hub.url, cookie_jar=aiohttp.CookieJar(unsafe=True))
            )
            async with session.post("/api/session", json={"login": login, "password": PASSWORD}) as answer:
                assert answer.status == 200, await answer.text()
                body = await answer.json()
            return SignedIn(session, body["user"]["id"], body["csrf"])

        yield sign_in
