"""The promises of the stream under any interleaving: what comes in, what colleagues write, what they move about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm_core.ground.ids import new_id
from hub.store.client import connect, database
from hub.store.collections import HUB_INDEXES
from hub.store.desk_indexes import DESK_INDEXES
from hub.store.migrate import migrate
from hub.supervise import Supervisor
from tests.properties.stream_world import KINDS, Op, World

Place = tuple[asyncio.Runner, World]
bursts = st.lists(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6),
    min_size=4,
    max_size=12,
)
few = settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])


@pytest.fixture(scope="module")
def place(mongo_url: str) -> Iterator[Place]:
    """One database and one running commit loop for all examples."""
    runner = asyncio.Runner()
    supervisor = Supervisor()

    async def opened() -> World:
        db = database(connect(mongo_url), f"t_{new_id()}")
        await migrate(db, (*HUB_INDEXES, *DESK_INDEXES))
        world = World(db)
        supervisor.keep("commit", world.loop.run)
        return world

    world = runner.run(opened())
    yield runner, world

    async def closed() -> None:
        await supervisor.stop()
        await world.db.client.drop_database(world.db.name)
        await world.db.client.close()

    runner.run(closed())
    runner.close()


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """These tests run their own loop, so the general check has nothing to look at."""
    yield


AWAY_AND_BACK: list[list[Op]] = [
    [("mail", 1, 0)],
    [("note", 0, 0)],
    [("note", 0, 1)],  # here everybody listens; then it leaves the queue, goes on elsewhere, and comes back
    [("queue", 0, 1)],
    [("note", 0, 2)],
    [("queue", 0, 0)],
]


@given(history=bursts)
@example(history=AWAY_AND_BACK)
@few
def test_any_interleaving_keeps_order_counts_threads_and_every_console(place: Place, history: list[list[Op]]) -> None:
    """After each burst: one order, one event per message, summaries as computed afresh, each message in one living
    conversation, and each console's picture (live, or resumed after a while) as read afresh."""
    runner, world = place

    async def example() -> None:
        await world.forget()
        for number, ops in enumerate(history):
            before = await world.feed.newest()
            await world.burst(ops)
            await world.check(before)
            await world.listen(resume=number % 3 == 2 or number == len(history) - 1)

    runner.run(example())


def _told(doc: dict[str, Any]) -> dict[str, Any]:
    """What an undone move must give back: all but the count of changes and the note that the two stay apart."""
    return {k: v for k, v in doc.items() if k not in ("revision", "changed_at", "apart")}


@given(history=bursts, kind=st.sampled_from(["split", "join"]), a=st.integers(0, 40), b=st.integers(0, 40))
@few
def test_a_move_that_is_undone_at_once_leaves_everything_as_it_was(
    place: Place, history: list[list[Op]], kind: str, a: int, b: int
) -> None:
    runner, world = place

    async def picture() -> tuple[Any, Any]:
        living = world.db["conversations"].find({"state": {"$ne": "merged"}}).sort("_id", 1)
        where = {m["_id"]: m["conversation"] async for m in world.db["messages"].find()}
        return where, [_told(doc) async for doc in living]

    async def example() -> None:
        await world.forget()
        for ops in history:
            await world.burst(ops)
        before = await picture()
        moved = await world.db["moves"].count_documents({})
        await world.burst([(kind, a, b)])
        if await world.db["moves"].count_documents({}) > moved:
            await world.burst([("undo", -1, 0)])
            after = await picture()
            assert after[0] == before[0]
            for one, other in zip(after[1], before[1], strict=True):
                assert {k: v for k, v in one.items() if other.get(k) != v} == {}
                assert one.keys() == other.keys()
        await world.check(0)

    runner.run(example())
