"""A removed message: hidden with who and when, counted and previewed rightly, not found, and known at the next sync."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from hub.main import Hub
from hub.model.draft import Draft
from hub.model.envelope import Attachment
from hub.settings import AccountSettings, Settings
from tests.conftest import SignIn
from tests.lab.envelopes import mail


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One mailbox, whose mail server nobody reaches."""
    account = {"channel": "email", "addresses": ["support@demo.local"], "smtp_host": "127.0.0.1", "tls": "none"}
    return settings.model_copy(update={"accounts": {"support": AccountSettings.model_validate(account)}})


async def test_a_removed_message_shows_who_and_when_and_nothing_else(hub: Hub, signed_in: SignIn) -> None:
    boss, agent = await signed_in("boss", roles=["SU"]), await signed_in("agent", queues=["general"])
    raw = await hub.accounts.inlets.of("support").keep_raw(b"Subject: x\r\n\r\nsecret")
    files = (Attachment("a.pdf", "application/pdf", b"%PDF"),)
    first = await hub.stream.ingest(mail("<a@x>", "ada@example.com", text="first"))
    second = await hub.stream.ingest(
        mail("<b@x>", "ada@example.com", refers=("<a@x>",), text="a secret", html="<p>a secret</p>", raw=raw.id,
             attachments=files, parts={"mail": {"kind": "normal"}})
    )  # fmt: skip
    assert (await agent.call("DELETE", f"/api/messages/{second['id']}"))[0] == 403
    for _ in range(2):
        assert (await boss.call("DELETE", f"/api/messages/{second['id']}"))[0] == 204
    _, shown = await agent.call("GET", f"/api/messages/{second['id']}")
    assert (shown["removed"]["by"], shown["removed"]["name"]) == (boss.user, "Boss")
    assert (shown["text"], shown["full_text"], shown["html"], shown["attachments"], shown["subject"]) == (
        "", "", None, [], "",
    )  # fmt: skip
    assert "mail" not in shown
    _, thread = await agent.call("GET", f"/api/conversations/{first['conversation']}/messages")
    assert [bool(each.get("removed")) for each in thread["items"]] == [False, True]
    assert "secret" not in str(thread)
    assert (await agent.call("GET", f"/api/messages/{second['id']}/source"))[0] == 404
    assert (await agent.call("GET", f"/api/files/{second['attachments'][0]['id']}"))[0] == 404
    _, conversation = await agent.call("GET", f"/api/conversations/{first['conversation']}")
    assert (conversation["message_count"], conversation["preview"]) == (1, "first")
    event = await hub.db["events"].find_one({"name": "message.amended"}, sort=[("_id", -1)])
    assert "secret" not in str(event)
    _, events = await agent.call("GET", "/api/events?after=0")
    told = [each for each in events["items"] if each["name"] == "message.appended"]
    assert "secret" not in str(told), "consoles that come back are not told it either"
    assert await hub.db["raw"].find_one({"_id": raw.id}) is not None, "the raw input stays"
    again = await hub.stream.ingest(mail("<b@x>", "ada@example.com", text="a secret"))
    assert again["id"] == second["id"], "the next sync finds it known"
    assert again["text"] == ""
    assert await hub.db["audit"].count_documents({"what": "message.removed"}) == 1


async def test_a_removed_message_comes_back(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", text="first"))
    await boss.call("DELETE", f"/api/messages/{stored['id']}")
    status, back = await boss.call("POST", f"/api/messages/{stored['id']}/restore")
    assert (status, back["text"]) == (200, "first")
    _, conversation = await boss.call("GET", f"/api/conversations/{stored['conversation']}")
    assert (conversation["message_count"], conversation["preview"]) == (1, "first")


async def test_a_removed_message_is_not_found_by_search(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", text="xylophone"))

    async def hits() -> list[str]:
        _, found = await boss.call("GET", "/api/search?q=xylophone")
        return [hit["id"] for hit in found["items"]]

    async with asyncio.timeout(60):
        while not await hits():
            await asyncio.sleep(0.05)
    assert await hits() == [stored["id"]]
    await boss.call("DELETE", f"/api/messages/{stored['id']}")
    assert await hits() == []


async def test_what_waits_to_be_sent_is_cancelled_not_removed(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    first = await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    answer = await hub.stream.send(
        Draft(conversation=first["conversation"], author="u1", text="Yes", send_at=now() + timedelta(hours=1))
    )
    assert (await boss.call("DELETE", f"/api/messages/{answer['id']}"))[0] == 409
