"""Canned answers: found by a word, shared by right, filled with what the writer may read."""

from __future__ import annotations

from typing import Any

import pytest

from hub.stream.stream import Stream
from tests.hub.desk_house import ADA, ANN, BOB, SUE, Answer, Desk, Http
from tests.lab.envelopes import mail


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk with a queue."""
    desk = Desk(stream)
    await desk.queues("general")
    return desk


async def _keep(http: Http, who: Any, **more: Any) -> Answer:
    body = {"shortcut": "hours", "text": "We are there from nine to five."} | more
    return await http("POST", "/api/canned", who, json=body)


async def test_a_canned_answer_is_found_by_those_it_is_shared_with(desk: Desk) -> None:
    async with desk.http() as http:
        made = await _keep(http, ANN, shortcut="Hours", shared_with="queue:general", title="Opening hours")
        assert (made.status, made.json["shortcut"]) == (201, "hours")
        assert (await _keep(http, ANN, shared_with="queue:general")).status == 409
        assert (await _keep(http, ANN)).status == 201  # one of one's own may have the same word
        assert (await _keep(http, BOB, shared_with="everyone")).status == 403
        assert len((await http("GET", "/api/canned", ANN)).json["items"]) == 2
        assert (await http("GET", "/api/canned", BOB)).json["items"] == []
        path = f"/api/canned/{made.json['id']}"
        assert (await http("PATCH", path, SUE, json={"text": "Nine to six."})).json["text"] == "Nine to six."
        assert (await http("PATCH", path, BOB, json={"text": "x"})).status == 404
        assert (await http("DELETE", path, ANN)).status == 204


async def test_a_field_that_does_not_exist_is_named_with_its_place(desk: Desk) -> None:
    async with desk.http() as http:
        wrong = await _keep(http, ANN, text="Dear {{ contact.nme }},")
        assert wrong.status == 422
        assert wrong.json["errors"][0]["path"] == "text"
        assert "contact.nme" in wrong.json["errors"][0]["detail"]
        fields = {field["path"] for field in (await http("GET", "/api/canned", ANN)).json["fields"]}
        assert {"contact.name", "customer.name", "sender.name", "recipient.name", "today"} <= fields


async def test_the_fields_are_those_of_the_conversations_contact_as_the_writer_may_read_them(desk: Desk) -> None:
    mails = [{"kind": "work", "address": "ada@example.com", "primary": True}]
    await desk.contact("Ada Lovelace", mails=mails)
    one = (await desk.stream.ingest(mail("<a@x>", "ada@example.com")))["conversation"]
    async with desk.http() as http:
        text = "Dear {{ contact.name }}, ({{ recipient.name }}) yours, {{ sender.name }}"
        made = (await _keep(http, SUE, text=text, shared_with="everyone")).json
        path = f"/api/canned/{made['id']}/text?conversation={one}"
        assert (await http("GET", path, ADA)).json["text"] == "Dear Ada Lovelace, (Ada Lovelace) yours, Ada"
        seen = (await http("GET", path, ANN)).json["text"]  # ann has no right on contacts, but sees the party
        assert seen.startswith(("Dear (Ada Lovelace) yours, Ann", "Dear, (Ada Lovelace)"))
        assert (await http("GET", path, BOB)).status == 404
