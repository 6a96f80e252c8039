"""A mail's whole way, in the running hub: door to stream to API, and answer to outbox to a real mail server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiosmtplib
import pytest

from hub.main import Hub
from hub.model.draft import Draft
from hub.settings import AccountSettings, Settings
from tests.conftest import SignIn
from tests.lab.smtp_sink import SmtpSink


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
def settings(settings: Settings, sink: SmtpSink) -> Settings:
    """One mailbox, with a door on a free port and the sink as its outgoing server."""
    account = AccountSettings.model_validate(
        {
            "channel": "email", "queue": "support", "addresses": ["support@demo.local"], "door_port": 0,
            "smtp_host": "127.0.0.1", "smtp_port": sink.port, "tls": "none", "smtp_timeout_s": 2,
        }
    )  # fmt: skip
    return settings.model_copy(update={"accounts": {"mail": account}})


async def until(reached: Callable[[], Awaitable[Any]], within_s: float = 15.0) -> Any:
    """What the condition gives as soon as it gives something."""
    async with asyncio.timeout(within_s):
        while not (found := await reached()):
            await asyncio.sleep(0.02)
        return found


async def door_port(hub: Hub) -> int:
    """Where the mailbox's door listens, read from its health as an operator would."""

    async def shown() -> int:
        for health in await hub.accounts.health.of(await hub.accounts.directory.all()):
            if "listens on" in (health.get("detail") or ""):
                return int(str(health["detail"]).rpartition(":")[2])
        return 0

    return int(await until(shown))


def mail(number: int | str, text: str = "Hello", *, to: str = "support@demo.local", **fields: str) -> bytes:
    """A mail of Ada's."""
    given = {
        "From": "Ada <ada@example.com>", "To": to, "Subject": "Printer", "Message-ID": f"<{number}@example.com>",
        "Date": "Mon, 23 Nov 2026 14:00:00 +0000", "Content-Type": "text/plain; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in fields.items()}  # fmt: skip
    return "\r\n".join([*(f"{name}: {value}" for name, value in given.items()), "", text, ""]).encode()


async def deliver(port: int, *mails: bytes, to: str = "support@demo.local") -> None:
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=port, start_tls=False, timeout=10, local_hostname="h"
    ) as client:
        for each in mails:
            await client.sendmail("ada@example.com", [to], each)


async def test_a_mail_is_in_the_stream_when_the_door_says_so(hub: Hub, signed_in: SignIn) -> None:
    raw = mail(1, "打印机着火了\r\n\r\n> old")
    await deliver(await door_port(hub), raw)
    agent = await signed_in("agent", queues=["support"])
    _, page = await agent.call("GET", "/api/conversations")
    [conversation] = page["items"]
    assert (conversation["subject"], conversation["queue"]) == ("Printer", "support")
    _, thread = await agent.call("GET", f"/api/conversations/{conversation['id']}/messages")
    [message] = thread["items"]
    assert (message["text"], message["external_id"]) == ("打印机着火了", "1@example.com")
    assert message["mail"]["kind"] == "normal"
    status, source = await agent.call("GET", f"/api/messages/{message['id']}/source")
    assert status == 200
    assert source == raw


async def test_repeats_are_stored_once_and_all_raw_input_is_settled(hub: Hub) -> None:
    port = await door_port(hub)
    mails = [mail(number) for number in range(20)]
    await asyncio.gather(deliver(port, *mails), deliver(port, *reversed(mails)), deliver(port, *mails))
    assert await hub.db["messages"].count_documents({}) == 20
    assert await hub.db["raw"].count_documents({"open": True}) == 0


