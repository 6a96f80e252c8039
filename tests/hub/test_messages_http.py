"""Threads, answers, notes and sources, through HTTP."""

from __future__ import annotations

import pytest

from hub.stream.stream import Stream
from hub.supervise import Supervisor
from tests.hub.desk_house import ADA, ANN, BOB, SUE, Desk, Http
from tests.lab.envelopes import mail


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk with one queue and two colleagues."""
    desk = Desk(stream)
    await desk.queues("general")
    for login in ("ann", "bob"):
        await desk.user(login)
    return desk


async def _conversation(desk: Desk) -> str:
    return (await desk.stream.ingest(mail("<a@x>", "ada@example.com")))["conversation"]


async def _say(http: Http, conversation: str, **body: object) -> dict[str, object]:
    said = await http("POST", f"/api/conversations/{conversation}/messages", ANN, json=body)
    assert said.status == 201, said.json
    answer: dict[str, object] = said.json
    return answer


async def test_a_thread_is_paged_upwards_and_read_on_downwards(desk: Desk) -> None:
    one = await _conversation(desk)
    async with desk.http() as http:
        for n in range(6):
            await _say(http, one, kind="note", text=f"note {n}")
        page = (await http("GET", f"/api/conversations/{one}/messages?limit=3", ANN)).json
        assert [m["text"] for m in page["items"]] == ["note 3", "note 4", "note 5"]
        older = (await http("GET", f"/api/conversations/{one}/messages?limit=3&before={page['next']}", ANN)).json
        assert [m["text"] for m in older["items"]] == ["note 0", "note 1", "note 2"]
        oldest = (await http("GET", f"/api/conversations/{one}/messages?limit=3&before={older['next']}", ANN)).json
        assert [m["text"] for m in oldest["items"]] == ["Text of <a@x>"]
        assert oldest["next"] is None
        seq = older["items"][1]["seq"]
        newer = (await http("GET", f"/api/conversations/{one}/messages?limit=2&after={seq}", ANN)).json
        assert [m["text"] for m in newer["items"]] == ["note 2", "note 3"]


async def test_an_answer_is_queued_to_whoever_wrote_last(desk: Desk) -> None:
    one = await _conversation(desk)
    async with desk.http() as http:
        said = await _say(http, one, kind="reply", text="Good day", html="<p>Good <script>x()</script>day</p>")
        assert said["delivery"]["state"] == "queued"  # type: ignore[index]
        assert [p["address"] for p in said["to"]] == ["ada@example.com"]  # type: ignore[attr-defined]
        assert said["html"] == "<p>Good day</p>"
        for wrong in ({"kind": "reply"}, {"kind": "reply", "text": "x", "to": ["no address"]}, {"kind": "shout"}):
            assert (await http("POST", f"/api/conversations/{one}/messages", ANN, json=wrong)).status == 422
        assert (
            await http("POST", f"/api/conversations/{one}/messages", BOB, json={"kind": "note", "text": "x"})
        ).status == 404


async def test_a_repeat_with_the_same_key_is_the_same_message(desk: Desk) -> None:
    one = await _conversation(desk)
    body = {"kind": "reply", "text": "once"}
    async with desk.http() as http:
        path, key = f"/api/conversations/{one}/messages", {"Idempotency-Key": "k1"}
        said = [await http("POST", path, ANN, json=body, headers=key) for _ in range(3)]
        said.append(await http("POST", path, ANN, json=body | {"client_id": "k1"}))
        assert len({s.json["id"] for s in said}) == 1
        other = await http("POST", path, SUE, json=body, headers=key)
        assert other.json["id"] != said[0].json["id"]  # somebody else's key is another key


async def test_html_without_text_still_gives_a_text_to_read(desk: Desk) -> None:
    one = await _conversation(desk)
    async with desk.http() as http:
        said = await _say(http, one, kind="reply", html="<p>Dear Ada,</p><p>a &lt; b &amp; c</p>")
        assert said["text"] == "Dear Ada,\na < b & c"


async def test_a_mention_in_a_note_shows_the_conversation_to_that_colleague(desk: Desk) -> None:
    one = await _conversation(desk)
    async with desk.http() as http:
        await _say(http, one, kind="note", text="mail@bob.example is no mention")
        assert (await http("GET", f"/api/conversations/{one}", BOB)).status == 404
        await _say(http, one, kind="note", text="@Bob, @nobody: please look")
        assert (await http("GET", f"/api/conversations/{one}", BOB)).status == 200
        assert [c["id"] for c in (await http("GET", "/api/conversations", BOB)).json["items"]] == [one]
    notices = await desk.db["events"].find({"name": "notice.raised"}).to_list()
    assert [n["rooms"] for n in notices] == [["user:bob"]]


async def test_a_conversation_is_begun_with_a_first_message(desk: Desk) -> None:
    record = await desk.contact("Ada Lovelace")
    body = {
        "channel": "email",
        "to": ["Ada <ADA@Example.com>"],
        "subject": "An offer\r\nBcc: x@example.com",
        "text": "Dear Ada",
        "records": [f"contact:{record}"],
    }
    async with desk.http() as http:
        assert (
            await http("POST", "/api/conversations", ANN, json=body)
        ).status == 404  # the record is not hers to read
        begun = await http("POST", "/api/conversations", ADA, json=body)
        assert begun.status == 201
        one = begun.json
        assert one["assignee"] == {"id": "ada", "name": "Ada"}
        assert one["records"][0]["label"] == "Ada Lovelace"
        assert one["subject"] == "An offer Bcc: x@example.com"
        thread = (await http("GET", f"/api/conversations/{one['id']}/messages", ADA)).json["items"]
        assert [(m["direction"], m["delivery"]["state"]) for m in thread] == [("outbound", "queued")]
        assert (await http("POST", "/api/conversations", ADA, json=body | {"channel": "pigeon"})).status == 422
        assert (await http("POST", "/api/conversations", ADA, json=body | {"to": []})).status == 422
        assert (await http("POST", "/api/conversations", ADA, json=body | {"account": "other"})).status == 422


async def test_a_message_is_found_by_id_and_by_the_far_sides_id(desk: Desk) -> None:
    message = await desk.stream.ingest(mail("<a@x>", "ada@example.com"))
    async with desk.http() as http:
        shown = await http("GET", f"/api/messages/{message['id']}", ANN)
        assert shown.json["full_text"] == "Text of <a@x>"
        assert (await http("GET", f"/api/messages/{message['id']}", BOB)).status == 404
        found = await http("GET", "/api/messages", ANN, params={"external_id": "<a@x>"})
        assert [m["id"] for m in found.json["items"]] == [message["id"]]
        assert (await http("GET", "/api/messages", BOB, params={"external_id": "<a@x>"})).json["items"] == []
        assert (await http("GET", "/api/messages", ANN)).status == 422


async def test_the_source_is_the_raw_input_byte_for_byte(desk: Desk) -> None:
    supervisor = Supervisor()
    supervisor.keep("raw", desk.raws.run)
    content = b"From: ada@example.com\r\n\r\n\x00\xff<script>alert(1)</script>"
    raw = await desk.raws.keep("support", content)
    message = await desk.stream.ingest(mail("<a@x>", "ada@example.com", raw=raw.id))
    note = await desk.stream.ingest(mail("<b@x>", "ada@example.com"))
    async with desk.http() as http:
        source = await http("GET", f"/api/messages/{message['id']}/source", ANN)
        assert source.body == content
        assert source.headers["Content-Type"] == "message/rfc822"
        assert source.headers["Content-Disposition"].startswith("attachment;")
        assert "sandbox" in source.headers["Content-Security-Policy"]
        assert (await http("GET", f"/api/messages/{message['id']}/source", BOB)).status == 404
        assert (await http("GET", f"/api/messages/{note['id']}/source", ANN)).status == 404
    await supervisor.stop()


async def test_a_page_of_huge_messages_ends_early(desk: Desk) -> None:
    one = await _conversation(desk)
    for n in range(12):
        await desk.stream.ingest(mail(f"<{n}@x>", "ada@example.com", refers=("<a@x>",), text="x" * 1_000_000))
    seen: list[str] = []
    before: str | None = ""
    async with desk.http() as http:
        while before is not None:
            more = f"&before={before}" if before else ""
            page = (await http("GET", f"/api/conversations/{one}/messages?limit=100{more}", ANN)).json
            assert 0 < len(page["items"]) <= 8
            seen = [m["id"] for m in page["items"]] + seen
            before = page["next"]
    assert len(seen) == len(set(seen)) == 13
