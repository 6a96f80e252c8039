"""Webhooks in: verified first, bounded, kept raw; and accounts and second thoughts over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from crm_core.access.actor import Actor
from crm_core.ground.errors import MainstemError
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.problems import problem
from hub.settings import Settings
from hub.store.client import Database
from hub.store.collections import MESSAGES, RAW
from hub.web import accounts, hooks, retry
from hub.web.far_side import FAR_END
from hub.web.routes import CALLER, mount
from tests.hub.outbox_fixtures import NewHub, far, new_hub
from tests.lab.echo_channel.echo.channel import signature
from tests.lab.echo_channel.far_side import FarSide
from tests.lab.echo_channel.house import House

__all__ = ["far", "new_hub"]

PUBLIC_URL = "https://hub.example.com"
Http = TestClient[web.Request, web.Application]


@web.middleware
async def _edge(request: web.Request, handler: Any) -> web.StreamResponse:
    """What the product's middleware does around a route, in small: the caller is named by a header."""
    request[FAR_END] = FarEnd("test")
    if role := request.headers.get("X-Role"):
        request[CALLER] = Caller(
            user=f"u-{role}", login=role, name=role.title(), admin=role == "admin", supervisor=role == "supervisor",
            queues=frozenset({"general"}), actor=Actor(user=role), sign_in="s",
        )  # fmt: skip
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except MainstemError as error:
        return web.json_response(problem(error), status=error.status)


def _application(hub: House) -> web.Application:
    app = web.Application(middlewares=[_edge])
    settings = Settings(public_url=PUBLIC_URL)
    listed: Iterable[Any] = (hub.directory, hub.inlets, settings, hub.health, hub.changes, hub.afterthoughts)
    parts = {type(part): part for part in listed}
    mount(app, [*hooks.routes.routes, *accounts.routes.routes, *retry.routes.routes], parts)
    return app


@pytest.fixture
async def hub(new_hub: NewHub, far: FarSide) -> House:
    slow = {"channel": "echo", "port": far.port, "secret": "hush", "rude": "hook"}
    off = {"channel": "echo", "port": far.port, "secret": "hush", "enabled": False}
    return await new_hub(more={"slow": slow, "off": off})


@pytest.fixture
async def http(hub: House) -> AsyncIterator[Http]:
    async with TestClient(TestServer(_application(hub))) as client:
        yield client


def signed(path: str, body: bytes, method: str = "POST") -> dict[str, str]:
    return {"X-Signature": signature("hush", method, PUBLIC_URL + path, body)}


LINE = json.dumps({"id": "h1", "from": "ada@example.com", "text": "by hook"}).encode()


async def test_a_signed_call_becomes_a_message_and_a_repeat_none(http: Http, db: Database) -> None:
    path = "/hooks/echo/in?x=1%2F2&y=%E4%BD%A0"
    for _ in range(2):
        url = URL(str(http.make_url("/")) + path[1:], encoded=True)
        answer = await http.session.post(url, data=LINE, headers=signed(path, LINE))
        assert answer.status == 202, await answer.text()
        assert await answer.json() == {"taken": True}
    assert await db[MESSAGES].count_documents({}) == 1
    raw = await db[RAW].find_one({})
    assert raw is not None
    assert bytes(raw["content"]) == LINE
    assert raw["note"]["url"] == PUBLIC_URL + path


@pytest.mark.parametrize("change", ["body", "path", "signature", "none"])
async def test_a_call_that_is_not_genuine_is_refused_and_leaves_nothing(http: Http, db: Database, change: str) -> None:
    path = "/hooks/echo/in"
    headers = signed(path, LINE)
    if change == "signature":
        headers["X-Signature"] = "0" * 64
    if change == "none":
        headers = {}
    path += "?more" if change == "path" else ""
    answer = await http.post(path, data=LINE + b" " if change == "body" else LINE, headers=headers)
    assert answer.status == 403
    assert (await answer.json())["type"] == "urn:mainstem:problem:forbidden"
    assert await db[RAW].count_documents({}) == 0


@pytest.mark.parametrize("path", ["/hooks/echo/other", "/hooks/nobody/in", "/hooks/off/in", "/hooks/echo/"])
async def test_what_is_no_hook_is_not_found(http: Http, path: str) -> None:
    answer = await http.post(path, data=LINE, headers=signed(path, LINE))
    assert answer.status == 404


async def test_a_call_may_not_be_large(http: Http, db: Database) -> None:
    body = b"x" * (hooks.BODY_BYTES + 1)
    answer = await http.post("/hooks/echo/in", data=BytesIO(body), headers=signed("/hooks/echo/in", body))
    assert answer.status == 413
    assert await db[RAW].count_documents({}) == 0


async def test_a_hook_that_takes_too_long_asks_to_come_again(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "ANSWER_S", 0.1)
    answer = await http.post("/hooks/slow/in", data=LINE, headers=signed("/hooks/slow/in", LINE))
    assert answer.status == 503


