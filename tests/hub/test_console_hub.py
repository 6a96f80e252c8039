"""Consoles of the whole hub: sign-in by cookie, live messages, presence, queues and the polled feed over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import socketio

from hub.console.line import NAMESPACE
from hub.main import Hub
from tests.conftest import SignedIn, SignIn
from tests.hub.console_lab import Hearing
from tests.lab.envelopes import mail

Listen = Callable[..., Awaitable[Hearing]]


@pytest.fixture
async def listen(hub: Hub) -> AsyncIterator[Listen]:
    """`await listen(person)`: a console that signs in with the person's cookie."""
    open_ones: list[Hearing] = []

    async def connect(person: SignedIn, *, after: int | None = None, transport: str = "websocket") -> Hearing:
        io = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        hearing = Hearing(io)
        io.on("*", lambda name, data=None: hearing.heard.append((name, data)), namespace=NAMESPACE)
        io.on("disconnect", lambda *_: hearing.ended.set(), namespace=NAMESPACE)
        cookies = person.http.cookie_jar.filter_cookies(person.http._base_url)  # type: ignore[arg-type]
        headers = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in cookies.values()), "Origin": hub.url}
        auth: dict[str, Any] = {} if after is None else {"after": after}
        open_ones.append(hearing)
        await io.connect(
            hub.url, headers=headers, auth=auth, namespaces=[NAMESPACE], transports=[transport], wait_timeout=10
        )
        await hearing.until(lambda: hearing.of("ready"))
        return hearing

    yield connect
    for hearing in open_ones:
        await hearing.leave()


async def test_a_message_that_comes_in_is_heard_by_the_queue_and_nobody_else(
    hub: Hub, signed_in: SignIn, listen: Listen
) -> None:
    near = await listen(await signed_in("near", queues=["support"]))
    far = await listen(await signed_in("far", queues=["general"]))
    await hub.stream.ingest(mail("a@x", "ada@example.com", queue="support"))
    await near.until(lambda: near.of("message.appended"))
    (frame,) = near.of("message.appended")
    assert frame["data"]["conversation"]["subject"] == "About a@x"
    assert frame["seq"] == frame["data"]["message"]["seq"]
    await hub.stream.ingest(mail("b@x", "bob@example.com", queue="general"))
    await far.until(lambda: far.of("message.appended"))
    assert [f["data"]["conversation"]["subject"] for f in far.of("message.appended")] == ["About b@x"]


async def test_what_the_console_missed_is_what_the_polled_feed_gives(
    hub: Hub, signed_in: SignIn, listen: Listen
) -> None:
    agent = await signed_in("agent", queues=["support"])
    live = await listen(agent)
    since = live.of("ready")[0]["seq"]
    for n in range(5):
        await hub.stream.ingest(mail(f"{n}@x", "ada@example.com", queue="support"))
    await live.until(lambda: len(live.of("message.appended")) == 5)
    resumed = await listen(agent, after=since)
    status, page = await agent.call("GET", f"/api/events?after={since}")
    assert status == 200
    assert page["stale"] is None
    polled = [(item["name"], {k: item[k] for k in ("seq", "at", "data")}) for item in page["items"]]
    heard = [entry for entry in resumed.heard if entry[0] != "ready"]
    assert heard == polled
    assert [entry for entry in live.heard if entry[0] == "message.appended"] == [
        entry for entry in polled if entry[0] == "message.appended"
    ]


async def test_signing_out_ends_the_console(signed_in: SignIn, listen: Listen) -> None:
    agent = await signed_in("agent")
    console = await listen(agent)
    status, _ = await agent.call("DELETE", "/api/session")
    assert status in (200, 204)
    await asyncio.wait_for(console.ended.wait(), 10)
    assert console.of("closing")[0]["why"] == "sign-in-ended"


async def test_a_cookie_works_by_polling_too(hub: Hub, signed_in: SignIn, listen: Listen) -> None:
    console = await listen(await signed_in("agent", queues=["support"]), transport="polling")
    await hub.stream.ingest(mail("a@x", "ada@example.com", queue="support"))
    await console.until(lambda: console.of("message.appended"))


async def test_who_joins_a_queue_comes_back_and_hears_it(hub: Hub, signed_in: SignIn, listen: Listen) -> None:
    agent = await signed_in("agent")
    console = await listen(agent)
    status, queue = await agent.call("POST", "/api/queues/support/join")
    assert status == 200, queue
    assert queue["mine"]
    await asyncio.wait_for(console.ended.wait(), 10)
    again = await listen(agent)
    await hub.stream.ingest(mail("a@x", "ada@example.com", queue="support"))
    await again.until(lambda: again.of("message.appended"))
    status, listed = await agent.call("GET", "/api/queues")
    assert {q["id"]: q["open"] for q in listed["items"]}["support"] == 1
    status, queue = await agent.call("POST", "/api/queues/support/leave", {})
    assert not queue["mine"]


async def test_presence_is_set_seen_and_heard(signed_in: SignIn, listen: Listen) -> None:
    ada, ben = await signed_in("ada"), await signed_in("ben")
    console = await listen(ben)
    status, mine = await ada.call("PUT", "/api/me/presence", {"state": "break", "reason": "lunch"})
    assert (status, mine["state"]) == (200, "break")
    await console.until(lambda: console.of("agent.changed"))
    assert console.of("agent.changed")[0]["data"]["user"] == ada.user
    status, agents = await ben.call("GET", "/api/agents")
    assert {a["id"]: a["state"] for a in agents["items"]}[ada.user] == "break"
    status, problem = await ada.call("PUT", "/api/me/presence", {"state": "asleep"})
    assert (status, problem["code"]) == (422, "invalid")


async def test_only_administrators_make_queues_and_only_supervisors_move_others(signed_in: SignIn) -> None:
    agent, admin = await signed_in("agent"), await signed_in("boss", roles=["admin"])
    new = {"id": "vip", "name": "VIP", "members": [agent.user]}
    assert (await agent.call("POST", "/api/queues", new))[0] == 403
    status, made = await admin.call("POST", "/api/queues", new)
    assert status == 201, made
    assert made["members"] == [agent.user]
    status, changed = await admin.call("PATCH", "/api/queues/vip", {"sla_s": 60})
    assert (status, changed["sla_s"], changed["name"]) == (200, 60, "VIP")
    assert (await agent.call("POST", "/api/queues/support/join", {"user": admin.user}))[0] == 403
    assert (await agent.call("GET", "/api/queues/nowhere"))[0] == 404
    assert (await agent.call("GET", "/api/events?after=-1"))[0] == 422
