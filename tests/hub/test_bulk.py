"""One change to many conversations: each answered for itself, in bounded slices."""

from __future__ import annotations

import pytest

from hub.stream.stream import Stream
from tests.hub.desk_house import ANN, BOB, SUE, Desk, stored


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk with two queues and two colleagues."""
    desk = Desk(stream)
    await desk.queues("general", "sales")
    for login in ("ann", "bob"):
        await desk.user(login)
    return desk


async def test_each_conversation_is_answered_for_itself(desk: Desk) -> None:
    await desk.db["conversations"].insert_many([stored("a", 1), stored("b", 2, queue="sales"), stored("c", 3)])
    async with desk.http() as http:
        body = {"ids": ["a", "b", "c", "a"], "change": {"assignee": "me", "add_tags": ["vip"]}}
        answer = (await http("POST", "/api/conversations/bulk", ANN, json=body)).json
        assert [(one["id"], one["done"], one["code"]) for one in answer["items"]] == [
            ("a", True, None), ("b", False, "not-found"), ("c", True, None),
        ]  # fmt: skip
        assert answer["next"] is None
        for one in ("a", "c"):
            read = (await http("GET", f"/api/conversations/{one}", ANN)).json
            assert (read["assignee"]["id"], read["tags"]) == ("ann", ["vip"])
        assert (await http("GET", "/api/conversations/b", BOB)).json["assignee"] is None


async def test_the_same_change_twice_is_one_change(desk: Desk) -> None:
    await desk.db["conversations"].insert_one(stored("a", 1))
    async with desk.http() as http:
        for _ in range(2):
            body = {"ids": ["a"], "change": {"add_tags": ["vip"], "state": "closed"}}
            assert (await http("POST", "/api/conversations/bulk", ANN, json=body)).json["items"][0]["done"]
        assert (await http("GET", "/api/conversations/a", ANN)).json["revision"] == 2
        body = {"ids": ["a"], "change": {"remove_tags": ["vip"]}}
        await http("POST", "/api/conversations/bulk", ANN, json=body)
        assert (await http("GET", "/api/conversations/a", ANN)).json["tags"] == []


async def test_a_whole_view_goes_slice_by_slice_and_none_is_passed_over(desk: Desk) -> None:
    await desk.db["conversations"].insert_many([stored(f"c{n}", n) for n in range(1, 121)])
    async with desk.http() as http:
        body = {"view": {"state": "open", "queue": "general"}, "change": {"state": "closed"}}
        done, slices, after = [], 0, None
        while slices == 0 or after:
            answer = (await http("POST", "/api/conversations/bulk", SUE, json={**body, "after": after})).json
            done += [one["id"] for one in answer["items"] if one["done"]]
            after, slices = answer["next"], slices + 1
        assert slices == 3
        assert sorted(done) == sorted(f"c{n}" for n in range(1, 121))
    assert await desk.db["conversations"].count_documents({"state": "closed"}) == 120


@pytest.mark.parametrize(
    "wrong",
    [
        {"change": {"state": "closed"}},
        {"ids": ["a"], "view": {}, "change": {"state": "closed"}},
        {"ids": ["a"], "change": {}},
        {"ids": [f"c{n}" for n in range(51)], "change": {"state": "closed"}},
        {"ids": ["a"], "change": {"subject": "x"}},
    ],
)
async def test_an_unclear_order_changes_nothing(desk: Desk, wrong: dict[str, object]) -> None:
    await desk.db["conversations"].insert_one(stored("a", 1))
    async with desk.http() as http:
        assert (await http("POST", "/api/conversations/bulk", ANN, json=wrong)).status == 422
    assert await desk.db["conversations"].count_documents({"revision": 1}) == 1