async def test_an_answer_goes_out_threaded_and_the_customers_reply_joins(hub: Hub, sink: SmtpSink) -> None:
    port = await door_port(hub)
    await deliver(port, mail("in-1"))
    message = await hub.db["messages"].find_one({"external_id": "in-1@example.com"})
    assert message is not None
    answer = await hub.stream.send(
        Draft(
            conversation=message["conversation"], author="u-agent", author_name="Grace", kind="reply", text="We come."
        )
    )
    [sent] = await sink.wait_for(1)
    assert sent.recipients == ("ada@example.com",)
    assert sent.message_id == answer["external_id"]
    assert sent.message["In-Reply-To"] == "<in-1@example.com>"
    assert "+c." in sent.message["Reply-To"]

    by_reference = mail("in-2", "Thanks", In_Reply_To=f"<{answer['external_id']}>")
    reply_address = str(sent.message["Reply-To"]).partition("<")[2].strip("<>")
    by_token = mail("in-3", "And again", to=reply_address, Subject="new subject")
    await deliver(port, by_reference)
    await deliver(port, by_token, to=reply_address)
    for external_id, reason in (("in-2@example.com", "reference"), ("in-3@example.com", "token")):
        stored = await hub.db["messages"].find_one({"external_id": external_id})
        assert stored is not None
        assert stored["conversation"] == message["conversation"]
        assert stored["joined_because"]["reason"] == reason


async def test_a_stranger_with_a_token_does_not_join(hub: Hub, sink: SmtpSink) -> None:
    port = await door_port(hub)
    await deliver(port, mail("in-1"))
    first = await hub.db["messages"].find_one({"external_id": "in-1@example.com"})
    assert first is not None
    token = hub.ground.signer.sign("mail-reply", first["conversation"])
    to = f"support+c.{token}@demo.local"
    await deliver(port, mail("evil-1", to=to, From="Eve <eve@evil.example>"), to=to)
    stranger = await hub.db["messages"].find_one({"external_id": "evil-1@example.com"})
    assert stranger is not None
    assert stranger["conversation"] != first["conversation"]


async def test_a_refused_answer_shows_the_servers_words(hub: Hub, sink: SmtpSink) -> None:
    await deliver(await door_port(hub), mail("in-1"))
    first = await hub.db["messages"].find_one({"external_id": "in-1@example.com"})
    assert first is not None
    sink.answer("rcpt", "550 5.1.1 gone")
    answer = await hub.stream.send(
        Draft(conversation=first["conversation"], author="u-agent", author_name="Grace", kind="reply", text="Hello?")
    )

    async def failed() -> Any:
        return await hub.db["messages"].find_one({"_id": answer["id"], "delivery.state": "failed"})

    assert "550 5.1.1 gone" in (await until(failed))["delivery"]["reason"]


async def test_raw_mail_that_a_crash_left_open_becomes_a_message(hub: Hub) -> None:
    await door_port(hub)
    raw = await hub.accounts.inlets.of("mail").keep_raw(
        mail("left"), {"mail_from": "ada@example.com", "recipients": []}
    )
    entry = next(each for each in await hub.accounts.directory.all() if each.id == "mail")
    channel, account = entry.ready()
    for _ in range(2):
        await channel.replay(account, raw, hub.accounts.inlets.of("mail"))
    assert await hub.db["messages"].count_documents({"external_id": "left@example.com"}) == 1
    assert await hub.db["raw"].count_documents({"open": True}) == 0


async def test_every_mail_of_the_corpus_can_be_stored(hub: Hub) -> None:
    from tests.channels.email.test_any_bytes import SEEDS

    port = await door_port(hub)
    whole = [raw if raw.endswith(b"\r\n") else raw + b"\r\n" for raw in SEEDS]
    await deliver(port, *whole)
    assert await hub.db["quarantine"].count_documents({}) == 0
    assert await hub.db["raw"].count_documents({"open": True}) == 0
    assert await hub.db["raw"].count_documents({}) == len(SEEDS)


async def test_a_mail_to_ten_thousand_and_one_of_a_large_file_are_stored(hub: Hub) -> None:
    port = await door_port(hub)
    many = mail("many", To=", ".join(f"u{number}@example.com" for number in range(10_000)))
    large = mail("large", Content_Type="application/zip; name=a.zip", Content_Transfer_Encoding="base64").rstrip()
    large = large.removesuffix(b"Hello") + b"QUJD\r\n" * 2_000_000
    await deliver(port, many, large)
    stored = await hub.db["messages"].find_one({"external_id": "many@example.com"})
    assert stored is not None
    assert len(stored["to"]) >= 1
    zipped = await hub.db["messages"].find_one({"external_id": "large@example.com"})
    assert zipped is not None
    assert zipped["attachments"][0]["size"] == 6_000_000
