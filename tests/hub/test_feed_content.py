"""What the feed hands out is what the store holds, though it fetches only what other processes announced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from crm_core.ground.errors import Conflict
from hub.console.consoles import event_frame
from hub.feed.hints import Hints
from hub.feed.tail import Feed
from hub.model.draft import Draft
from hub.store.announced import Announced
from hub.store.client import Client, Database, Doc
from hub.store.collections import EVENTS
from hub.store.files import Files
from hub.store.unit import Unit, Units
from hub.stream.commit import CommitLoop
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from tests.hub.test_feed_tail import Counted, tell
from tests.lab.envelopes import mail

ODD = timezone(timedelta(hours=8))


class Process:
    """The writing and the following half of one hub."""

    def __init__(self, client: Client, db: Database) -> None:
        self.announced = Announced()
        self.units = Units(client, db, self.announced)
        self.feed = Feed(db, Hints(db), self.announced)
        self.had: list[Doc] = []
        self.feed.subscribe(self.had.extend)


@pytest.fixture
async def start(client: Client, db: Database) -> AsyncIterator[Callable[[], Any]]:
    supervisor = Supervisor()

    async def make() -> Process:
        process = Process(client, db)
        await process.feed.start()
        supervisor.keep(f"feed {id(process)}", process.feed.run)
        return process

    yield make
    await supervisor.stop()


async def heard(process: Process) -> list[Doc]:
    async with asyncio.timeout(30):
        await process.feed.reached(await process.feed.newest())
    return process.had


async def test_the_frames_of_a_live_console_are_those_of_the_store(
    start: Callable[[], Any], client: Client, db: Database
) -> None:
    own, other = await start(), await start()
    supervisor = Supervisor()
    loop = CommitLoop(own.units, 200)
    supervisor.keep("commit", loop.run)
    stream = Stream(db, own.units, Files(db), loop)
    mails = [mail(f"m{n}@x", "ada@example.com", refers=(f"m{n - 1}@x",) if n else ()) for n in range(4)]
    for envelope in mails:
        envelope.at = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=ODD)
    first, *_ = await asyncio.gather(*(stream.ingest(envelope) for envelope in mails))
    answer = await stream.send(Draft(conversation=first["conversation"], author="u", text="回复", account="mail"))
    await stream.amend(answer["id"], {"delivery.state": "sending"})
    stored = await db[EVENTS].find().sort("_id", 1).to_list()
    frames = [event_frame(event).data for event in stored]  # type: ignore[attr-defined]
    for process in (own, other):
        assert [event_frame(event).data for event in await heard(process)] == frames  # type: ignore[attr-defined]
    assert own.announced._units == {}
    await supervisor.stop()


async def test_a_unit_that_failed_leaves_nothing_to_be_mistaken(
    start: Callable[[], Any], client: Client, db: Database
) -> None:
    """Its place in the stream goes to another process's event."""
    own = await start()

    async def work(unit: Unit) -> None:
        unit.announce(Counted(n=1))
        raise Conflict("no")

    with pytest.raises(Conflict):
        await own.units.run(work)
    await tell(Units(client, db), 1, first=7)
    await tell(own.units, 1, first=8)
    assert [event["data"]["n"] for event in await heard(own)] == [7, 8]


def test_an_event_is_found_by_its_unit_as_well_as_by_its_place() -> None:
    announced = Announced()
    announced.put(1, [{"_id": 5, "data": "a"}])
    assert announced.take(2, 5) is None
    assert announced.take(None, 5) is None
    assert announced.take(1, 5) == "a"
    assert announced.take(1, 5) is None


def test_what_nobody_asks_for_does_not_pile_up() -> None:
    announced = Announced()
    for unit in range(3000):
        announced.put(unit, [{"_id": unit, "data": unit}])
    assert announced.take(0, 0) is None
    assert announced.take(2999, 2999) == 2999
