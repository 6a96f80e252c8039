"""The second factor: enrolled, asked for, worth one sign-in; recovery codes; and guesses at it are throttled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from crm_core.ground.clock import now, shifted
from hub.identity.second_factor import plain_code, step_of
from hub.store.client import Database
from hub.store.collections import CREDENTIALS
from hub.store.unit import Units
from tests.hub.identity_house import PASSWORD, Browser, House, build_house


@pytest.fixture
async def house(db: Database, units: Units) -> House:
    return await build_house(db, units)


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with house.browser() as browser:
        yield browser


def code_now(secret: str) -> str:
    return pyotp.TOTP(secret).at(now())


async def enrolled(browser: Browser) -> tuple[str, list[str]]:
    """Ada is signed in and has a second factor on: its secret, and the recovery codes."""
    await browser.sign_in("ada")
    answer = await browser.call("POST", "/api/me/otp", {"password": PASSWORD})
    secret = (await answer.json())["secret"]
    answer = await browser.call("POST", "/api/me/otp/confirm", {"code": code_now(secret)})
    assert answer.status == 200
    return secret, (await answer.json())["recovery_codes"]


async def test_enrolment_needs_the_password_and_a_first_code(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    assert (await browser.call("POST", "/api/me/otp", {"password": "stolen session"})).status == 403
    proposal = await (await browser.call("POST", "/api/me/otp", {"password": PASSWORD})).json()
    uri = urlsplit(proposal["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [proposal["secret"]]
    assert (await browser.call("POST", "/api/me/otp/confirm", {"code": "000000x"})).status == 422
    assert (await browser.sign_in("ada")).status == 200  # not on before it is confirmed
    with shifted(timedelta(minutes=16)):
        late = await browser.call("POST", "/api/me/otp/confirm", {"code": code_now(proposal["secret"])})
        assert late.status == 409


async def test_the_code_is_asked_for_and_the_same_one_never_works_twice(house: House, browser: Browser) -> None:
    await house.person("ada")
    secret, _ = await enrolled(browser)
    missing = await browser.sign_in("ada")
    assert (missing.status, (await missing.json())["code"]) == (401, "otp-needed")
    replayed = await browser.sign_in("ada", otp=code_now(secret))  # the code that confirmed the enrolment
    assert (replayed.status, (await replayed.json())["code"]) == (401, "otp-wrong")
    with shifted(timedelta(seconds=60)):
        code = code_now(secret)
        assert (await browser.sign_in("ada", otp=f"{code[:3]} {code[3:]}")).status == 200
        assert (await browser.sign_in("ada", otp=code)).status == 401
    with shifted(timedelta(seconds=120)):
        assert (await browser.sign_in("ada", "wrong wrong wrong", otp=code_now(secret))).status == 401


async def test_guesses_at_the_code_are_throttled_even_by_who_knows_the_password(house: House, browser: Browser) -> None:
    await house.person("ada")
    await enrolled(browser)
    with shifted(timedelta(minutes=2)):
        seen = []
        for _ in range(6):
            seen.append((await browser.sign_in("ada", otp="123456")).status)
            seen.append((await browser.sign_in("ada")).status)  # asking for the code gives no guesses back
    assert 429 in seen


async def test_a_recovery_code_works_once(house: House, browser: Browser) -> None:
    await house.person("ada")
    _, codes = await enrolled(browser)
    assert len(set(codes)) == 10
    assert (await browser.sign_in("ada", otp=codes[0].upper())).status == 200
    assert (await browser.sign_in("ada", otp=codes[0])).status == 401
    assert (await browser.sign_in("ada", otp=codes[1])).status == 200


async def test_the_secret_is_sealed_and_codes_are_digests(house: House, browser: Browser) -> None:
    await house.person("ada")
    secret, codes = await enrolled(browser)
    stored = repr(await house.db[CREDENTIALS].find().to_list())
    assert secret not in stored
    assert not any(code in stored or plain_code(code) in stored for code in codes)


async def test_it_is_turned_off_with_the_password_or_by_an_administrator(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    await house.person("root", "admin")
    await enrolled(browser)
    assert (await browser.call("POST", "/api/me/otp/turn-off", {"password": "guess guess"})).status == 403
    assert (await browser.call("POST", "/api/me/otp/turn-off", {"password": PASSWORD})).status == 204
    assert (await browser.sign_in("ada")).status == 200
    await enrolled(browser)
    async with house.browser() as admin:
        await admin.sign_in("root")
        assert (await admin.call("DELETE", f"/api/users/{user}/otp")).status == 204
    assert (await browser.sign_in("ada")).status == 200


def test_a_code_is_good_for_its_own_step_and_one_beside_it() -> None:
    secret, at = pyotp.random_base32(), now()
    steps = [step_of(secret, pyotp.TOTP(secret).at(at + timedelta(seconds=30 * d)), at) for d in range(-3, 4)]
    here = int(at.timestamp()) // 30
    assert steps == [None, None, here - 1, here, here + 1, None, None]
    assert step_of(secret, "", at) is None
