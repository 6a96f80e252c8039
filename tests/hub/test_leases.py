"""Leases: one holder at a time, on the database's clock; a holder that cannot renew stops before another starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.ground.ids import new_id
from hub.leases import Lease, Leases
from hub.store.client import Client, Database, connect, database
from hub.store.collections import LEASES
from hub.supervise import Supervisor

SHORT = timedelta(milliseconds=600)
OFTEN = timedelta(milliseconds=100)


def leases_of(db: Database, hub: str) -> Leases:
    return Leases(db, hub, ttl=SHORT, renew=OFTEN)


@dataclass
class Work:
    """Something that notes when it starts and when it has stopped."""

    journal: list[str]
    name: str
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, lease: Lease) -> None:
        self.journal.append(f"{self.name} starts")
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.journal.append(f"{self.name} stops")
            self.started.clear()


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    yield supervisor
    await supervisor.stop()


async def test_a_held_lease_is_refused_to_another_hub_until_it_is_released(db: Database) -> None:
    one, two = leases_of(db, "one"), leases_of(db, "two")
    lease = await one.acquire("account:a")
    assert lease is not None
    assert lease.held
    assert await two.acquire("account:a") is None
    assert await one.acquire("account:a") is None, "not even to the same hub: each holding is its own"
    assert await two.acquire("account:b") is not None
    await one.release(lease)
    assert not lease.held
    taken = await two.acquire("account:a")
    assert taken is not None
    assert taken.term == lease.term + 1


async def test_a_lease_that_is_not_renewed_ends_for_its_holder_before_another_can_take_it(db: Database) -> None:
    one, two = leases_of(db, "one"), leases_of(db, "two")
    lease = await one.acquire("sweep")
    assert lease is not None
    while (taken := await two.acquire("sweep")) is None:
        await asyncio.sleep(0.01)
    assert not lease.held
    await one.renew()
    assert not lease.held, "what was lost cannot be renewed"
    assert taken.held


async def test_renewing_keeps_every_lease_of_a_hub(db: Database, supervisor: Supervisor) -> None:
    one, two = leases_of(db, "one"), leases_of(db, "two")
    supervisor.keep("leases", one.run)
    held = [await one.acquire(name) for name in ("a", "b", "c")]
    for _ in range(15):
        await asyncio.sleep(OFTEN.total_seconds())
        assert await two.acquire("b") is None
    assert all(lease is not None and lease.held for lease in held)


async def test_work_moves_to_the_other_hub_when_its_holder_cannot_renew(db: Database, supervisor: Supervisor) -> None:
    dying, other = Supervisor(), leases_of(db, "two")
    one = leases_of(db, "one")
    journal: list[str] = []
    first, second = Work(journal, "first"), Work(journal, "second")
    dying.keep("leases", one.run)
    supervisor.keep("leases", other.run)
    supervisor.keep("first", lambda: one.hold("reader", first))
    await asyncio.wait_for(first.started.wait(), 5)
    supervisor.keep("second", lambda: other.hold("reader", second))
    await dying.stop()  # from here on nothing renews for hub one
    await asyncio.wait_for(second.started.wait(), 5)
    assert journal == ["first starts", "first stops", "second starts"]


async def test_work_that_returns_gives_the_lease_back(db: Database) -> None:
    one = leases_of(db, "one")
    seen: list[int] = []

    async def work(lease: Lease) -> None:
        seen.append(lease.term)

    await one.hold("once", work)
    await one.hold("once", work)
    assert seen == [1, 2]


async def test_a_failure_of_the_work_is_passed_on_and_gives_the_lease_back(db: Database) -> None:
    one = leases_of(db, "one")

    async def work(lease: Lease) -> None:
        raise TimeoutError("the work's own")

    with pytest.raises(TimeoutError, match="the work's own"):
        await one.hold("job", work)
    assert await leases_of(db, "two").acquire("job") is not None


async def test_a_hub_with_a_wrong_clock_takes_nothing_early(db: Database) -> None:
    from crm_core.ground.clock import shifted

    one, two = leases_of(db, "one"), leases_of(db, "two")
    assert await one.acquire("a") is not None
    with shifted(timedelta(days=1)):
        assert await two.acquire("a") is None


async def test_a_store_that_is_away_costs_the_lease(db: Database) -> None:
    gone = connect("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50")
    one = leases_of(db, "one")
    lease = await one.acquire("a")
    assert lease is not None
    one._documents = database(gone, "nothing")[LEASES]
    await asyncio.sleep(SHORT.total_seconds())
    assert not lease.held
    await one.release(lease)
    await gone.close()


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(["acquire", "acquire", "renew", "release", "stall"]),
        st.integers(0, 60),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
async def test_at_no_moment_do_two_hubs_hold_a_lease(
    client: Client, db: Database, acts: list[tuple[str, str, int]]
) -> None:
    ttl = timedelta(milliseconds=60)
    hubs = {hub: Leases(db, hub, ttl=ttl, renew=ttl / 3) for hub in ("one", "two", "three")}
    leases: list[Lease] = []
    name, terms = new_id(), [0]
    for hub, act, pause_ms in acts:
        mine = [lease for lease in leases if lease.holder.startswith(f"{hub}/") and lease.held]
        if act == "acquire" and (lease := await hubs[hub].acquire(name)):
            assert lease.term > terms[-1], "a term never comes back"
            terms.append(lease.term)
            leases.append(lease)
        elif act == "renew":
            await hubs[hub].renew()
        elif act == "release" and mine:
            await hubs[hub].release(mine[0])
        elif act == "stall":
            await asyncio.sleep(pause_ms / 1000)
        assert sum(lease.held for lease in leases) <= 1


async def test_work_that_loses_a_cancellation_is_cancelled_again(db: Database, supervisor: Supervisor) -> None:
    one = leases_of(db, "one")
    lost: list[int] = []

    async def deaf(lease: Lease) -> None:
        while len(lost) < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost.append(lease.term)
        await asyncio.Event().wait()

    again = Work([], "again")

    async def work(lease: Lease) -> None:
        await (deaf(lease) if not lost else again(lease))

    supervisor.keep("work", lambda: one.hold("job", work))
    await asyncio.wait_for(again.started.wait(), 10)
    assert lost == [1, 1, 1]
