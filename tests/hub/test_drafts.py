"""Unsent drafts: one per person and conversation, nobody else's, and the last write wins."""

from __future__ import annotations

import pytest
from pymongo.read_concern import ReadConcern

from hub.stream.stream import Stream
from tests.hub.desk_house import ANN, BOB, SUE, Desk, stored

PATH = "/api/conversations/a/draft"


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """One conversation of the queue `general`."""
    desk = Desk(stream)
    await desk.db["conversations"].insert_one(stored("a", 1))
    return desk


async def test_a_draft_is_there_in_every_browser_of_its_writer_and_in_nobody_elses(desk: Desk) -> None:
    async with desk.http() as http:
        assert (await http("GET", PATH, ANN)).json["revision"] == 0
        kept = await http("PUT", PATH, ANN, json={"reply": "Friday is", "cc": ["bo@x.example"]})
        assert (kept.status, kept.json["revision"], kept.json["reply"]) == (200, 1, "Friday is")
        read = (await http("GET", PATH, ANN)).json
        assert (read["reply"], read["cc"], read["note"]) == ("Friday is", ["bo@x.example"], "")
        assert (await http("GET", PATH, SUE)).json["reply"] == ""
        assert [m["conversation"] for m in (await http("GET", "/api/drafts", ANN)).json["items"]] == ["a"]
        assert (await http("GET", "/api/drafts", SUE)).json["items"] == []


async def test_receivers_subject_and_planned_time_are_kept_with_the_words(desk: Desk) -> None:
    wanted = {
        "reply": "See below", "subject": "Offer", "to": ["cy@x.example"], "cc": ["Bo <bo@x.example>"], "bcc": ["d@x.example"],
        "reply_all": True, "forward_of": "m1", "forward_as": "attached", "send_at": "2030-01-07T09:00:00Z",
    }  # fmt: skip
    async with desk.http() as http:
        await http("PUT", PATH, ANN, json=wanted)
        read = (await http("GET", PATH, ANN)).json
        assert {name: read[name] for name in wanted} == wanted
        await http("PUT", PATH, ANN, json={"cc": ["bo@x.example"]})
        assert [m["conversation"] for m in (await http("GET", "/api/drafts", ANN)).json["items"]] == ["a"]
        assert (await http("PUT", PATH, ANN, json={"send_at": "2030-01-07T09:00:00Z"})).status == 200
        assert (await http("GET", "/api/drafts", ANN)).json["items"] == []  # a time alone is no message
        assert (await http("PUT", PATH, ANN, json={"send_at": "2030-01-07T09:00:00"})).status == 422


async def test_a_first_message_has_a_draft_of_its_own_that_marks_no_conversation(desk: Desk) -> None:
    async with desk.http() as http:
        new = "/api/drafts/new"
        assert (await http("GET", new, ANN)).json["revision"] == 0
        kept = await http("PUT", new, ANN, json={"reply": "Hello", "to": ["bo@x.example"], "account": "support-mail"})
        assert (kept.status, kept.json["conversation"]) == (200, "")
        read = (await http("GET", new, ANN)).json
        assert (read["reply"], read["to"], read["account"]) == ("Hello", ["bo@x.example"], "support-mail")
        assert (await http("GET", new, SUE)).json["reply"] == ""
        assert (await http("GET", "/api/drafts", ANN)).json["items"] == []
        assert (await http("DELETE", new, ANN)).status == 204
        assert (await http("GET", new, ANN)).json["reply"] == ""


async def test_the_last_write_wins_and_revisions_never_go_back(desk: Desk) -> None:
    async with desk.http() as http:
        for n, text in enumerate(("one", "two", "")):
            kept = (await http("PUT", PATH, ANN, json={"kind": "note", "note": text})).json
            assert (kept["revision"], kept["note"]) == (n + 1, text)
        assert (await http("GET", "/api/drafts", ANN)).json["items"] == []
        assert (await http("PUT", PATH, ANN, json={"reply": "again"})).json["revision"] == 4
        for _ in range(2):
            assert (await http("DELETE", PATH, ANN)).status == 204
        assert (await http("GET", PATH, ANN)).json["revision"] == 5


async def test_a_draft_in_a_conversation_out_of_sight_is_not_found_but_can_be_dropped(desk: Desk) -> None:
    async with desk.http() as http:
        await http("PUT", PATH, ANN, json={"reply": "Friday is"})
        assert (await http("GET", PATH, BOB)).status == 404
        assert (await http("PUT", PATH, BOB, json={"reply": "x"})).status == 404
        await desk.db["conversations"].update_one({"_id": "a"}, {"$set": {"queue": "sales"}})
        assert (await http("GET", PATH, ANN)).status == 404
        assert (await http("DELETE", PATH, ANN)).status == 204
    assert await desk.db["drafts"].count_documents({"empty": False}) == 0


async def test_only_ones_own_uploads_come_back_with_a_draft(desk: Desk) -> None:
    own = await desk.files.put(b"price 12", "offer.txt", "text/plain", by="ann")
    other = await desk.files.put(b"secret", "plan.txt", "text/plain", by="bob")
    async with desk.http() as http:
        kept = await http("PUT", PATH, ANN, json={"reply": "x", "files": [own["id"], other["id"], "gone"]})
        assert [file["name"] for file in kept.json["files"]] == ["offer.txt"]


async def test_the_persons_other_consoles_are_told(desk: Desk) -> None:
    async with desk.http() as http:
        await http("PUT", PATH, ANN, json={"reply": "Friday"})
        await http("DELETE", PATH, ANN)
    sent = desk.db["hints"].with_options(read_concern=ReadConcern("local"))  # hints do not wait for a majority
    hints = await sent.find({"name": "draft"}).to_list()
    assert [(hint["room"], hint["data"]["revision"], hint["data"]["on"]) for hint in hints] == [
        ("user:ann", 1, True), ("user:ann", 2, False),
    ]  # fmt: skip
