"""Two mailboxes of ours, real mails: one mail is one message, bounces find what they are about, subjects bring together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.main import Hub
from hub.model.draft import Draft
from hub.settings import AccountSettings, Settings
from hub.store.client import Doc
from tests.channels.email.test_into_the_stream import deliver, mail, until
from tests.lab.smtp_sink import SmtpSink


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
def settings(settings: Settings, sink: SmtpSink) -> Settings:
    """Support and sales, each with a door of its own."""

    def account(name: str) -> AccountSettings:
        fields = {
            "channel": "email", "queue": "support", "addresses": [f"{name}@demo.local"], "door_port": 0,
            "smtp_host": "127.0.0.1", "smtp_port": sink.port, "tls": "none", "smtp_timeout_s": 5,
        }  # fmt: skip
        return AccountSettings.model_validate(fields)

    return settings.model_copy(update={"accounts": {name: account(name) for name in ("support", "sales")}})


async def door_of(hub: Hub, account: str) -> int:
    async def shown() -> int:
        for health in await hub.accounts.health.of(await hub.accounts.directory.all()):
            if health["id"] == account and "listens on" in (health["detail"] or ""):
                return int(health["detail"].rpartition(":")[2])
        return 0

    return int(await until(shown, 30))


async def stored(hub: Hub, external_id: str) -> Doc:
    found = await hub.db["messages"].find_one({"external_id": external_id})
    assert found is not None
    return found


def bounce(original: str, recipient: str) -> bytes:
    """As a mail server writes it (RFC 3464), without `References`: only the returned headers name our mail."""
    return (
        "From: Mail Delivery Subsystem <mailer-daemon@mx.example>\r\nTo: support@demo.local\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce1@mx.example>\r\n"
        "Date: Mon, 23 Nov 2026 15:00:00 +0000\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{original}>\r\nSubject: Re: Printer\r\n\r\n--b--\r\n"
    ).encode()


async def test_one_mail_to_both_mailboxes_is_one_message(hub: Hub) -> None:
    support, sales = await door_of(hub, "support"), await door_of(hub, "sales")
    raw = mail("both", to="support@demo.local, sales@demo.local")
    await asyncio.gather(
        deliver(support, raw, to="support@demo.local"),
        deliver(sales, b"Received: by another way\r\n" + raw, to="sales@demo.local"),
    )
    message = await stored(hub, "both@example.com")
    assert await hub.db["messages"].count_documents({}) == 1
    assert {message["account"], message["also"][0]["account"]} == {"support", "sales"}
    assert await hub.db["raw"].count_documents({"open": True}) == 0
    for account in ("support", "sales"):
        assert await hub.accounts.inlets.of(account).holds(["both@example.com"]) == {"both@example.com"}
    [conversation] = await hub.db["conversations"].find({}).to_list()
    assert conversation["party_keys"] == ["mail:ada@example.com"]
    for result in await hub.accounts.reconciler.run():
        assert (result.missing, result.doubled) == ([], [])


async def test_a_real_bounce_reaches_the_answer_it_is_about(hub: Hub, sink: SmtpSink) -> None:
    door = await door_of(hub, "support")
    await deliver(door, mail("q"))
    first = await stored(hub, "q@example.com")
    answer = await hub.stream.send(
        Draft(conversation=first["conversation"], author="u1", author_name="G", text="We come.")
    )
    await sink.wait_for(1)
    await deliver(door, bounce(str(answer["external_id"]), "ada@example.com"))
    told = await stored(hub, "bounce1@mx.example")
    assert told["conversation"] == first["conversation"]
    assert told["joined_because"]["reason"] == "bounce"

    async def failed() -> Any:
        return await hub.db["messages"].find_one({"_id": answer["id"], "delivery.state": "failed"})

    delivery = (await until(failed))["delivery"]
    assert (delivery["recipient"], delivery["status"], delivery["permanent"]) == ("ada@example.com", "5.1.1", True)
    assert "no such user here" in delivery["reason"]
    assert await hub.mail.optouts.barred(["mail:ada@example.com"]) == {"mail:ada@example.com": "bounced"}


async def test_an_answer_of_a_program_without_references_finds_its_conversation(hub: Hub) -> None:
    door = await door_of(hub, "support")
    await deliver(door, mail("one", Subject="Printer on the third floor"))
    await deliver(door, mail("two", "Still burning", Subject="回复: Printer on the third floor"))
    await deliver(door, mail("evil", "Me too", Subject="Re: Printer on the third floor", From="eve@evil.example"))
    one, two, evil = [await stored(hub, f"{name}@example.com") for name in ("one", "two", "evil")]
    assert one["conversation"] == two["conversation"] != evil["conversation"]
    assert two["joined_because"] == {"reason": "subject", "detail": "printer on the third floor"}
