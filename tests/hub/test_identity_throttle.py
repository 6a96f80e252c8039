"""Guesses are slowed down: growing waits per login and per address, shared by all hubs, counted before the check."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.ground.clock import now, shifted
from crm_core.ground.errors import Throttled
from hub.identity.throttle import ADDRESS, LOGIN, Patience, Throttle
from hub.store.client import Database
from hub.store.collections import THROTTLE
from hub.store.unit import Units
from tests.hub.identity_house import PASSWORD, build_house


@given(
    st.integers(0, 2000),
    st.builds(
        Patience,
        free=st.integers(1, 50),
        most_s=st.floats(1, 1e5),
        forget=st.just(timedelta(hours=1)),
    ),
)
def test_waits_never_shrink_and_never_pass_the_most(failures: int, patience: Patience) -> None:
    wait = patience.wait_s(failures)
    assert 0 <= wait <= patience.wait_s(failures + 1) <= patience.most_s
    assert (wait == 0) == (failures < patience.free)


async def test_the_store_counts_by_the_same_rule(db: Database) -> None:
    throttle = Throttle(db)
    ahead = timedelta(0)
    for failures in range(1, 16):
        with shifted(ahead):
            await throttle.take("ada", "unknown")
            found = await db[THROTTLE].find_one({"_id": {"$regex": "^login"}})
            assert found is not None
            assert found["failures"] == failures
            wait = LOGIN.wait_s(failures)
            assert (found["blocked_until"] is None) == (wait == 0)
            if wait:
                assert (found["blocked_until"] - now()).total_seconds() == pytest.approx(wait, abs=0.5)
            ahead += timedelta(seconds=LOGIN.wait_s(failures) + 1)


async def test_many_guesses_at_once_count_as_many(db: Database) -> None:
    hubs = [Throttle(db), Throttle(db)]
    tries = [hubs[n % 2].take("ada", f"198.51.100.{n}") for n in range(40)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    let_through = [r for r in results if r is None]
    assert all(r is None or isinstance(r, Throttled) for r in results)
    assert 1 <= len(let_through) <= LOGIN.free


async def test_one_address_cannot_try_many_logins(db: Database) -> None:
    throttle = Throttle(db)
    for n in range(ADDRESS.free):
        await throttle.take(f"login{n}", f"2001:db8:1:2::{n + 1:x}")  # one customer's /64
    with pytest.raises(Throttled):
        await throttle.take("fresh", "2001:db8:1:2:ffff::1")
    await throttle.take("fresh", "2001:db8:1:3::1")


async def test_a_success_clears_the_login_but_not_the_address(db: Database) -> None:
    throttle = Throttle(db)
    for n in range(ADDRESS.free - 1):
        await throttle.take(f"victim{n}", "203.0.113.1")
    await throttle.take("own", "203.0.113.1")
    await throttle.succeed("own", "203.0.113.1")
    counts = {d["_id"]: d["failures"] async for d in db[THROTTLE].find({"_id": {"$regex": "^address"}})}
    assert counts == {"address:203.0.113.1": ADDRESS.free - 1}


async def test_an_hour_of_quiet_forgets_all(db: Database) -> None:
    throttle = Throttle(db)
    for _ in range(LOGIN.free):
        await throttle.take("ada", "203.0.113.1")
    with shifted(timedelta(hours=1, seconds=1)):
        await throttle.take("ada", "203.0.113.1")
        found = await db[THROTTLE].find_one({"_id": {"$regex": "^login"}})
        assert found is not None
        assert found["failures"] == 1


async def test_after_five_wrong_passwords_the_right_one_has_to_wait_too(db: Database, units: Units) -> None:
    house = await build_house(db, units)
    await house.person("ada")
    async with house.browser() as browser:
        for _ in range(LOGIN.free):
            assert (await browser.sign_in("ada", "wrong wrong wrong")).status == 401
        answer = await browser.sign_in("ada", PASSWORD)
        assert answer.status == 429
        assert (await answer.json())["code"] == "throttled"
        assert int(answer.headers["Retry-After"]) >= 1
        with shifted(timedelta(seconds=5)):
            assert (await browser.sign_in("ada", PASSWORD)).status == 200
        assert (await browser.sign_in("ada", "wrong wrong wrong")).status == 401


async def test_an_unknown_login_is_throttled_like_a_known_one(db: Database, units: Units) -> None:
    house = await build_house(db, units)
    async with house.browser() as browser:
        answers = [(await browser.sign_in("nobody")).status for _ in range(LOGIN.free + 1)]
    assert answers == [401] * LOGIN.free + [429]
