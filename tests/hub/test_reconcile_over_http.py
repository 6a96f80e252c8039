"""Reconciling and health over HTTP: who may ask, and what is told."""

from __future__ import annotations

from hub.main import Hub
from tests.conftest import SignIn


async def test_administrators_compare_now_and_supervisors_see_the_last_result(hub: Hub, signed_in: SignIn) -> None:
    await hub.db["messages"].insert_many(
        [{"_id": f"m{n}", "seq": -n, "account": "former", "raw": "r1", "external_id": f"<{n}@x>"} for n in (2, 1)]
    )
    await hub.db["raw"].insert_one({"_id": "r2", "account": "former", "open": True})
    admin, supervisor = await signed_in("ada", roles=["admin"]), await signed_in("sue", roles=["SU"])
    agent = await signed_in("ben", roles=["SA"])
    status, now_found = await admin.call("POST", "/api/reconcile", {"account": "former"})
    assert status == 200
    [item] = now_found["items"]
    assert (item["missing_ids"], item["doubled_ids"], item["error"]) == (["r2"], ["m1"], None)
    assert (await supervisor.call("GET", "/api/reconcile"))[1] == now_found
    assert (await supervisor.call("POST", "/api/reconcile", {}))[0] == 403
    assert (await agent.call("GET", "/api/reconcile"))[0] == 403
    assert (await admin.call("POST", "/api/reconcile", {"account": "nobody"}))[0] == 404


async def test_a_running_hub_is_ready_and_tells_its_figures(hub: Hub, signed_in: SignIn) -> None:
    who = await signed_in("ben", roles=["SA"])
    status, told = await who.call("GET", "/readyz")
    assert (status, told["ready"]) == (200, True), told
    assert {"store", "accepting", "task feed", "task commit"} <= {check["name"] for check in told["checks"]}
    assert (await who.call("GET", "/healthz"))[0] == 200
    status, text = await who.call("GET", "/metrics")
    assert status == 200
    assert b"mainstem_feed_position" in text
    assert (await who.call("GET", "/metrics", X_Forwarded_For="203.0.113.9"))[0] == 403
