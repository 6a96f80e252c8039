"""Pruning keeps what somebody still needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.ground.clock import now
from hub.settings import Settings
from hub.store.client import Database
from hub.store.unit import Units
from workers.task import Work
from workers.tasks.prune import prune_events, sweep_files


@pytest.fixture
def work(db: Database, units: Units) -> Work:
    async def nothing(*_: Any) -> None:
        return None

    return Work(settings=Settings(), db=db, units=units, tell=nothing, send=nothing)


async def put_events(db: Database, old: int, young: int) -> None:
    """Events 1..old of 15 days ago, then `young` ones of today."""
    await db["events"].delete_many({})
    ages = [timedelta(days=15)] * old + [timedelta(0)] * young
    if ages:
        await db["events"].insert_many([{"_id": n, "at": now() - age} for n, age in enumerate(ages, 1)])


async def left(db: Database) -> list[int]:
    return [int(e["_id"]) async for e in db["events"].find({}, {"_id": 1}).sort("_id", 1)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=st.integers(0, 8), young=st.integers(0, 4), mark=st.none() | st.integers(0, 12))
async def test_only_what_is_old_and_was_read_by_all_is_removed(
    work: Work, db: Database, old: int, young: int, mark: int | None
) -> None:
    await put_events(db, old, young)
    await db["bookmarks"].delete_many({})
    await db["bookmarks"].insert_one({"_id": "account:support", "position": {"uid": 1}})
    if mark is not None:
        await db["bookmarks"].insert_many([{"_id": "search", "seq": mark}, {"_id": "rights", "seq": 99}])
    await prune_events(work)
    kept_by_reader = old if mark is None else min(old, mark)
    assert await left(db) == list(range(kept_by_reader + 1, old + young + 1))


async def test_a_large_backlog_is_removed_in_slices(work: Work, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.tasks.prune._SLICE", 3)
    await put_events(db, 10, 1)
    assert await prune_events(work) == "removed 10 events below 11"


async def test_the_sweep_of_files_says_what_it_did(work: Work) -> None:
    assert await sweep_files(work) == "removed 0 files"
