"""The feed: every event once, in order, whatever happens to the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession

from crm_core.ground.clock import now
from crm_core.ground.events import EVERYONE, Event, Room
from hub.feed.hints import HINTS, Hints
from hub.feed.tail import Feed
from hub.store.client import Database, Doc, connect, database
from hub.store.collections import EVENTS, HUB_INDEXES
from hub.store.embedded import EmbeddedMongo
from hub.store.migrate import migrate
from hub.store.unit import Unit, Units
from hub.supervise import Backoff, Supervisor


@dataclass(frozen=True, kw_only=True)
class Counted(Event, name="test.counted"):
    n: int

    def rooms(self) -> frozenset[Room]:
        return frozenset({EVERYONE})


async def tell(units: Units, count: int, first: int = 0) -> None:
    """Commit `count` events in one unit."""

    async def work(unit: Unit) -> None:
        for n in range(first, first + count):
            unit.announce(Counted(n=n))

    await units.run(work)


class Running:
    """A feed under a supervisor, and what its listener has had."""

    def __init__(self, db: Database) -> None:
        self.feed = Feed(db, Hints(db))
        self.supervisor = Supervisor()
        self.had: list[int] = []
        self.batches = 0
        self.feed.subscribe(self._hear)

    def _hear(self, batch: list[Doc]) -> None:
        self.batches += 1
        self.had += [event["_id"] for event in batch]

    async def start(self) -> None:
        await self.feed.start()
        self.supervisor.keep("feed", self.feed.run, backoff=Backoff(first=0.05, most=0.5))


@pytest.fixture
async def running(db: Database) -> AsyncIterator[Running]:
    running = Running(db)
    await running.start()
    yield running
    await running.supervisor.stop()


async def reached(feed: Feed, seq: int) -> None:
    await asyncio.wait_for(feed.reached(seq), 15)


async def test_every_event_is_given_once_and_in_order(running: Running, units: Units) -> None:
    for n in range(20):
        await tell(units, 1 + n % 3)
    newest = await running.feed.newest()
    await reached(running.feed, newest)
    assert running.had == list(range(1, newest + 1))


async def test_a_big_commit_is_given_in_few_batches(running: Running, units: Units) -> None:
    await tell(units, 1500)
    await reached(running.feed, 1500)
    assert running.had == list(range(1, 1501))
    assert running.batches <= 5


async def test_a_hub_that_starts_begins_at_the_newest_place(db: Database, units: Units) -> None:
    await tell(units, 5)
    late = Running(db)
    await late.start()
    await tell(units, 2)
    await reached(late.feed, 7)
    await late.supervisor.stop()
    assert late.had == [6, 7]


async def test_a_lost_cursor_makes_no_gap_and_no_repeat(
    db: Database, running: Running, units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    really_open = running.feed._open

    async def noted_open(session: AsyncClientSession) -> int:
        opened.append(await really_open(session))
        return opened[-1]

    async def disturb() -> None:
        for _ in range(5):
            before = len(opened)
            while len(opened) == before:
                await asyncio.sleep(0.01)
                if opened:
                    await db.command({"killCursors": "$cmd.aggregate", "cursors": opened[-1:]})

    monkeypatch.setattr(running.feed, "_open", noted_open)
    await running.supervisor.drop("feed")
    await running.start()
    disturbing = asyncio.gather(disturb())
    while not disturbing.done():
        await tell(units, 2)
    await disturbing
    newest = await running.feed.newest()
    await reached(running.feed, newest)
    assert running.had == list(range(1, newest + 1))
    assert running.supervisor.watched["feed"].failures >= 4


async def test_a_listener_that_fails_robs_no_other_and_the_feed_goes_on(running: Running, units: Units) -> None:
    def fail(batch: list[Doc]) -> None:
        if batch[0]["data"]["n"] == 1:
            raise ValueError("a listener's bug")

    heard: list[int] = []
    running.feed.subscribe(fail)
    running.feed.subscribe(lambda batch: heard.extend(event["_id"] for event in batch))
    for n in range(4):
        await tell(units, 1, n)
        await reached(running.feed, n + 1)
    assert running.had == heard == [1, 2, 3, 4]


async def test_hints_pass_by_without_a_place_in_the_stream(db: Database, running: Running, units: Units) -> None:
    hints = Hints(db)
    heard: list[Doc] = []
    running.feed.subscribe_hints(heard.extend)
    await tell(units, 1)
    await reached(running.feed, 1)
    await hints.send("typing", "conversation:1", {"on": True}, sender="x")
    async with asyncio.timeout(10):
        while not heard:
            await asyncio.sleep(0.01)
    assert heard[0]["name"] == "typing"
    assert running.feed.position == 1
    assert (await db[HINTS].options())["capped"]
    assert await db[EVENTS].count_documents({}) == 1


@pytest.mark.fault
async def test_a_restart_of_the_database_makes_no_gap_and_no_repeat(tmp_path: Path) -> None:
    server = EmbeddedMongo(tmp_path)
    client = connect(await server.start())
    db = database(client, "restarted")
    await migrate(db, HUB_INDEXES)
    running = Running(db)
    await running.start()
    units = Units(client, db)
    await tell(units, 3)
    await reached(running.feed, 3)
    await server.stop()
    await server.start()
    await tell(units, 3)
    await reached(running.feed, 6)
    await running.supervisor.stop()
    await client.close()
    await server.stop()
    assert running.had == [1, 2, 3, 4, 5, 6]


async def test_the_delay_is_measured_from_the_commit(running: Running, units: Units) -> None:
    before = now()
    await tell(units, 1)
    await reached(running.feed, 1)
    assert (now() - before).total_seconds() < 5
