"""Saved views: whose they are, who has them, what they find, and how many conversations they hold (S2.9.1)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hub.desk.counts import count_pipeline, count_wanted
from hub.desk.inbox import Wanted, list_conversations
from hub.stream.stream import Stream
from tests.hub.desk_house import ANN, BOB, SUE, Answer, Desk, Http, stored


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk with two queues."""
    desk = Desk(stream)
    await desk.queues("general", "sales")
    return desk


async def _save(http: Http, who: Any, name: str, /, **more: Any) -> Answer:
    body = {"name": name, "filters": {"state": "open", "tag": "vip"}, **more}
    return await http("POST", "/api/views", who, json=body)


async def _names(http: Http, who: Any) -> list[str]:
    return [view["name"] for view in (await http("GET", "/api/views", who)).json["items"]]


async def test_a_view_is_its_owners_until_it_is_shared(desk: Desk) -> None:
    async with desk.http() as http:
        made = await _save(http, ANN, "Important")
        assert made.status == 201
        assert made.json["filters"] == {"state": "open", "tag": "vip"}
        assert (made.json["shared_with"], made.json["may_change"]) == ("me", True)
        assert await _names(http, ANN) == ["Important"]
        assert await _names(http, BOB) == []
        assert await _names(http, SUE) == []
        path = f"/api/views/{made.json['id']}"
        assert (await http("PATCH", path, SUE, json={"name": "x"})).status == 404
        shared = await http("PATCH", path, ANN, json={"shared_with": "queue:general"})
        assert shared.json["shared_with"] == "queue:general"
        assert await _names(http, BOB) == []
        assert await _names(http, SUE) == ["Important"]


async def test_only_members_share_with_a_queue_and_only_supervisors_with_everyone(desk: Desk) -> None:
    async with desk.http() as http:
        assert (await _save(http, BOB, "a", shared_with="queue:general")).status == 403
        assert (await _save(http, BOB, "a", shared_with="everyone")).status == 403
        made = (await _save(http, SUE, "For all", shared_with="everyone")).json
        assert await _names(http, BOB) == ["For all"]
        path = f"/api/views/{made['id']}"
        assert (await http("PATCH", path, BOB, json={"name": "Mine"})).status == 403
        assert (await http("DELETE", path, BOB)).status == 403
        for _ in range(2):
            assert (await http("DELETE", path, SUE)).status == 204
        assert await _names(http, BOB) == []


async def test_a_name_is_taken_once_and_a_stale_change_is_refused(desk: Desk) -> None:
    async with desk.http() as http:
        first = (await _save(http, ANN, "Important")).json
        assert (await _save(http, ANN, "Important")).status == 409
        assert (await _save(http, BOB, "Important")).status == 201
        path = f"/api/views/{first['id']}"
        done = await http("PATCH", path, ANN, json={"name": "B"}, headers={"If-Match": '"1"'})
        assert (done.json["name"], done.json["revision"]) == ("B", 2)
        assert (await http("PATCH", path, ANN, json={"name": "C"}, headers={"If-Match": '"1"'})).status == 412


@pytest.mark.parametrize("wrong", [{"filters": {"colour": "red"}}, {"name": "  "}, {"shared_with": "user:bob"}])
async def test_a_view_that_no_list_would_take_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    async with desk.http() as http:
        assert (await _save(http, ANN, "x", **wrong)).status == 422


async def test_my_queues_mentions_and_the_oldest_first_are_lists_like_any_other(desk: Desk) -> None:
    await desk.db["conversations"].insert_many(
        [stored("a", 1), stored("b", 2, queue="sales", viewers=["ann"]), stored("c", 3), stored("d", 4, queue="sales")]
    )
    async with desk.http() as http:

        async def ids(query: str, who: Any = ANN) -> list[str]:
            return [one["id"] for one in (await http("GET", f"/api/conversations?{query}", who)).json["items"]]

        assert await ids("my_queues=true") == ["c", "a"]
        assert await ids("my_queues=true&queue=sales") == []
        assert await ids("my_queues=true", SUE) == []
        assert await ids("mentioned=true") == ["b"]
        assert await ids("order=oldest") == ["a", "b", "c"]
        first = (await http("GET", "/api/conversations?order=oldest&limit=2", ANN)).json
        assert [one["id"] for one in first["items"]] == ["a", "b"]
        assert first["items"][1]["viewers"] == ["ann"]
        assert "viewers" not in first["items"][0]
        assert await ids(f"order=oldest&limit=2&after={first['next']}") == ["c"]


async def test_each_view_is_counted_and_a_search_is_not(desk: Desk) -> None:
    await desk.db["conversations"].insert_many(
        [
            stored("a", 1, assignee={"id": "ann", "name": "Ann"}),
            stored("b", 2, tags=["vip"]),
            stored("c", 3, queue="sales", state="pending", viewers=["ann"]),
            stored("d", 4, state="closed"),
            stored("e", 5, queue="sales"),
        ]
    )
    async with desk.http() as http:
        vip = (await _save(http, ANN, "vip")).json["id"]
        words = (await _save(http, ANN, "words", filters={"q": "pump"})).json["id"]
        foreign = (await _save(http, BOB, "his")).json["id"]
        keys = ["mine", "unassigned", "queues", "mentions", "all", vip, words, foreign]
        counted = (await http("GET", f"/api/conversations/counts?views={','.join(keys)}", ANN)).json
        assert counted["views"] == {
            "mine": 1, "unassigned": 2, "queues": 2, "mentions": 1, "all": 3, vip: 1, words: None, foreign: None,
        }  # fmt: skip
        assert (await http("GET", "/api/conversations/counts?views=a b", ANN)).status == 422


async def test_counting_agrees_with_listing_and_scans_no_collection(desk: Desk) -> None:
    rng = random.Random(3)
    docs = [
        stored(
            f"c{n}",
            n,
            state=rng.choice(["open", "pending", "closed", "snoozed"]),
            queue=rng.choice(["general", "sales", "q1"]),
            assignee=rng.choice([None, {"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}]),
            channels=rng.choice([["email"], ["sms"]]),
            tags=rng.choice([[], [], ["vip"]]),
            viewers=rng.choice([[], [], [], ["ann"]]),
        )
        for n in range(1, 2001)
    ]
    await desk.db["conversations"].insert_many(docs)
    wanted = {
        "mine": Wanted(states=("open", "pending"), assignee="ann"),
        "free": Wanted(states=("open",), free=True),
        "queues": Wanted(states=("open",), queues=("general",)),
        "mentions": Wanted(states=("open", "pending"), viewer="ann"),
        "all": Wanted(states=("open", "pending")),
        "tag": Wanted(tag="vip", channel="sms"),
    }
    for caller in (ANN, BOB, SUE):
        counted = await count_wanted(desk.db, caller, wanted)
        for key, one in wanted.items():
            listed = await list_conversations(desk.db, caller, one, limit=1000)
            assert counted[key] == len(listed), (key, caller.user)
        command = {"aggregate": "conversations", "pipeline": count_pipeline(caller, wanted), "cursor": {}}
        plan = await desk.db.command("explain", command, verbosity="queryPlanner")
        assert "COLLSCAN" not in str(plan), caller.user
