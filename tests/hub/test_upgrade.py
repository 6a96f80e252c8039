"""A database of the version before upgrades itself when the new one starts, once, whoever starts first; one of a newer
version is refused.

`upgrade/v1.json` is what the first release's code wrote: three mails (HTML, an attachment, Chinese), an answer that still
waits to be sent, a note, a closed conversation, a colleague, a contact; documents and indexes as they were.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from bson import json_util
from pydantic import SecretStr
from pymongo import IndexModel

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from crm_core.load import load
from hub.errors import SetupError
from hub.main import Hub
from hub.main.indexes import all_indexes
from hub.settings import AccountSettings, QueueSettings, Settings
from hub.store import migrate as migrating
from hub.store.client import Client, Database, database
from hub.store.migrate import Migration, known_migrations, migrate
from tests.conftest import PASSWORD
from tests.lab.envelopes import mail

FIXTURE = Path(__file__).parent / "upgrade" / "v1.json"


async def _fill(db: Database) -> None:
    old: dict[str, Any] = json_util.loads(FIXTURE.read_text(), json_options=json_util.JSONOptions(tz_aware=True))
    for name, indexes in old["indexes"].items():
        models = [IndexModel([(k, int(d)) for k, d in index.pop("key")], **index) for index in indexes]
        if models:
            await db[name].create_indexes(models)
    for name, docs in old["collections"].items():
        if docs:
            await db[name].insert_many(docs)


@pytest.fixture
async def old_db(client: Client) -> AsyncIterator[Database]:
    """A database as the version before left it."""
    db = database(client, f"t_{new_id()}")
    await _fill(db)
    yield db
    await client.drop_database(db.name)


class FarServer:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


@contextlib.asynccontextmanager
async def far_server() -> AsyncIterator[tuple[FarServer, int]]:
    """It, and its port."""
    kept = FarServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(kept, loop=loop), "127.0.0.1", 0)
    yield kept, server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


def _settings(mongo_url: str, db: Database, folder: Path, smtp_port: int = 1) -> Settings:
    box = {"channel": "email", "queue": "support", "addresses": ["support@demo.local"], "tls": "none"}
    account = AccountSettings.model_validate(box | {"smtp_host": "127.0.0.1", "smtp_port": smtp_port})
    return Settings(
        port=0,
        data=folder,
        mongo_url=SecretStr(mongo_url),
        database=db.name,
        queues={"support": QueueSettings(name="Support")},
        accounts={"support-mail": account},
    )


async def _read_everything(hub: Hub) -> dict[str, list[Any]]:
    """What a colleague sees: every conversation with its thread, by subject; every message, page and file must answer."""
    seen: dict[str, list[Any]] = {}
    async with aiohttp.ClientSession(hub.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.post("/api/session", json={"login": "agent", "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        async with http.get("/api/conversations?state=open,pending,snoozed,closed") as answer:
            conversations = (await answer.json())["items"]
        for conversation in conversations:
            async with http.get(f"/api/conversations/{conversation['id']}/messages") as answer:
                assert answer.status == 200, await answer.text()
                messages = (await answer.json())["items"]
            seen[conversation["subject"]] = messages
            for message in messages:
                await _read_parts(http, message)
        async with http.get("/api/records/contact") as answer:
            seen["contacts"] = (await answer.json())["items"]
    return seen


async def _read_parts(http: aiohttp.ClientSession, message: Any) -> None:
    inbound = message["direction"] == "inbound"
    paths = {f"/api/messages/{message['id']}": 200, f"/api/messages/{message['id']}/source": 200 if inbound else 404}
    paths[f"/api/messages/{message['id']}/html"] = 200 if message["has_html"] else 404
    paths |= {f"/api/files/{file['id']}": 200 for file in message["attachments"]}
    for path, status in paths.items():
        async with http.get(path) as answer:
            assert answer.status == status, (path, await answer.text())


async def test_an_old_database_is_read_written_and_sent_from_by_two_hubs_that_start_at_once(
    mongo_url: str, old_db: Database, tmp_path: Path
) -> None:
    """Nothing is lost, what waited to be sent is sent once, and an answer finds its old conversation."""
    async with far_server() as (far, port):
        hubs = [Hub(_settings(mongo_url, old_db, tmp_path, port)) for _ in range(2)]
        await asyncio.gather(*(hub.start() for hub in hubs))
        try:
            seen = await _read_everything(hubs[0])
            assert {subject: len(rows) for subject, rows in seen.items()} == {
                "Pump leaks again": 4,
                "安装时间确认": 1,
                "contacts": 1,
            }
            refers = ("1@nordwind.example", "<1@nordwind.example>")
            late = mail("<late@nordwind.example>", "ada.brandt@nordwind.example", refers=refers, account="support-mail")
            answer = await hubs[1].stream.ingest(late)
            assert answer["conversation"] == seen["Pump leaks again"][0]["conversation"]
            async with asyncio.timeout(30):
                while await old_db["outbox"].count_documents({"state": {"$ne": "done"}}):
                    await asyncio.sleep(0.05)
            assert len(far.mails) == 1
            assert b"Friday at nine is fine." in far.mails[0]
        finally:
            await asyncio.gather(*(hub.stop() for hub in hubs))
    done = await old_db["migrations"].find().to_list()
    assert sorted(step["_id"] for step in done) == [step.name for step in known_migrations()]
    assert await old_db["messages"].count_documents({}) == 6


def _with_another_step(monkeypatch: pytest.MonkeyPatch, run: Any) -> int:
    """A version that is one step further; returns its number."""
    steps = known_migrations()
    number = steps[-1].number + 1
    step = Migration(number, f"m{number:04}_one_more", run)
    monkeypatch.setattr(migrating, "known_migrations", lambda: [*steps, step])
    return number


async def test_a_step_runs_once_while_whoever_comes_second_waits(
    old_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = 0
    ran = 0

    async def slow(db: Database) -> None:
        nonlocal running, ran
        running, ran = running + 1, ran + 1
        assert running == 1
        await asyncio.sleep(0.3)
        await db["messages"].update_many({}, {"$set": {"touched": True}})
        running -= 1

    number = _with_another_step(monkeypatch, slow)
    counts = await asyncio.gather(*(migrate(old_db, all_indexes_of_hub()) for _ in range(3)))
    assert ran == 1
    assert sum(count >= 1 for count in counts) == 1
    assert await old_db["migrations"].count_documents({"number": number}) == 1
    assert await old_db["messages"].count_documents({"touched": {"$ne": True}}) == 0


async def test_a_long_step_keeps_the_lock_and_a_killed_process_gives_it_up(
    old_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock lasts longer than its time for whoever works on, and no longer for whoever does not."""
    monkeypatch.setattr("hub.store.migrate._RENEW_S", 0.05)
    monkeypatch.setattr("hub.store.migrate._LOCK_FOR", timedelta(seconds=0.5))
    running = 0

    async def long(_db: Database) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(2)
        running -= 1

    _with_another_step(monkeypatch, long)
    left = {"_id": "lock", "holder": "killed", "until": now() + timedelta(seconds=0.5)}
    await old_db["migrations"].insert_one(left)
    counts = await asyncio.gather(*(migrate(old_db, all_indexes_of_hub()) for _ in range(2)))
    assert sorted(count >= 1 for count in counts) == [False, True]


