"""The whole hub, as its parts stand together."""

from __future__ import annotations

from hub.main import Hub
from tests.conftest import SignIn
from tests.lab.envelopes import mail


async def test_a_signed_in_agent_reads_what_came_in(hub: Hub, signed_in: SignIn) -> None:
    await hub.stream.ingest(mail("a@x", "ada@example.com", queue="support"))
    await hub.stream.ingest(mail("b@x", "bob@example.com", queue="general"))
    agent = await signed_in("agent", queues=["support"])
    status, page = await agent.call("GET", "/api/conversations")
    assert status == 200
    assert [c["subject"] for c in page["items"]] == ["About a@x"]
    status, thread = await agent.call("GET", f"/api/conversations/{page['items'][0]['id']}/messages")
    assert [m["text"] for m in thread["items"]] == ["Text of a@x"]


async def test_nobody_reads_without_signing_in(hub: Hub, signed_in: SignIn) -> None:
    agent = await signed_in("agent")
    agent.http.cookie_jar.clear()
    status, problem = await agent.call("GET", "/api/conversations")
    assert status == 401
    assert problem["code"] == "sign-in-needed"
