"""A real worker on the real store and broker: what was asked for is done, whatever is killed."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

from crm_core.ground.clock import now
from hub.store.client import Client, Database, connect, database
from hub.store.collections import HUB_INDEXES
from hub.store.embedded import EmbeddedMongo
from hub.store.jobs import JOBS
from hub.store.migrate import migrate
from hub.store.unit import Units
from tests.workers.house import ask, running_worker, until, until_settled


async def test_what_is_asked_for_is_done_and_told(
    mongo_url: str, db: Database, units: Units, client: Client, tmp_path: Path
) -> None:
    """Results, progress, retries and faults; the schedule; and a killed child's task is run again."""
    greeted = await ask(units, "test.greet", name="Anna")
    stumbled = await ask(units, "test.stumble", mark="s")
    broken = await ask(units, "test.break")
    lingering = await ask(units, "test.linger", mark="l")
    reconciled = await ask(units, "account.reconcile")
    async with running_worker(mongo_url, db.name, tmp_path) as worker:
        assert (await until_settled(db, greeted, worker))["text"] == "hello Anna"
        assert (await until_settled(db, reconciled, worker))["text"] == "no accounts"
        fault = await until_settled(db, broken, worker)
        assert (fault["state"], fault["error"], fault["tries"]) == ("failed", "ValueError: a fault of ours", 1)
        done = await until_settled(db, stumbled, worker)
        assert (done["state"], done["tries"], done["error"]) == ("done", 2, None)

        mark = await until(lambda: db["marks"].find_one({"mark": "l"}), worker)
        os.kill(mark["pid"], signal.SIGKILL)
        await _let_lease_end(db, lingering)
        again = await until_settled(db, lingering, worker)
        assert (again["state"], again["text"], again["tries"]) == ("done", "ended", 2)

        assert (await until_settled(db, "schedule:jobs.wake", worker))["error"] is None
    told = [e["data"] async for e in db["events"].find({"name": "job.changed", "rooms": "user:u1"}).sort("_id", 1)]
    assert [(e["state"], e["done"]) for e in told if e["id"] == greeted] == [
        ("running", 0),
        ("running", 1),
        ("done", 1),
    ]
    await client.drop_database(f"{db.name}_broker")


async def test_a_running_task_ends_when_it_is_taken_back(
    mongo_url: str, db: Database, units: Units, client: Client, tmp_path: Path
) -> None:
    """At its next report; the worker goes on with the next job, and a taken back one can be asked for again."""
    job = await ask(units, "test.count", mark="c")
    async with running_worker(mongo_url, db.name, tmp_path) as worker:
        await until(lambda: db[JOBS].find_one({"_id": job, "done": {"$gte": 2}}), worker)
        await db[JOBS].update_one({"_id": job}, {"$set": {"cancel_at": now()}})
        assert (await until_settled(db, job, worker))["state"] == "cancelled"
        counted = (await db["marks"].find_one({"mark": "c"}) or {})["counted"]
        after = await ask(units, "test.greet", name="next")
        assert (await until_settled(db, after, worker))["state"] == "done"
        assert (await db["marks"].find_one({"mark": "c"}) or {})["counted"] == counted
    assert "Traceback" not in worker.logged()
    await client.drop_database(f"{db.name}_broker")


async def test_the_task_of_a_killed_worker_is_done_by_the_next_one(
    mongo_url: str, db: Database, units: Units, client: Client, tmp_path: Path
) -> None:
    job = await ask(units, "test.linger", mark="k")
    async with running_worker(mongo_url, db.name, tmp_path) as worker:
        await until(lambda: db["marks"].find_one({"mark": "k"}), worker)
        await worker.kill()
    await _let_lease_end(db, job)
    async with running_worker(mongo_url, db.name, tmp_path) as worker:
        assert (await until_settled(db, job, worker))["text"] == "ended"
    await client.drop_database(f"{db.name}_broker")


async def test_a_worker_waits_for_a_store_that_is_away_and_says_so(tmp_path: Path) -> None:
    server = EmbeddedMongo(tmp_path / "server")
    url = await server.start()
    client = connect(url)
    db = database(client, "away")
    await migrate(db, HUB_INDEXES)
    units = Units(client, db)
    async with running_worker(url, db.name, tmp_path) as worker:
        before = await ask(units, "test.greet", name="before")
        await until_settled(db, before, worker)
        await server.stop()

        async def said() -> bool:
            return "Trying again in" in worker.logged() or "Connection to broker lost" in worker.logged()

        await until(said, worker)
        assert await server.start() == url
        after = await ask(units, "test.greet", name="after")
        assert (await until_settled(db, after, worker))["text"] == "hello after"
    await client.close()
    await server.stop()


async def _let_lease_end(db: Database, job: str) -> None:
    """As if the half minute had passed."""
    past = now() - timedelta(minutes=1)
    await db[JOBS].update_one({"_id": job, "state": "running"}, {"$set": {"lease_until": past, "sent_at": None}})
