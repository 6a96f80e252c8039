"""The archive (S2.9.3-07) and mailbox files (S2.9.3-09)."""

from __future__ import annotations

import asyncio
import mailbox
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.desk.mbox import mbox_entry
from hub.main import Hub
from hub.model.draft import Draft
from hub.settings import AccountSettings, Settings
from tests.conftest import SignedIn, SignIn
from tests.lab.envelopes import mail
from tests.lab.smtp_sink import SmtpSink

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


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


def one_of(path: Path) -> list[mailbox.mboxMessage]:
    with closing(mailbox.mbox(path, create=False)) as file:
        return list(file)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_an_entry_never_breaks_into_two(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    """Any bytes: what a reader finds is as many mails as were written, and one `>` less gives each back."""
    mails = [b"Subject: x\r\n\r\n" + body.replace(b"\r", b"").replace(b"\n", b"\r\n") for body in bodies]
    path = tmp_path_factory.mktemp("mbox") / "m.mbox"
    path.write_bytes(b"".join(piece for each in mails for piece in mbox_entry(each, "ada@example.com", AT)))
    assert len(one_of(path)) == len(mails)


def test_lines_that_look_like_a_beginning_are_quoted_once_more() -> None:
    entry = b"".join(mbox_entry(b"Subject: x\r\n\r\nFrom me\r\n>From you\r\nfrom\r\n", "a@x", AT))
    assert entry == b"From a@x Mon Nov 23 14:00:00 2026\nSubject: x\n\n>From me\n>>From you\nfrom\n\n"


def test_a_senders_name_cannot_write_lines_into_the_file() -> None:
    entry = b"".join(mbox_entry(b"\r\n\r\n", "a@x\nFrom b@y", AT))
    assert entry.startswith(b"From MAILER-DAEMON Mon")


async def incoming(hub: Hub, message_id: str, text: str, **more: Any) -> tuple[Any, bytes]:
    """A mail with its raw source kept, as a channel brings it."""
    raw = (
        f"From: Ada <ada@example.com>\r\nTo: support@demo.local\r\nSubject: Printer\r\nMessage-ID: <{message_id}>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()
    kept = await hub.accounts.inlets.of("support").keep_raw(raw)
    envelope = mail(message_id, "ada@example.com", raw=kept.id, text=text, parts={"mail": {"kind": "normal"}}, **more)
    return await hub.stream.ingest(envelope), raw


async def export(person: SignedIn, path: Path, *conversations: str) -> tuple[int, list[mailbox.mboxMessage]]:
    one = len(conversations) == 1
    where = f"/api/conversations/{conversations[0]}/export" if one else "/api/conversations/export"
    status, body = await person.call(
        "GET" if one else "POST", where, None if one else {"conversations": list(conversations)}
    )
    if status != 200:
        return status, []
    path.write_bytes(body)
    return status, one_of(path)


async def test_a_conversation_is_exported_with_what_we_wrote(
    hub: Hub, signed_in: SignIn, sink: SmtpSink, tmp_path: Path
) -> None:
    agent = await signed_in("agent", queues=["general"])
    first, raw = await incoming(hub, "a@x", "From here on\r\nit burns")
    answer = await hub.stream.send(
        Draft(conversation=first["conversation"], author="u1", author_name="Grace", text="我们来了。")
    )
    await hub.stream.note(Draft(conversation=first["conversation"], author="u1", kind="note", text="inside only"))
    [sent] = await sink.wait_for(1)
    status, mails = await export(agent, tmp_path / "one.mbox", first["conversation"])
    assert status == 200
    assert [each["Message-ID"] for each in mails] == ["<a@x>", f"<{answer['external_id']}>"]
    assert mails[0].as_bytes().replace(b"\n>From", b"\nFrom") == raw.replace(b"\r\n", b"\n")
    assert mails[1].get_payload(decode=True).decode() == sent.message.get_content()  # type: ignore[union-attr]
    assert mails[1]["In-Reply-To"] == "<a@x>"
    status, source = await agent.call("GET", f"/api/messages/{first['id']}/source")
    assert (status, source) == (200, raw), "the single mail is byte for byte what came"
    entry = await hub.db["audit"].find_one({"what": "conversations.exported"})
    assert entry is not None
    assert entry["facts"]["conversations"] == [first["conversation"]]


async def test_a_selection_is_exported_only_as_far_as_it_may_be_seen(
    hub: Hub, signed_in: SignIn, tmp_path: Path
) -> None:
    agent = await signed_in("agent", queues=["support"])
    one, _ = await incoming(hub, "a@x", "one", queue="support")
    two, _ = await incoming(hub, "b@x", "two", queue="support")
    hidden, _ = await incoming(hub, "c@x", "three")
    seen = (one["conversation"], two["conversation"])
    status, mails = await export(agent, tmp_path / "two.mbox", *seen)
    assert (status, [each["Message-ID"] for each in mails]) == (200, ["<a@x>", "<b@x>"])
    assert (await export(agent, tmp_path / "no", *seen, hidden["conversation"]))[0] == 404
    assert (await export(agent, tmp_path / "no", hidden["conversation"]))[0] == 404


async def test_a_message_without_a_mail_is_exported_as_one(hub: Hub, signed_in: SignIn, tmp_path: Path) -> None:
    boss = await signed_in("boss", roles=["SU"])
    stored = await hub.stream.ingest(
        mail("<a@x>", "ada@example.com", account="gone", subject="你好\nBcc: eve@evil.example", text="From me")
    )
    _, [made] = await export(boss, tmp_path / "made.mbox", stored["conversation"])
    assert made["From"] == '"Ada" <ada@example.com>'
    assert made["Bcc"] is None


async def test_an_archived_conversation_leaves_the_inbox_and_is_still_found(hub: Hub, signed_in: SignIn) -> None:
    agent = await signed_in("agent", queues=["general"])
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", subject="Zebra printer"))
    other = await hub.stream.ingest(mail("<o@x>", "bob@example.com", subject="Other"))
    body = {"conversations": [stored["conversation"], "unknown"]}
    status, moved = await agent.call("POST", "/api/conversations/archive", body)
    assert (status, moved) == (200, {"done": [stored["conversation"]], "missing": ["unknown"]})

    async def listed(query: str) -> list[str]:
        status, page = await agent.call("GET", f"/api/conversations?{query}")
        assert status == 200, page
        return [each["id"] for each in page["items"]]

    assert await listed("") == [other["conversation"]]
    assert await listed("state=open,pending,snoozed,closed") == [other["conversation"]]
    assert await listed("state=archived") == [stored["conversation"]]

    async def hits() -> set[str]:
        _, found = await agent.call("GET", "/api/search?q=zebra")
        return {hit.get("conversation") for hit in found["items"]}

    async with asyncio.timeout(60):
        while not await hits():
            await asyncio.sleep(0.05)
    assert await hits() == {stored["conversation"]}
    assert await listed("q=zebra") == [stored["conversation"]]

    await hub.stream.ingest(mail("<r@x>", "auto@example.com", refers=("<a@x>",), automatic=True))
    assert await listed("state=archived") == [stored["conversation"]], "a machine brings nothing back"
    await hub.stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
    assert stored["conversation"] in await listed("state=open"), "the customer brings it back"


async def test_a_conversation_comes_out_of_the_archive_by_hand(hub: Hub, signed_in: SignIn) -> None:
    agent = await signed_in("agent", queues=["general"])
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    closed = await hub.stream.ingest(mail("<c@x>", "ada@example.com"))
    await agent.call("PATCH", f"/api/conversations/{closed['conversation']}", {"state": "closed"})
    await agent.call("PATCH", f"/api/conversations/{stored['conversation']}", {"state": "archived"})
    both = {"conversations": [stored["conversation"], closed["conversation"]]}
    await agent.call("POST", "/api/conversations/unarchive", both)
    states = [(await agent.call("GET", f"/api/conversations/{each}"))[1]["state"] for each in both["conversations"]]
    assert states == ["open", "closed"], "what was not in the archive stays as it is"