async def test_a_report_by_get_moves_a_delivery(http: Http, hub: House) -> None:
    hub.supervisor.keep("outbox", hub.outbox.run)
    message = await hub.answer(await hub.opened(), "good day")
    await hub.delivery(message["id"], "sent")
    path = "/hooks/echo/report?far_id=far-1&state=delivered"
    answer = await http.get(path, headers=signed(path, b"", "GET"))
    assert answer.status == 200
    assert (await hub.message(message["id"]))["delivery"]["state"] == "delivered"


# -- accounts over HTTP ----------------------------------------------------------------------------------------------

ADMIN = {"X-Role": "admin"}
NEW = {"id": "third", "channel": "echo", "config": {"port": 4, "secret": "never shown"}}


async def test_supervisors_see_health_and_only_administrators_the_configuration(http: Http) -> None:
    assert (await http.get("/api/accounts")).status == 401
    assert (await http.get("/api/accounts", headers={"X-Role": "agent"})).status == 403
    page = await (await http.get("/api/accounts", headers={"X-Role": "supervisor"})).json()
    [echo] = [item for item in page["items"] if item["id"] == "echo"]
    assert {
        "id",
        "channel",
        "state",
        "since",
        "last_event",
        "reconnects",
        "backlog",
        "missing",
        "doubled",
    } <= echo.keys()
    for method, path in (
        ("GET", "/api/accounts/echo"),
        ("POST", "/api/accounts"),
        ("POST", "/api/accounts/echo/probe"),
    ):
        answer = await http.request(method, path, headers={"X-Role": "supervisor"}, json=NEW)
        assert answer.status == 403


async def test_an_account_is_added_changed_probed_and_removed_and_no_secret_comes_out(http: Http, far: FarSide) -> None:
    made = await http.post("/api/accounts", json=NEW, headers=ADMIN)
    assert made.status == 201, await made.text()
    shown = await made.json()
    assert shown["secrets"] == ["secret"]
    assert shown["config"] == {"port": 4, "secret": None}
    assert "never shown" not in await (await http.get("/api/accounts/third", headers=ADMIN)).text()
    failed = await http.post("/api/accounts/third/probe", headers=ADMIN)
    assert failed.status == 502
    assert (await failed.json())["detail"] == "127.0.0.1:4 cannot be reached"
    change = {"config": {"port": far.port, "secret": "hush"}}
    assert (await http.patch("/api/accounts/third", json=change, headers=ADMIN)).status == 428
    stale = await http.patch("/api/accounts/third", json=change, headers={**ADMIN, "If-Match": '"7"'})
    assert stale.status == 412
    changed = await http.patch("/api/accounts/third", json=change, headers={**ADMIN, "If-Match": '"1"'})
    assert (await changed.json())["revision"] == 2
    assert await (await http.post("/api/accounts/third/probe", headers=ADMIN)).json() == {"ok": True}
    assert (await http.delete("/api/accounts/third", headers=ADMIN)).status == 204
    assert (await http.get("/api/accounts/third", headers=ADMIN)).status == 404


async def test_a_mistake_in_an_account_is_named_by_its_field(http: Http) -> None:
    wrong = {**NEW, "config": {"port": 99999, "secret": "s", "colour": "red"}}
    answer = await http.post("/api/accounts", json=wrong, headers=ADMIN)
    assert answer.status == 422
    assert {error["path"] for error in (await answer.json())["errors"]} == {"port", "colour"}
    bad_name = await http.post("/api/accounts", json={**NEW, "id": "No Good"}, headers=ADMIN)
    assert bad_name.status == 422
    no_channel = await http.post("/api/accounts", json={**NEW, "channel": "pigeon"}, headers=ADMIN)
    assert no_channel.status == 404


async def test_the_account_form_can_be_drawn_from_the_channels(http: Http) -> None:
    page = await (await http.get("/api/channels", headers={"X-Role": "agent"})).json()
    [echo] = [channel for channel in page["items"] if channel["kind"] == "echo"]
    assert echo["capabilities"]["text"] is True
    assert echo["account"]["properties"]["secret"]["writeOnly"] is True
    assert set(echo["account"]["required"]) == {"port", "secret"}
    assert "id" not in echo["account"]["properties"]


async def test_retry_and_cancel_over_http(http: Http, hub: House) -> None:
    from datetime import timedelta

    from crm_core.ground.clock import now

    message = await hub.answer(await hub.opened(), "good day", send_at=now() + timedelta(hours=1))
    path, agent = f"/api/messages/{message['id']}", {"X-Role": "agent"}
    assert (await http.post(f"{path}/retry", headers=agent)).status == 409
    cancelled = await (await http.post(f"{path}/cancel", headers=agent)).json()
    assert cancelled["delivery"]["reason"] == "cancelled by Agent"
    again = await (await http.post(f"{path}/retry", headers=agent)).json()
    assert again["delivery"]["state"] == "queued"
    assert (await http.post("/api/messages/nothing/retry", headers=agent)).status == 404
