"""The API's description is valid, whole, and made of what validates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub.main import Hub
from hub.main.served import ROUTES
from hub.stream.stream import Stream
from hub.web.docs import page
from hub.web.openapi import Documentation, openapi
from tests.hub.desk_house import EDGE, Desk


@pytest.fixture
async def document(stream: Stream) -> dict[str, Any]:
    """The description of the desk's routes, as it goes over the wire."""
    found: dict[str, Any] = json.loads(json.dumps(openapi(EDGE, Desk(stream).parts())))
    return found


async def test_the_document_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


async def test_every_route_is_in_it_and_parts_are_not(document: dict[str, Any]) -> None:
    described = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    assert described == {(route.method, route.path) for route in EDGE}
    listed = document["paths"]["/api/conversations"]["get"]
    assert {p["name"] for p in listed["parameters"]} >= {"state", "queue", "assignee", "record", "q", "limit", "after"}
    assert "inbox" not in {p["name"] for p in listed["parameters"]}
    changed = document["paths"]["/api/conversations/{conversation}"]["patch"]
    assert "If-Match" in {p["name"] for p in changed["parameters"]}
    assert changed["security"] == [{"session": [], "csrf": []}, {"token": []}]


async def test_events_stand_under_webhooks_with_every_form_they_have(document: dict[str, Any]) -> None:
    frame = _schema(document["webhooks"]["conversation.changed"]["post"]["requestBody"])
    forms = {form["$ref"].rsplit("/", 1)[-1] for form in frame["properties"]["data"]["anyOf"]}
    assert forms >= {"ConversationChanged", "ConversationGone"}
    gone = document["components"]["schemas"]["ConversationGone"]
    assert set(gone["properties"]) == {"id", "gone"}
    assert not [name for name in document["webhooks"] if name.startswith("hub.")]


async def test_uploads_and_downloads_are_described_by_their_bytes(document: dict[str, Any]) -> None:
    up = document["paths"]["/api/files"]["post"]["requestBody"]["content"]
    assert list(up) == ["multipart/form-data"]
    down = document["paths"]["/api/files/{file}"]["get"]["responses"]["200"]["content"]
    assert list(down) == ["application/octet-stream"]


async def test_the_page_needs_no_script_and_lists_every_operation(document: dict[str, Any]) -> None:
    html = page(document)
    assert "<script" not in html
    assert "style=" not in html
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in html


async def test_both_are_served_to_anybody(stream: Stream) -> None:
    desk = Desk(stream)
    documentation: Documentation = desk.documentation
    documentation.document = openapi(EDGE, desk.parts())
    async with desk.http() as http:
        served = await http("GET", "/api/openapi.json", None)
        assert served.json["openapi"] == "3.1.0"
        assert b"<h1>Mainstem API</h1>" in (await http("GET", "/api/docs", None)).body


def _schema(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = holder["content"]["application/json"]["schema"]
    return found


async def test_the_description_of_a_whole_hub_is_valid_and_names_each_operation_once(hub: Hub) -> None:
    found: dict[str, Any] = json.loads(json.dumps(hub.openapi()))
    OpenAPIV31SpecValidator(found).validate()
    places = {(m.upper(), path) for path, ms in found["paths"].items() for m in ms if m != "parameters"}
    assert len(places) >= len(ROUTES)
    assert {"message.appended", "conversation.changed", "record.changed", "agent.changed"} <= set(found["webhooks"])
