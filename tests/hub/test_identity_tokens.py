"""API tokens: scopes, end, revocation, and what a token may not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.ground.clock import now, shifted
from crm_core.ground.errors import Invalid, SignInNeeded
from hub.identity.tokens import full_scopes
from hub.store.client import Database
from hub.store.collections import EVENTS, SESSIONS, TOKENS
from hub.store.unit import Units
from tests.hub.identity_house import HERE, Browser, House, build_house

_SCOPES = st.sampled_from(["read", "write", "admin"])


@pytest.fixture
async def house(db: Database, units: Units) -> House:
    return await build_house(db, units)


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with house.browser() as browser:
        yield browser


@given(st.sets(_SCOPES, min_size=1), st.sets(_SCOPES))
def test_more_scopes_never_allow_less(some: set[str], more: set[str]) -> None:
    assert some <= full_scopes(some) <= full_scopes(some | more)
    assert full_scopes(full_scopes(some)) == full_scopes(some)
    assert "read" in full_scopes(some)


@given(st.sets(st.text(max_size=8)))
def test_unknown_scopes_are_refused(scopes: set[str]) -> None:
    if not scopes or scopes - {"read", "write", "admin"}:
        with pytest.raises(Invalid):
            full_scopes(scopes)


async def test_a_token_is_shown_once_and_stored_as_a_digest(house: House, browser: Browser) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    made = await browser.call("POST", "/api/me/tokens", {"name": "nightly", "scopes": ["write"]}, Idempotency_Key="k")
    assert made.status == 201
    body = await made.json()
    assert body["secret"].startswith("mst_")
    assert body["token"]["scopes"] == ["read", "write"]
    listed = await (await browser.call("GET", "/api/me/tokens")).json()
    assert listed == {"items": [body["token"]]}
    for name in await house.db.list_collection_names():
        assert body["secret"] not in repr(await house.db[name].find().to_list()), name


async def test_a_program_signs_in_with_the_token_and_needs_no_csrf(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    secret, _ = await house.parts.tokens.create(user, "x", ["write"], by=user, far=HERE)
    head = {"Authorization": f"Bearer {secret}"}
    me = await (await browser.client.get("/api/me", headers=head)).json()
    assert me["user"]["id"] == user
    assert me["csrf"] is None
    stored = await house.db[TOKENS].find_one({})
    assert stored is not None
    assert stored["used_at"] is not None


@pytest.mark.parametrize("token", ["mst_" + "x" * 43, "x", "mst_", "session"])
async def test_a_wrong_token_is_refused_even_beside_a_good_cookie(house: House, browser: Browser, token: str) -> None:
    await house.person("ada")
    await browser.sign_in("ada")
    given = browser.cookie() if token == "session" else token
    answer = await browser.call("GET", "/api/me", Authorization=f"Bearer {given}")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_revoked_token_stops_at_once_and_its_sockets_close(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    secret, token = await house.parts.tokens.create(user, "x", ["read"], by=user, far=HERE)
    caller = await house.parts.identity.identify(None, secret)
    assert await house.parts.identity.ended([caller.sign_in]) == frozenset()
    await browser.sign_in("ada")
    assert (await browser.call("DELETE", f"/api/me/tokens/{token['id']}")).status == 204
    with pytest.raises(SignInNeeded):
        await house.parts.identity.identify(None, secret)
    assert await house.parts.identity.ended([caller.sign_in]) == {caller.sign_in}
    event = await house.db[EVENTS].find_one({"name": "hub.sign-in-ended"})
    assert event is not None
    assert event["data"]["sign_in"] == caller.sign_in


async def test_a_token_ends_at_its_time(house: House) -> None:
    user = await house.person("ada")
    soon = now() + timedelta(hours=1)
    secret, _ = await house.parts.tokens.create(user, "x", ["read"], by=user, far=HERE, expires_at=soon)
    caller = await house.parts.identity.identify(None, secret)
    assert caller.expires_at == soon
    assert await house.parts.identity.expires_at(caller) == soon
    with shifted(timedelta(hours=1)):
        with pytest.raises(SignInNeeded):
            await house.parts.identity.identify(None, secret)
        with pytest.raises(SignInNeeded):
            await house.parts.identity.expires_at(caller)
        assert await house.parts.identity.ended([caller.sign_in]) == {caller.sign_in}
    with pytest.raises(Invalid):
        await house.parts.tokens.create(user, "x", ["read"], by=user, far=HERE, expires_at=now() - timedelta(hours=1))


async def test_a_reading_token_changes_nothing(house: House, browser: Browser) -> None:
    user = await house.person("root", "admin")
    secret, _ = await house.parts.tokens.create(user, "x", ["read"], by=user, far=HERE)
    head = {"Authorization": f"Bearer {secret}"}
    assert (await browser.client.get("/api/audit", headers=head)).status == 403
    assert (await browser.client.delete(f"/api/users/{user}/sign-ins", headers=head)).status == 403
    assert await house.db[TOKENS].count_documents({}) == 1


async def test_a_token_cannot_make_tokens_nor_lock_its_owner_out(house: House, browser: Browser) -> None:
    user = await house.person("root", "admin")
    secret, token = await house.parts.tokens.create(user, "x", ["admin"], by=user, far=HERE)
    head = {"Authorization": f"Bearer {secret}"}
    post, client = {"name": "y", "scopes": ["admin"]}, browser.client
    assert (await client.post("/api/me/tokens", json=post, headers=head)).status == 403
    assert (await client.post("/api/me/sessions/end-others", headers=head)).status == 403
    assert (await client.put("/api/me/password", json={}, headers=head)).status == 403
    assert (await client.delete(f"/api/me/tokens/{token['id']}", headers=head)).status == 403
    assert (await client.get("/api/audit", headers=head)).status == 200
    assert (await client.delete("/api/session", headers=head)).status == 204
    assert (await client.get("/api/me", headers=head)).status == 401


async def test_other_peoples_tokens_cannot_be_reached(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    await house.person("eve")
    _, token = await house.parts.tokens.create(user, "x", ["read"], by=user, far=HERE)
    await browser.sign_in("eve")
    assert (await browser.call("DELETE", f"/api/me/tokens/{token['id']}")).status == 404
    assert await (await browser.call("GET", "/api/me/tokens")).json() == {"items": []}


async def test_an_administrator_ends_all_sign_ins_of_somebody(house: House, browser: Browser) -> None:
    user = await house.person("ada")
    await house.person("root", "admin")
    await house.parts.tokens.create(user, "x", ["read"], by=user, far=HERE)
    async with house.browser() as ada:
        await ada.sign_in("ada")
        assert (await ada.call("DELETE", f"/api/users/{user}/sign-ins")).status == 403
        await browser.sign_in("root")
        seen = await (await browser.call("GET", f"/api/users/{user}/sign-ins")).json()
        assert (len(seen["sessions"]), len(seen["tokens"])) == (1, 1)
        assert (await browser.call("DELETE", f"/api/users/{user}/sign-ins")).status == 204
        assert (await ada.call("GET", "/api/me")).status == 401
    assert await house.db[TOKENS].count_documents({}) == 0
    assert await house.db[SESSIONS].count_documents({"user": user}) == 0
    assert (await browser.call("DELETE", "/api/users/nobody/sign-ins")).status == 404
