"""Mails that nobody wrote: forwards of rules go out marked as automatic, once, within the caps, and never in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.desk.auto_sending import AutoSending
from hub.main import Hub
from hub.model.address import Address
from hub.model.draft import Draft
from hub.settings import AccountSettings, Settings
from tests.conftest import SignIn
from tests.lab.envelopes import mail
from tests.lab.smtp_sink import SmtpSink


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
def settings(settings: Settings, sink: SmtpSink) -> Settings:
    """One mailbox that sends to the sink."""
    account = {"channel": "email", "addresses": ["support@demo.local"], "smtp_host": "127.0.0.1",
               "smtp_port": sink.port, "tls": "none"}  # fmt: skip
    return settings.model_copy(update={"accounts": {"support": AccountSettings.model_validate(account)}})


async def forwarding(signed_in: SignIn, **when: Any) -> None:
    boss = await signed_in("boss", roles=["SU"])
    rule = {"name": "To the boss", "when": when or {"accounts": ["support"]}, "then": {"forward": ["Boss@example.com"]}}
    status, made = await boss.call("POST", "/api/rules", rule)
    assert status == 201, made


async def read_up(hub: Hub) -> None:
    """Until the reader of forwards has seen all that happened."""
    newest = await hub.db["events"].find_one({}, {"_id": 1}, sort=[("_id", -1)])
    assert newest is not None
    async with asyncio.timeout(30):
        while True:
            mark = await hub.db["bookmarks"].find_one({"_id": "forwards"})
            if mark is not None and mark["seq"] >= newest["_id"]:
                return
            await asyncio.sleep(0.02)


async def test_a_rule_forwards_through_the_outbox_once(hub: Hub, signed_in: SignIn, sink: SmtpSink) -> None:
    await forwarding(signed_in)
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", subject="Printer", text="It burns"))
    [sent] = await sink.wait_for(1)
    assert sent.recipients == ("boss@example.com",)
    assert sent.message["Auto-Submitted"] == "auto-generated"
    assert sent.message["Subject"] == "Fwd: Printer"
    assert "It burns" in sent.message.get_content()
    assert "ada@example.com" in sent.message.get_content()
    await read_up(hub)
    await hub.db["bookmarks"].update_one({"_id": "forwards"}, {"$set": {"seq": 0}})  # as after a crash
    await hub.stream.ingest(mail("<b@x>", "ada@example.com", automatic=True, parts={"mail": {"kind": "auto_reply"}}))
    await read_up(hub)
    forwards = await hub.db["messages"].find({"direction": "outbound"}).to_list()
    assert [(each["conversation"], each["automatic"], each["author"]["kind"]) for each in forwards] == [
        (stored["conversation"], True, "system")
    ]
    conversation = await hub.db["conversations"].find_one({"_id": stored["conversation"]})
    assert conversation is not None
    assert conversation["waiting_since"] is not None, "a forward is no answer to the customer"


async def test_two_forwarders_do_not_go_round(hub: Hub, signed_in: SignIn, sink: SmtpSink) -> None:
    """The far side sends back what it gets, each time as a new mail of a person: the caps end it."""
    await forwarding(signed_in)
    await hub.db["parameters"].insert_one({"_id": "automatic-per-address-hour", "value": 3, "by": "test", "at": None})
    for number in range(6):
        await hub.stream.ingest(mail(f"<{number}@x>", "loop@example.com"))
        await read_up(hub)
    assert await hub.db["messages"].count_documents({"direction": "outbound"}) == 3


async def test_a_forward_that_comes_back_to_us_is_the_same_mail(hub: Hub, signed_in: SignIn, sink: SmtpSink) -> None:
    await forwarding(signed_in)
    await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    [sent] = await sink.wait_for(1)
    back = mail(str(sent.message_id), "support@demo.local", fingerprint="f")
    assert (await hub.stream.ingest(back))["direction"] == "outbound"
    await read_up(hub)
    assert await hub.db["messages"].count_documents({}) == 2


async def test_nothing_automatic_answers_something_automatic(hub: Hub) -> None:
    sending: AutoSending = hub.mail.auto_sending
    stored = await hub.stream.ingest(mail("<a@x>", "robot@example.com", automatic=True))
    message = await hub.db["messages"].find_one({"_id": stored["id"]})
    assert message is not None
    answer = Draft(conversation=stored["conversation"], author="system", text="Thank you", account="support",
                   to=(Address("mail:robot@example.com"),))  # fmt: skip
    assert await sending.send(answer, answers=message) == "it would answer an automatic message"
    assert await hub.db["messages"].count_documents({"direction": "outbound"}) == 0


async def test_a_conversation_gets_a_few_automatic_mails_an_hour(hub: Hub, sink: SmtpSink) -> None:
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    message = await hub.db["messages"].find_one({"_id": stored["id"]})
    await hub.db["parameters"].insert_one(
        {"_id": "automatic-per-conversation-hour", "value": 2, "by": "test", "at": None}
    )
    said = []
    for number in range(4):
        to = (Address(f"mail:u{number}@example.com"),)
        draft = Draft(conversation=stored["conversation"], author="system", text="x", account="support", to=to)
        said.append(await hub.mail.auto_sending.send(draft, answers=message))
    assert said[:2] == [None, None]
    assert all(each and "this conversation" in each for each in said[2:])
