"""A role can ask for a second factor; until its holder has one, the session may only enrol it."""

from __future__ import annotations

import pyotp

from crm_core.access.actor import system
from hub.main import Hub
from tests.conftest import PASSWORD, SignIn
from tests.hub.test_notices import until


async def ask_for_it(hub: Hub, code: str) -> None:
    """Let a role ask for a second factor."""
    role = await hub.db["record_role"].find_one({"code": code})
    assert role is not None
    await hub.records.change(system(), "role", role["_id"], {"second_factor": True}, role["revision"])


async def test_a_session_of_such_a_role_may_only_enrol(hub: Hub, signed_in: SignIn) -> None:
    ada, sam = await signed_in("ada", roles=["SA"]), await signed_in("sam", roles=["SP"])
    await ask_for_it(hub, "SA")
    assert await until(lambda: _must(ada))
    for method, path in (
        ("GET", "/api/conversations"),
        ("GET", "/api/notices"),
        ("POST", "/api/calls"),
        ("PUT", "/api/me/presence"),
    ):
        status, problem = await ada.call(method, path, {} if method != "GET" else None)
        assert (status, problem["code"]) == (403, "second-factor-needed")
    assert (await sam.call("GET", "/api/conversations"))[0] == 200
    again = await signed_in("ada")
    assert (await again.call("GET", "/api/me"))[1]["must_enrol"] is True
    status, enrolment = await again.call("POST", "/api/me/otp", {"password": PASSWORD})
    assert status == 200
    code = pyotp.TOTP(enrolment["secret"]).now()
    status, done = await again.call("POST", "/api/me/otp/confirm", {"code": code})
    assert (status, len(done["recovery_codes"])) == (200, 10)
    assert (await again.call("GET", "/api/me"))[1]["must_enrol"] is False
    assert (await again.call("GET", "/api/conversations"))[0] == 200


async def _must(person: object) -> bool:
    status, me = await person.call("GET", "/api/me")  # type: ignore[attr-defined]
    return bool(status == 200 and me["must_enrol"])


async def test_who_turns_it_off_is_asked_again(hub: Hub, signed_in: SignIn) -> None:
    ada = await signed_in("ada", roles=["SA"])
    enrolment = (await ada.call("POST", "/api/me/otp", {"password": PASSWORD}))[1]
    await ada.call("POST", "/api/me/otp/confirm", {"code": pyotp.TOTP(enrolment["secret"]).now()})
    await ask_for_it(hub, "SA")
    boss = await signed_in("boss", roles=["admin"])
    assert (await ada.call("GET", "/api/conversations"))[0] == 200
    assert (await boss.call("DELETE", f"/api/users/{ada.user}/otp"))[0] == 204
    assert await until(lambda: _must(ada))


async def test_an_administrator_makes_a_user_who_can_sign_in_at_once(hub: Hub, signed_in: SignIn) -> None:
    boss, ada = await signed_in("boss", roles=["admin"]), await signed_in("ada")
    body = {"login": "Nina", "name": "Nina Roth", "password": PASSWORD, "roles": ["SA"], "locale": "en"}
    assert (await ada.call("POST", "/api/users", body))[0] == 403
    status, made = await boss.call("POST", "/api/users", body)
    assert status == 201
    nina = await signed_in("nina")
    assert nina.user == made["id"]
    assert (await boss.call("POST", "/api/users", body))[0] == 409
    status, problem = await boss.call("POST", "/api/users", {**body, "login": "nora", "roles": ["ghost"]})
    assert (status, problem["errors"][0]["path"]) == (422, "roles")
