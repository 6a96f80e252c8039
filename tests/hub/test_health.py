"""What load balancers and Prometheus are told."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from crm_core.access.actor import Actor
from hub.desk.readiness import Readiness
from hub.identity.caller import Caller
from hub.store.client import Database, connect, database
from hub.supervise import Backoff, Supervisor
from hub.web import health
from hub.web.far_side import Proxies
from hub.web.middleware import correlated, told_as_problems
from hub.web.routes import CALLER, mount

Http = TestClient[web.Request, web.Application]


@asynccontextmanager
async def serving(readiness: Readiness, who: Caller | None = None) -> AsyncIterator[Http]:
    @web.middleware
    async def signed_in(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if who is not None:
            request[CALLER] = who
        return await handler(request)

    app = web.Application(middlewares=[correlated(Proxies()), told_as_problems, signed_in])
    mount(app, health.routes.routes, {Readiness: readiness})
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    yield supervisor
    await supervisor.stop()


async def answer(readiness: Readiness) -> tuple[int, dict[str, str]]:
    async with serving(readiness) as http, http.get("/readyz") as response:
        told = await response.json()
        assert told["ready"] is (response.status == 200)
        return response.status, {check["name"]: check["detail"] for check in told["checks"] if not check["ok"]}


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_hub_whose_needed_tasks_run_is_ready(db: Database, supervisor: Supervisor) -> None:
    supervisor.keep("feed", for_ever, needed=True)
    await asyncio.sleep(0)
    assert await answer(Readiness(db, supervisor)) == (200, {})


async def test_a_hub_that_has_not_started_is_not_ready(db: Database, supervisor: Supervisor) -> None:
    assert await answer(Readiness(db, supervisor)) == (503, {"tasks": "nothing has been started"})


async def test_a_failing_needed_task_makes_the_hub_not_ready(db: Database, supervisor: Supervisor) -> None:
    failed = asyncio.Event()

    async def fail() -> None:
        failed.set()
        raise ConnectionError("lost")

    supervisor.keep("feed", fail, needed=True, backoff=Backoff(first=60.0, most=60.0))
    await asyncio.wait_for(failed.wait(), 5)
    await asyncio.sleep(0)
    assert await answer(Readiness(db, supervisor)) == (503, {"task feed": "waiting"})


async def test_a_stopping_hub_is_not_ready_but_alive(db: Database, supervisor: Supervisor) -> None:
    supervisor.keep("feed", for_ever, needed=True)
    await asyncio.sleep(0)
    readiness = Readiness(db, supervisor)
    readiness.draining = True
    assert await answer(readiness) == (503, {"accepting": "the hub is stopping"})
    async with serving(readiness) as http, http.get("/healthz") as response:
        assert (response.status, await response.text()) == (200, "ok\n")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver leaves a socket
async def test_a_store_that_is_away_makes_the_hub_not_ready_within_its_bound(supervisor: Supervisor) -> None:
    supervisor.keep("feed", for_ever, needed=True)
    await asyncio.sleep(0)
    client = connect("mongodb://127.0.0.1:9/?directConnection=true")
    status, wrong = await answer(Readiness(database(client, "none"), supervisor))
    assert (status, wrong) == (503, {"store": "TimeoutError"}), "its own bound, not the driver's longer one"
    await client.close()
    gc.collect()


async def test_a_database_of_an_older_version_makes_the_hub_not_ready(db: Database, supervisor: Supervisor) -> None:
    supervisor.keep("feed", for_ever, needed=True)
    await asyncio.sleep(0)
    await db["migrations"].delete_many({})
    status, wrong = await answer(Readiness(db, supervisor))
    assert status == 503
    assert "is not done" in wrong["store"]


async def metrics(who: Caller | None, **headers: str) -> int:
    no_store: Any = None  # is not asked here
    async with (
        serving(Readiness(no_store, Supervisor()), who) as http,
        http.get("/metrics", headers=headers) as response,
    ):
        assert ("mainstem_messages" in await response.text()) is (response.status == 200)
        return response.status


def caller(*, admin: bool, scopes: frozenset[str]) -> Caller:
    return Caller(
        user="u1",
        login="u",
        name="U",
        admin=admin,
        supervisor=False,
        queues=frozenset(),
        actor=Actor(user="u1", admin=admin),
        sign_in="s1",
        scopes=scopes,
    )


async def test_metrics_are_for_this_machine_and_for_administrators() -> None:
    assert await metrics(None) == 200
    assert await metrics(None, **{"X-Forwarded-For": "203.0.113.9"}) == 401
    everything = frozenset({"read", "write", "admin"})
    assert await metrics(caller(admin=True, scopes=everything), **{"X-Forwarded-For": "203.0.113.9"}) == 200
    assert await metrics(caller(admin=False, scopes=everything), **{"X-Forwarded-For": "203.0.113.9"}) == 403
    assert await metrics(caller(admin=True, scopes=frozenset({"read"})), Via="1.1 proxy") == 403
