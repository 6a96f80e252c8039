"""`Idempotency-Key`: sent twice, done once; and what happens when something goes wrong in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from crm_core.ground.clock import shifted
from crm_core.ground.errors import Conflict
from crm_core.ground.ids import new_id
from hub.store.client import Database
from hub.store.collections import IDEMPOTENCY
from hub.store.unit import Units
from hub.web.idempotency import Idempotency
from hub.web.may import WRITE
from hub.web.routes import Routes
from tests.hub.identity_house import Browser, House, build_house

routes = Routes("trial")


class Thing(BaseModel):
    """A thing; `wait_s` lets the handler take its time, `refuse` lets it refuse."""

    name: str
    wait_s: float = 0
    refuse: bool = False
    size: int = 0


@routes.post("/api/things", may=WRITE, status=201)
async def make_thing(body: Thing, db: Database) -> dict[str, Any]:
    """Make a thing."""
    await asyncio.sleep(body.wait_s)
    if body.refuse:
        raise Conflict("not today")
    thing = {"_id": new_id(), "name": body.name}
    await db["things"].insert_one(thing)
    return thing | {"padding": "x" * body.size}


@pytest.fixture
async def house(db: Database, units: Units) -> House:
    house = await build_house(db, units)
    await house.person("ada")
    return house


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with house.browser(routes) as browser:
        await browser.sign_in("ada")
        yield browser


async def made(house: House) -> int:
    return await house.db["things"].count_documents({})


async def test_a_repeat_gets_the_first_answer_and_does_nothing(house: House, browser: Browser) -> None:
    first = await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")
    again = await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")
    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await made(house) == 1
    other = await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k2")
    assert (await other.json())["_id"] != (await first.json())["_id"]


async def test_the_same_key_with_another_body_is_refused(house: House, browser: Browser) -> None:
    await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")
    other = await browser.call("POST", "/api/things", {"name": "y"}, Idempotency_Key="k1")
    assert other.status == 422
    assert await made(house) == 1


async def test_two_at_once_make_one(house: House, browser: Browser) -> None:
    calls = [browser.call("POST", "/api/things", {"name": "x", "wait_s": 0.3}, Idempotency_Key="k1") for _ in range(5)]
    statuses = sorted([answer.status for answer in await asyncio.gather(*calls)])
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    assert await made(house) == 1


async def test_a_key_belongs_to_one_person(house: House, browser: Browser) -> None:
    await house.person("eve")
    await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")
    async with house.browser(routes) as eve:
        await eve.sign_in("eve")
        hers = await eve.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")
        assert hers.status == 201
        assert "Idempotency-Replayed" not in hers.headers
    assert await made(house) == 2


async def test_a_refusal_is_not_kept(house: House, browser: Browser) -> None:
    refused = await browser.call("POST", "/api/things", {"name": "x", "refuse": True}, Idempotency_Key="k1")
    assert refused.status == 409
    assert await house.db[IDEMPOTENCY].count_documents({}) == 0
    assert (await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")).status == 201


async def test_the_claim_of_a_crashed_hub_runs_out_after_a_minute(db: Database) -> None:
    idempotency = Idempotency(db)
    await idempotency.claim("place", "print")  # and then the hub was killed
    with pytest.raises(Conflict):
        await idempotency.claim("place", "print")
    with shifted(timedelta(seconds=61)):
        holder, answer = await idempotency.claim("place", "print")
        assert answer is None
        with pytest.raises(Conflict):
            await idempotency.claim("place", "print")
        await idempotency.keep("place", holder, {"status": 201})
        assert (await idempotency.claim("place", "print"))[1] == {"status": 201}


async def test_an_answer_of_a_lost_claim_does_not_replace_the_newer_one(db: Database) -> None:
    idempotency = Idempotency(db)
    slow, _ = await idempotency.claim("place", "print")
    with shifted(timedelta(seconds=61)):
        quick, _ = await idempotency.claim("place", "print")
        await idempotency.keep("place", quick, {"status": 201})
        await idempotency.keep("place", slow, {"status": 200})
        await idempotency.release("place", slow)
        assert (await idempotency.claim("place", "print"))[1] == {"status": 201}


async def test_after_a_day_the_key_is_free_again(house: House, browser: Browser) -> None:
    await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="k1")
    with shifted(timedelta(hours=25)):
        assert (await browser.call("POST", "/api/things", {"name": "y"}, Idempotency_Key="k1")).status == 201


async def test_an_answer_too_large_to_keep_is_not_done_twice(house: House, browser: Browser) -> None:
    body = {"name": "x", "size": 1_100_000}
    assert (await browser.call("POST", "/api/things", body, Idempotency_Key="k1")).status == 201
    again = await browser.call("POST", "/api/things", body, Idempotency_Key="k1")
    assert again.status == 409
    assert await made(house) == 1


async def test_a_key_of_strange_form_is_refused(house: House, browser: Browser) -> None:
    assert (await browser.call("POST", "/api/things", {"name": "x"}, Idempotency_Key="x" * 201)).status == 400
    assert await made(house) == 0
