"""What colleagues do with a conversation, through HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.ground.clock import now, shifted
from hub.stream.stream import Stream
from tests.hub.desk_house import ADA, ANN, BOB, SUE, Desk, stored
from tests.lab.envelopes import mail


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk with two queues and two colleagues."""
    desk = Desk(stream)
    await desk.queues("general", "sales")
    for login in ("ann", "bob"):
        await desk.user(login)
    return desk


async def _conversation(desk: Desk, name: str = "<a@x>") -> str:
    return (await desk.stream.ingest(mail(name, "ada@example.com")))["conversation"]


async def test_a_list_has_pages_and_a_cursor_of_its_own(desk: Desk) -> None:
    for n in range(5):
        await desk.stream.ingest(mail(f"<{n}@x>", f"u{n}@example.com"))
    async with desk.http() as http:
        first = (await http("GET", "/api/conversations?limit=3&state=open", ANN)).json
        assert [c["subject"] for c in first["items"]] == ["About <4@x>", "About <3@x>", "About <2@x>"]
        rest = (await http("GET", f"/api/conversations?limit=3&after={first['next']}", ANN)).json
        assert [c["subject"] for c in rest["items"]] == ["About <1@x>", "About <0@x>"]
        assert rest["next"] is None
        assert (await http("GET", "/api/conversations", BOB)).json["items"] == []
        assert (await http("GET", "/api/conversations", None)).status == 401
        for wrong in ("limit=101", "state=merged", "record=x", "after=abc", "colour=red", "after=WyJ4IiwgMV0"):
            assert (await http("GET", f"/api/conversations?{wrong}", ANN)).status == 422


async def test_the_filter_q_finds_by_words_of_any_message(desk: Desk) -> None:
    await desk.stream.ingest(mail("<a@x>", "ada@example.com", text="我想了解商机跟进的报价"))
    await desk.stream.ingest(mail("<b@x>", "bob@example.com", text="something else"))
    await desk.index()
    async with desk.http() as http:
        found = (await http("GET", "/api/conversations?q=商机跟进", ANN)).json
        assert [c["subject"] for c in found["items"]] == ["About <a@x>"]
        assert found["partial"] is False
        assert (await http("GET", "/api/conversations?q=商机跟进", BOB)).json["items"] == []
        assert (await http("GET", "/api/conversations/counts", ANN)).json["unassigned"] == 2


async def test_what_may_not_be_seen_is_not_found(desk: Desk) -> None:
    one = await _conversation(desk)
    async with desk.http() as http:
        assert (await http("GET", f"/api/conversations/{one}", ANN)).json["id"] == one
        for method, path in (
            ("GET", ""), ("GET", "/messages"), ("DELETE", "/records/customer/x"),
        ):  # fmt: skip
            assert (await http(method, f"/api/conversations/{one}{path}", BOB)).status == 404
        assert (await http("PATCH", f"/api/conversations/{one}", BOB, json={"state": "closed"})).status == 404
        assert (await http("POST", f"/api/conversations/{one}/split", BOB, json={"messages": ["m"]})).status == 404
        assert (await http("POST", f"/api/conversations/{one}/join", BOB, json={"into": one})).status == 404


async def test_a_stale_revision_changes_nothing(desk: Desk) -> None:
    one = await _conversation(desk)
    path = f"/api/conversations/{one}"
    async with desk.http() as http:
        revision = (await http("GET", path, ANN)).json["revision"]
        done = await http("PATCH", path, ANN, json={"state": "closed"}, headers={"If-Match": f'"{revision}"'})
        assert (done.status, done.json["state"], done.json["revision"]) == (200, "closed", revision + 1)
        stale = await http("PATCH", path, ANN, json={"state": "open"}, headers={"If-Match": f'"{revision}"'})
        assert (stale.status, stale.json["revision"]) == (412, revision + 1)
        assert (await http("GET", path, ANN)).json["state"] == "closed"
        same = await http("PATCH", path, ANN, json={"state": "closed"})
        assert same.json["revision"] == revision + 1  # no change, no event


async def test_taking_moving_and_giving_to_somebody(desk: Desk) -> None:
    one = await _conversation(desk)
    path = f"/api/conversations/{one}"
    async with desk.http() as http:
        mine = await http("PATCH", path, ANN, json={"assignee": "me", "tags": ["vip"], "subject": "  Offer "})
        assert mine.json["assignee"] == {"id": "ann", "name": "Ann"}
        assert (mine.json["tags"], mine.json["subject"]) == (["vip"], "Offer")
        assert (await http("PATCH", path, ANN, json={"assignee": "nobody"})).status == 422
        assert (await http("PATCH", path, ANN, json={"queue": "nowhere"})).status == 422
        assert (await http("PATCH", path, ANN, json={"revision": 7})).status == 422
        moved = await http("PATCH", path, ANN, json={"queue": "sales", "assignee": "bob"})
        assert moved.json["queue"] == "sales"
        assert (await http("GET", path, ANN)).status == 404
        assert (await http("GET", path, BOB)).json["assignee"]["id"] == "bob"
    gone = await desk.db["events"].find_one({"data.gone": True})
    assert gone is not None
    assert gone["rooms"] == ["queue:general", "user:ann"]