async def test_a_start_that_is_broken_off_lets_go_of_the_lock(old_db: Database) -> None:
    """At any moment, also while the lock is on its way."""
    await migrate(old_db, ())
    for moment in range(60):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(moment / 10_000):
                await migrate(old_db, ())
        assert await old_db["migrations"].find_one({"_id": "lock"}) is None, moment


async def test_a_step_that_broke_off_is_done_again_by_the_next_start(
    old_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is let go, nothing says that the step was done, and what it had done does no harm the second time."""
    tries = 0

    async def breaks_once(db: Database) -> None:
        nonlocal tries
        tries += 1
        await db["counters"].update_one({"_id": "upgrade"}, {"$set": {"value": 1}}, upsert=True)
        if tries == 1:
            raise ConnectionError("the store went away")

    number = _with_another_step(monkeypatch, breaks_once)
    with pytest.raises(ConnectionError):
        await migrate(old_db, all_indexes_of_hub())
    assert await old_db["migrations"].count_documents({"number": number}) == 0
    assert await migrate(old_db, all_indexes_of_hub()) >= 1
    assert tries == 2
    assert await migrate(old_db, all_indexes_of_hub()) == 0


async def test_the_lock_of_a_dead_process_is_taken_over(old_db: Database) -> None:
    await old_db["migrations"].insert_one({"_id": "lock", "holder": "dead", "until": now()})
    await migrate(old_db, all_indexes_of_hub())
    assert await old_db["migrations"].find_one({"_id": "lock"}) is None


async def test_every_index_of_this_version_is_there_afterwards(old_db: Database) -> None:
    await migrate(old_db, all_indexes_of_hub())
    for index in all_indexes_of_hub():
        there = [info["key"] for info in (await old_db[index.collection].index_information()).values()]
        assert list(index.keys.items()) in [[(k, int(d)) for k, d in key] for key in there], index


async def test_a_newer_database_is_refused_and_left_as_it_is(mongo_url: str, old_db: Database, tmp_path: Path) -> None:
    await old_db["migrations"].insert_one({"_id": "m9999_from_the_future", "number": 9999, "at": now()})
    before = await old_db["migrations"].find().to_list()
    hub = Hub(_settings(mongo_url, old_db, tmp_path))
    with pytest.raises(SetupError) as refusal:
        await hub.start()
    said = refusal.value.detail
    assert "version 9999 (m9999_from_the_future)" in said
    assert f"this program knows {known_migrations()[-1].number}" in said
    assert "install the newer program" in said
    assert await old_db["migrations"].find().to_list() == before


def all_indexes_of_hub() -> list[Any]:
    """As the hub makes them."""
    return list(all_indexes(load()))
