"""A queue is removed only where nothing needs it, and its conversations go on in another."""

from __future__ import annotations

from hub.desk.queue_removal import TASK, move_some
from hub.main import Hub
from tests.conftest import SignIn
from tests.hub.test_notices import conversation

VIP = {"id": "vip", "name": "VIP"}


async def test_its_conversations_are_moved_and_it_is_gone_and_the_log_knows(hub: Hub, signed_in: SignIn) -> None:
    boss, ada = await signed_in("boss", roles=["admin"]), await signed_in("ada", queues=["support"])
    assert (await boss.call("POST", "/api/queues", {**VIP, "members": [ada.user]}))[0] == 201
    ids = [await conversation(hub, n, f"key{n}") for n in range(45)]
    await hub.db["conversations"].update_many({}, {"$set": {"queue": "vip"}})
    await hub.db["conversations"].update_one({"_id": ids[0]}, {"$set": {"state": "merged", "merged_into": ids[1]}})
    assert (await ada.call("DELETE", "/api/queues/vip?to=support"))[0] == 403
    status, done = await boss.call("DELETE", "/api/queues/vip?to=support")
    assert (status, done) == (200, {"removed": True, "moved": 45, "job": None})
    assert await hub.db["conversations"].count_documents({"queue": "support"}) == 45
    assert (await boss.call("GET", "/api/queues/vip"))[0] == 404
    entries = (await boss.call("GET", "/api/audit?what=queue.removed"))[1]
    assert [(e["actor"], e["about"], e["facts"]) for e in entries["items"]] == [
        (boss.user, "queue:vip", {"to": "support"})
    ]
    assert entries["names"] == {boss.user: "Boss"}


async def test_what_needs_it_keeps_it(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    await boss.call("POST", "/api/queues", VIP)
    assert (await boss.call("DELETE", "/api/queues/nowhere?to=support"))[0] == 404
    assert (await boss.call("DELETE", "/api/queues/vip?to=vip"))[0] == 422
    assert (await boss.call("DELETE", "/api/queues/vip?to=nowhere"))[0] == 422
    for settled in ("general", "support"):
        assert (await boss.call("DELETE", f"/api/queues/{settled}?to=vip"))[1]["reason"] == "settings"
    account = {"_id": "mail", "channel": "email", "queue": "vip", "enabled": True, "revision": 1, "config": {}}
    await hub.db["accounts"].insert_one(account)
    status, refused = await boss.call("DELETE", "/api/queues/vip?to=support")
    assert (status, refused["reason"], refused["accounts"]) == (409, "accounts", ["mail"])
    await hub.db["accounts"].delete_one({})
    await hub.db["rules"].insert_one({"_id": "r", "name": "Big customers", "place": 1, "then": {"queue": "vip"}})
    assert (await boss.call("DELETE", "/api/queues/vip?to=support"))[1]["reason"] == "rules"
    await hub.db["rules"].delete_one({})


async def test_a_long_move_is_finished_by_a_job(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    await boss.call("POST", "/api/queues", VIP)
    for n in range(30):
        await conversation(hub, n, f"key{n}")
    await hub.db["conversations"].update_many({}, {"$set": {"queue": "vip"}})
    from hub.identity.far_end import FarEnd

    done = await hub.desk.queue_removal.remove("vip", "support", by=boss.user, far=FarEnd("local"), within_s=0)
    assert (done["removed"], done["moved"]) == (False, 20)
    [job] = (await boss.call("GET", "/api/jobs"))[1]["items"]
    assert (job["id"], job["task"], job["state"], job["user"]["name"]) == (done["job"], TASK, "queued", "Boss")
    assert [await move_some(hub.units, "vip", "support") for _ in range(3)] == [10, 0, 0]
    assert (await boss.call("GET", "/api/queues/vip"))[0] == 404