async def test_a_snooze_needs_a_time_to_come_and_ends_by_itself(desk: Desk) -> None:
    one = await _conversation(desk)
    path = f"/api/conversations/{one}"
    later = now() + timedelta(hours=2)
    async with desk.http() as http:
        assert (await http("PATCH", path, ANN, json={"state": "snoozed"})).status == 422
        past = {"snoozed_until": (now() - timedelta(minutes=1)).isoformat()}
        assert (await http("PATCH", path, ANN, json=past)).status == 422
        assert (
            await http("PATCH", path, ANN, json={"state": "open", "snoozed_until": later.isoformat()})
        ).status == 422
        put_off = await http("PATCH", path, ANN, json={"snoozed_until": later.isoformat()})
        assert put_off.json["state"] == "snoozed"
        assert await desk.conversations.wake_due(now()) == 0
        with shifted(timedelta(hours=3)):
            assert await desk.conversations.wake_due(now()) == 1
            assert await desk.conversations.wake_due(now()) == 0
        assert (await http("GET", path, ANN)).json["state"] == "open"


async def test_an_answer_of_the_customer_ends_a_snooze(desk: Desk) -> None:
    one = await _conversation(desk)
    later = (now() + timedelta(hours=2)).isoformat()
    async with desk.http() as http:
        await http("PATCH", f"/api/conversations/{one}", ANN, json={"snoozed_until": later})
        await desk.stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
        woken = (await http("GET", f"/api/conversations/{one}", ANN)).json
        assert (woken["state"], woken["snoozed_until"]) == ("open", None)


async def test_only_a_readable_record_can_be_hung_on_a_conversation(desk: Desk) -> None:
    one = await _conversation(desk)
    record = await desk.contact("Ada Lovelace")
    path = f"/api/conversations/{one}/records/contact/{record}"
    async with desk.http() as http:
        assert (await http("PUT", path, ANN)).status == 404  # ann has no right on contacts
        for _ in range(2):
            hung = await http("PUT", path, ADA)
            assert hung.json["records"] == [{"type": "contact", "id": record, "label": "Ada Lovelace"}]
        listed = await http("GET", f"/api/conversations?record=contact:{record}", ANN)
        assert [c["id"] for c in listed.json["items"]] == [one]
        assert (await http("PUT", f"/api/conversations/{one}/records/unicorn/x", ADA)).status == 404
        assert (await http("PUT", f"/api/conversations/{one}/records/contact/none", ADA)).status == 404
        for _ in range(2):
            assert (await http("DELETE", path, ADA)).json["records"] == []


async def test_split_join_and_undo(desk: Desk) -> None:
    one = await _conversation(desk)
    second = await desk.stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
    assert second["conversation"] == one
    path = f"/api/conversations/{one}"
    async with desk.http() as http:
        split = (await http("POST", f"{path}/split", ANN, json={"messages": [second["id"]], "subject": "New"})).json
        away = split["conversations"][1]
        assert (await http("GET", f"/api/messages/{second['id']}", ANN)).json["conversation"] == away
        undone = await http("POST", f"{path}/undo", ANN, json={"move": split["move"]})
        assert undone.json["undone_at"] is not None
        other = await _conversation(desk, "<c@x>")
        assert (await http("POST", f"{path}/undo", BOB, json={"move": split["move"]})).status == 404
        assert (await http("POST", f"/api/conversations/{other}/undo", ANN, json={"move": split["move"]})).status == 404
        join = (await http("POST", f"{path}/join", ANN, json={"into": other})).json
        assert join["conversations"] == [one, other]
        assert (await http("GET", path, ANN)).json["id"] == other  # an old link leads to where it went
        assert one not in [c["id"] for c in (await http("GET", "/api/conversations", SUE)).json["items"]]


async def test_nobody_joins_into_what_they_may_not_see(desk: Desk) -> None:
    one = await _conversation(desk)
    await desk.db["conversations"].insert_one(stored("hidden", 1_000_000, queue="sales"))
    async with desk.http() as http:
        hidden = await http("POST", f"/api/conversations/{one}/join", ANN, json={"into": "hidden"})
        assert hidden.status == 404
