"""The life of a job document, and the address of the broker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from crm_core.ground.clock import now, shifted
from hub.errors import SetupError
from hub.settings import Settings
from hub.store.client import Database
from hub.store.jobs import JOBS, ask_for
from hub.store.unit import Units
from workers.broker import broker_url, mongo_broker
from workers.jobs import Jobs, waiting
from workers.task import JobCancelled, Task


async def nothing() -> str | None:
    return None


HOURLY = Task("test.hourly", nothing, timedelta(hours=1), 5)


async def ask(units: Units) -> str:
    return await units.run(lambda unit: ask_for(unit, "test.nothing", {}))


async def test_a_job_is_held_by_one_worker_until_its_lease_ends(db: Database, units: Units) -> None:
    job = await ask(units)
    first, second = Jobs(db, units, "a:1"), Jobs(db, units, "b:2")
    assert await first.claim(job) is not None
    assert await second.claim(job) is None
    assert 1 <= (await second.busy_for(job) or 0) <= 32
    await db[JOBS].update_one({"_id": job}, {"$set": {"lease_until": now() - timedelta(seconds=1)}})
    taken = await second.claim(job)
    assert taken is not None
    assert taken["tries"] == 2
    await first.finish(job, "too late")
    assert (await db[JOBS].find_one({"_id": job}) or {})["state"] == "running"
    await second.finish(job, "ended")
    assert (await db[JOBS].find_one({"_id": job}) or {})["text"] == "ended"
    assert await first.claim(job) is None


async def test_a_running_job_that_is_taken_back_hears_of_it_with_its_next_report(db: Database, units: Units) -> None:
    job = await ask(units)
    mine = Jobs(db, units, "a:1")
    await mine.claim(job)
    await mine.tell(job, 1, 3, "")
    await db[JOBS].update_one({"_id": job}, {"$set": {"cancel_at": now()}})
    with pytest.raises(JobCancelled):
        await mine.tell(job, 2, 3, "")
    await mine.cancel(job)
    ended = await db[JOBS].find_one({"_id": job}) or {}
    assert (ended["state"], ended["done"], ended["lease_until"]) == ("cancelled", 2, None)
    assert await mine.claim(job) is None


async def test_two_schedules_make_one_run(db: Database, units: Units) -> None:
    first, second = Jobs(db, units, "a:1"), Jobs(db, units, "b:2")
    assert await first.on_schedule(HOURLY)
    assert await first.claim(HOURLY.schedule_id) is not None
    await first.finish(HOURLY.schedule_id, None)
    assert not await second.on_schedule(HOURLY)
    with shifted(timedelta(hours=1)):
        assert await second.on_schedule(HOURLY)
        assert await second.claim(HOURLY.schedule_id) is not None


async def test_a_job_that_nobody_heard_of_is_sent_once_a_minute(db: Database, units: Units) -> None:
    job = await ask(units)
    minute = timedelta(seconds=60)
    assert [found["_id"] for found in await waiting(db, minute)] == [job]
    assert await waiting(db, minute) == []
    with shifted(timedelta(seconds=61)):
        assert [found["_id"] for found in await waiting(db, minute)] == [job]
    await Jobs(db, units, "a:1").claim(job)
    with shifted(timedelta(hours=1)):
        assert await waiting(db, minute) == []


async def test_supervisors_hear_of_a_scheduled_task_only_when_it_fails(db: Database, units: Units) -> None:
    jobs = Jobs(db, units, "a:1")
    await jobs.on_schedule(HOURLY)
    await jobs.claim(HOURLY.schedule_id)
    assert await db["events"].count_documents({}) == 0
    await jobs.fail(HOURLY.schedule_id, "ValueError: x")
    told = await db["events"].find_one({"name": "job.changed"}) or {}
    assert (told["rooms"], told["data"]["state"], told["data"]["error"]) == (["supervisors"], "failed", "ValueError: x")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (
            "mongodb://127.0.0.1:1/?replicaSet=rs0&directConnection=true",
            "mongodb://127.0.0.1:1/m_broker?replicaSet=rs0&directConnection=true&serverSelectionTimeoutMS=5000",
        ),
        (
            "mongodb://u:p@a:1,b:2/?replicaSet=rs0",
            "mongodb://u:p@a:1,b:2/m_broker?replicaSet=rs0&authSource=admin&serverSelectionTimeoutMS=5000",
        ),
        (
            "mongodb://u:p@a/crm?serverSelectionTimeoutMS=9",
            "mongodb://u:p@a/m_broker?serverSelectionTimeoutMS=9&authSource=crm",
        ),
    ],
)
def test_the_broker_is_a_database_beside_ours_with_the_same_sign_in(given: str, made: str) -> None:
    assert mongo_broker(given, "m") == made


def test_a_configured_broker_goes_before_and_none_at_all_is_refused() -> None:
    rabbit = "amqp://guest@127.0.0.1//"
    assert broker_url(Settings(broker_url=SecretStr(rabbit), mongo_url=SecretStr("mongodb://a/"))) == rabbit
    with pytest.raises(SetupError, match="MAINSTEM_BROKER_URL"):
        broker_url(Settings())
