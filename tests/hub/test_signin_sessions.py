"""Signing in with a browser: the cookie, its life, its end, and the guard against forged requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from crm_core.ground.clock import shifted
from crm_core.ground.errors import SignInNeeded
from hub.store.client import Database
from hub.store.collections import AUDIT, CREDENTIALS, EVENTS, SESSIONS
from hub.store.unit import Units
from tests.hub.identity_house import HERE, PASSWORD, Browser, House, build_house


@pytest.fixture
async def house(db: Database, units: Units) -> House:
    return await build_house(db, units)


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with house.browser() as browser:
        yield browser


async def test_signing_in_gives_a_cookie_that_scripts_cannot_read(house: House, browser: Browser) -> None:
    await house.person("ada", "SU")
    answer = await browser.sign_in("Ada")
    body = await answer.json()
    assert answer.status == 200
    assert body["user"]["login"] == "ada"
    assert body["user"]["supervisor"] is True
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    me = await (await browser.call("GET", "/api/me")).json()
    assert me["user"] == body["user"]
    assert me["csrf"] == body["csrf"]
    assert me["presence"] == "offline"


async def test_behind_https_the_cookie_is_secure(db: Database, units: Units) -> None:
    house = await build_house(db, units, public_url="https://hub.example.com")
    await house.person("ada")
    async with house.browser() as browser:
        answer = await browser.sign_in("ada")
        assert "secure" in answer.headers["Set-Cookie"].lower()
        assert "Strict-Transport-Security" in answer.headers


async def test_the_store_keeps_no_secret_in_the_clear(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    stored = repr(await house.db[SESSIONS].find().to_list()) + repr(await house.db[CREDENTIALS].find().to_list())
    assert browser.cookie() not in stored
    assert PASSWORD not in stored


async def test_a_session_chosen_by_a_stranger_never_becomes_mine(house: House, browser: Browser) -> None:
    await house.person("ada")
    await house.person("eve")
    await browser.sign_in("eve")
    planted = browser.cookie()
    await browser.sign_in("ada")
    assert browser.cookie() != planted
    async with house.browser() as thief:
        thief.client.session.cookie_jar.update_cookies({"mainstem_session": planted})
        assert (await thief.call("GET", "/api/me")).status == 401


@pytest.mark.parametrize("login", ["ada", "nobody"])
async def test_wrong_password_and_unknown_login_look_the_same(house: House, browser: Browser, login: str) -> None:
    await house.person("ada")
    answer = await browser.sign_in(login, "wrong wrong wrong")
    body = await answer.json()
    assert answer.status == 401
    assert answer.content_type == "application/problem+json"
    assert (body["code"], body["detail"]) == ("sign-in-failed", "login or password is wrong")
    assert "Set-Cookie" not in answer.headers


async def test_for_an_unknown_login_the_same_hashing_work_is_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    verify = house.parts.passwords._verify

    def noted(stored: str, password: str) -> bool:
        done.append(stored.rsplit("$", 2)[0])
        return verify(stored, password)

    monkeypatch.setattr(house.parts.passwords, "_verify", noted)
    await house.person("ada")
    async with house.browser() as browser:
        for login in ("ada", "nobody"):
            assert (await browser.sign_in(login, "wrong wrong wrong")).status == 401
    assert len(done) == 2
    assert done[0] == done[1]  # the same algorithm with the same parameters


async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    with shifted(timedelta(hours=71)):
        assert (await browser.call("GET", "/api/me")).status == 200
    with shifted(timedelta(hours=71 + 73)):
        assert (await browser.call("GET", "/api/me")).status == 401
    for days in range(1, 14):
        with shifted(timedelta(days=days)):
            await house.db[SESSIONS].update_many({}, {"$max": {"expires_at": (await _ends(house))}})
            assert (await browser.call("GET", "/api/me")).status == 200
    with shifted(timedelta(days=14, minutes=1)):
        assert (await browser.call("GET", "/api/me")).status == 401


async def _ends(house: House) -> object:
    found = await house.db[SESSIONS].find_one({})
    assert found is not None
    return found["ends_at"]


async def test_signing_out_ends_the_session_and_tells_every_hub(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    await browser.sign_in("ada")
    cookie = browser.cookie()
    assert (await browser.call("DELETE", "/api/session")).status == 204
    assert browser.cookie() == ""
    browser.client.session.cookie_jar.update_cookies({"mainstem_session": cookie})
    assert (await browser.call("GET", "/api/me")).status == 401
    event = await house.db[EVENTS].find_one({"name": "hub.sign-in-ended"})
    assert event is not None
    assert event["rooms"] == ["hub"]
    assert event["data"]["user"] == user
    assert await house.db[SESSIONS].count_documents({}) == 0


async def test_a_change_without_the_csrf_token_is_refused(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    csrf = browser.csrf
    for wrong in ("", "x", csrf[:-1] + ("0" if csrf[-1] != "0" else "1"), "é"):
        browser.csrf = wrong
        answer = await browser.call("POST", "/api/me/sessions/end-others")
        assert answer.status == 403, wrong
        assert (await answer.json())["code"] == "csrf"
    browser.csrf = csrf
    assert (await browser.call("POST", "/api/me/sessions/end-others")).status == 200


async def test_a_csrf_token_of_another_session_is_worth_nothing(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    old = browser.csrf
    await browser.sign_in("ada")
    browser.csrf = old
    assert (await browser.call("POST", "/api/me/sessions/end-others")).status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
async def test_another_origin_is_refused_even_with_the_token(house: House, browser: Browser, origin: str) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    assert (await browser.call("POST", "/api/me/sessions/end-others", Origin=origin)).status == 403
    body = {"login": "ada", "password": PASSWORD}
    assert (await browser.client.post("/api/session", json=body, headers={"Origin": origin})).status == 403
    own = str(browser.client.make_url("/")).rstrip("/")
    assert (await browser.call("POST", "/api/me/sessions/end-others", Origin=own)).status == 200


async def test_other_peoples_sessions_cannot_be_reached(house: House, browser: Browser) -> None:
    await house.person("ada")
    await house.person("eve")
    await browser.sign_in("ada")
    mine = (await (await browser.call("GET", "/api/me/sessions")).json())["items"]
    assert [s["current"] for s in mine] == [True]
    assert mine[0]["address"] == "127.0.0.1"
    async with house.browser() as eve:
        await eve.sign_in("eve")
        assert (await eve.call("DELETE", f"/api/me/sessions/{mine[0]['id']}")).status == 404
    assert (await browser.call("GET", "/api/me")).status == 200


async def test_one_of_my_sessions_or_all_others_can_be_ended(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    async with house.browser() as phone, house.browser() as tablet:
        await phone.sign_in("ada")
        await tablet.sign_in("ada")
        items = (await (await phone.call("GET", "/api/me/sessions")).json())["items"]
        this = next(s["id"] for s in items if s["current"])
        assert (await browser.call("DELETE", f"/api/me/sessions/{this}")).status == 204
        assert (await phone.call("GET", "/api/me")).status == 401
        assert await (await browser.call("POST", "/api/me/sessions/end-others")).json() == {"ended": 1}
        assert (await tablet.call("GET", "/api/me")).status == 401
    assert (await browser.call("GET", "/api/me")).status == 200
    assert await house.db[EVENTS].count_documents({"name": "hub.sign-in-ended"}) == 2


async def test_a_new_password_ends_the_other_sessions_and_needs_the_old_one(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    async with house.browser() as phone:
        await phone.sign_in("ada")
        new = {"present": PASSWORD, "password": "another long secret"}
        assert (await browser.call("PUT", "/api/me/password", new | {"present": "guess guess"})).status == 403
        short = await browser.call("PUT", "/api/me/password", new | {"password": "short"})
        assert short.status == 422
        assert (await short.json())["errors"][0]["path"] == "password"
        assert (await browser.call("PUT", "/api/me/password", new)).status == 204
        assert (await phone.call("GET", "/api/me")).status == 401
        assert (await browser.call("GET", "/api/me")).status == 200
        assert (await phone.sign_in("ada")).status == 401
        assert (await phone.sign_in("ada", "another long secret")).status == 200


async def test_who_left_cannot_sign_in_and_is_signed_out(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    await browser.sign_in("ada")
    await house.db["record_user"].update_one({"_id": user}, {"$set": {"state": "left"}})
    await house.parts.rights_watch.handle([{"data": {"type": "user", "id": user}}])
    assert (await browser.call("GET", "/api/me")).status == 401
    assert (await browser.sign_in("ada")).status == 401
    assert await house.db[SESSIONS].count_documents({}) == 0


async def test_what_was_done_is_in_the_audit_log_with_its_correlation(house: House, browser: Browser) -> None:
    root = await house.person("root", "admin")
    await house.person("ada")
    await browser.sign_in("ada", "wrong wrong wrong")
    await browser.sign_in("ada")
    assert (await browser.call("GET", "/api/audit")).status == 403
    await browser.sign_in("root")
    first = await (await browser.call("GET", "/api/audit?limit=2")).json()
    assert [e["what"] for e in first["items"]] == ["session.ended", "signed-in"]
    assert first["items"][1]["actor"] == root
    assert first["items"][1]["address"] == "127.0.0.1"
    assert first["items"][1]["correlation"]
    rest = await (await browser.call("GET", f"/api/audit?limit=100&after={first['next']}")).json()
    assert {e["what"] for e in rest["items"]} == {"signed-in", "sign-in.refused", "user.created"}
    assert rest["next"] is None
    assert PASSWORD not in repr(await house.db[AUDIT].find().to_list())


async def test_fifty_sessions_are_enough_for_anybody(house: House) -> None:
    user = await house.person("ada")
    for _ in range(53):
        await house.parts.sessions.begin(user, HERE)
    assert await house.db[SESSIONS].count_documents({"user": user}) == 50


async def test_a_console_can_ask_when_its_session_ends(house: House) -> None:
    user = await house.person("ada")
    bearer = await house.parts.sessions.begin(user, HERE)
    identity = house.parts.identity
    caller = await identity.identify(bearer, None)
    assert caller.expires_at is not None
    idle_end = await identity.expires_at(caller)
    assert idle_end is not None
    assert idle_end < caller.expires_at
    with shifted(timedelta(hours=1)):
        await identity.identify(bearer, None)
    later = await identity.expires_at(caller)
    assert later is not None
    assert later > idle_end
    await house.parts.sessions.end_all(user, by=user, far=HERE)
    with pytest.raises(SignInNeeded):
        await identity.expires_at(caller)
    assert await identity.ended([caller.sign_in]) == {caller.sign_in}
