"""Outside applications: a list that administrators keep, and the only pages that may stand in a frame of the console."""

from __future__ import annotations

import pytest

from hub.main import Hub
from tests.conftest import SignIn

MAP = {"name": "City map", "url": "https://maps.example/city?zoom=3", "frame": True}


async def test_only_what_administrators_listed_as_a_frame_is_in_the_policy(signed_in: SignIn) -> None:
    """S2.1.1-13: the policy of the console's page names the origin, and stops naming it."""
    boss, ada = await signed_in("boss", roles=["admin"]), await signed_in("ada")

    async def policy() -> str:
        async with ada.http.get("/console/") as answer:
            return answer.headers["Content-Security-Policy"]

    assert "frame-src" not in await policy()
    status, made = await boss.call("POST", "/api/outside-apps", MAP)
    assert (status, made["revision"]) == (201, 1)
    await boss.call("POST", "/api/outside-apps", {"name": "Wiki", "url": "https://wiki.example/", "frame": False})
    assert (await policy()).endswith("; frame-src 'self' https://maps.example")
    assert [app["name"] for app in (await ada.call("GET", "/api/outside-apps"))[1]["items"]] == ["City map", "Wiki"]
    place = f"/api/outside-apps/{made['id']}"
    assert (await boss.call("PUT", place, {**MAP, "frame": False}, If_Match="9"))[0] == 412
    assert (await boss.call("PUT", place, {**MAP, "frame": False}, If_Match="1"))[1]["frame"] is False
    assert "frame-src" not in await policy()
    assert (await boss.call("DELETE", place))[0] == 204
    assert (await boss.call("DELETE", place))[0] == 404
    acts = [entry["what"] for entry in (await boss.call("GET", f"/api/audit?about={made['id']}"))[1]["items"]]
    assert acts == ["outside-app.removed", "outside-app.changed", "outside-app.created"]


async def test_the_list_is_kept_by_administrators_alone(signed_in: SignIn) -> None:
    sue = await signed_in("sue", roles=["SU"])
    assert (await sue.call("POST", "/api/outside-apps", MAP))[0] == 403
    assert (await sue.call("PUT", "/api/outside-apps/x", MAP, If_Match="1"))[0] == 403
    assert (await sue.call("DELETE", "/api/outside-apps/x"))[0] == 403


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "maps.example", "https://", "https://a:b@maps.example/", "https://maps.example/; script-src *",
        "https://maps.example/'", "https://maps.example, https://evil.example", "data:text/html,x", "https://maps.example:x/",
    ],
)  # fmt: skip
async def test_an_address_that_is_none_or_could_change_the_policy_is_refused_by_field(
    signed_in: SignIn, url: str
) -> None:
    boss = await signed_in("boss", roles=["admin"])
    status, problem = await boss.call("POST", "/api/outside-apps", {**MAP, "url": url})
    assert (status, problem["errors"][0]["path"]) == (422, "url")


async def test_our_own_pages_do_not_stand_in_our_frame(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    own = f"{hub.url}/console/"
    assert (await boss.call("POST", "/api/outside-apps", {**MAP, "url": own}))[0] == 422
    assert (await boss.call("POST", "/api/outside-apps", {**MAP, "url": own, "frame": False}))[0] == 201
