"""Identity in a whole hub: what an administrator changes reaches everybody who is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hub.main import Hub
from hub.store.collections import EVENTS, SESSIONS
from tests.conftest import SignIn


async def eventually(true: Callable[[], Awaitable[bool]], within_s: float = 15) -> None:
    """Wait until it is true; fail when the time is over."""
    async with asyncio.timeout(within_s):
        while not await true():
            await asyncio.sleep(0.05)


async def test_who_is_given_a_role_has_its_rights_soon_and_is_told(hub: Hub, signed_in: SignIn) -> None:
    root, ada = await signed_in("root", roles=["admin"]), await signed_in("ada", roles=["SA"])
    assert (await ada.call("GET", "/api/audit"))[0] == 403
    status, row = await root.call("GET", f"/api/records/user/{ada.user}")
    assert status == 200
    _, roles = await root.call("GET", "/api/records/role?code=admin")
    change = {"roles": [roles["items"][0]["id"]]}
    status, body = await root.call("PATCH", f"/api/records/user/{ada.user}", change, If_Match=str(row["revision"]))
    assert status == 200, body

    async def has_rights() -> bool:
        return (await ada.call("GET", "/api/audit"))[0] == 200

    await eventually(has_rights)

    async def is_told() -> bool:
        where = {"name": "hub.rights-changed", "data.user": ada.user}
        return await hub.db[EVENTS].find_one(where) is not None

    await eventually(is_told)


async def test_who_leaves_is_signed_out_everywhere(hub: Hub, signed_in: SignIn) -> None:
    root, ada = await signed_in("root", roles=["admin"]), await signed_in("ada", roles=["SA"])
    status, body = await root.call("POST", f"/api/records/user/{ada.user}/transition", {"to": "left"})
    assert status == 200, body

    async def is_out() -> bool:
        return await hub.db[SESSIONS].count_documents({"user": ada.user}) == 0

    await eventually(is_out)
    assert (await ada.call("GET", "/api/me"))[0] == 401
    ended = await hub.db[EVENTS].find_one({"name": "hub.sign-in-ended", "data.user": ada.user})
    assert ended is not None
    assert ended["rooms"] == ["hub"]


async def test_events_of_the_hubs_never_reach_a_caller(hub: Hub, signed_in: SignIn) -> None:
    root = await signed_in("root", roles=["admin"])
    other = await signed_in("root")
    assert (await other.call("POST", "/api/me/sessions/end-others"))[0] == 200
    assert (await root.call("GET", "/api/me"))[0] == 401
    for room in ("everyone", "supervisors", f"user:{root.user}"):
        assert await hub.db[EVENTS].find_one({"name": {"$regex": "^hub[.]"}, "rooms": room}) is None
