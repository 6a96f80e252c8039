"""What people do to a message here reaches the mailbox, once, however often it is told; and sent mail is filed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.email.channel import channel
from hub.channel import Marks
from hub.errors import InDoubt, Transient
from hub.model.address import Address
from hub.model.delivery import Delivery
from hub.store.client import Doc
from tests.channels.email.imap_house import Mailbox, dovecot, mailbox, needs_dovecot, until
from tests.lab.certificates import self_signed
from tests.lab.mail import mail
from tests.lab.mail_server import PASSWORD
from tests.lab.smtp_sink import SmtpSink

__all__ = ["dovecot", "mailbox"]
pytestmark = needs_dovecot


async def _taken_in(mailbox: Mailbox, count: int) -> list[Doc]:
    mailbox.deliver(*(mail(number) for number in range(1, count + 1)))
    async with mailbox.receiving():
        return await mailbox.stored(count)


async def _marks(mailbox: Mailbox, message: Doc, **what: bool) -> Marks:
    cursor = mailbox.inlet._parts.db["ledger"].find({"external_id": message["external_id"]})
    places = tuple([doc["place"] async for doc in cursor])
    return Marks(external_id=message["external_id"], places=places, **what)


async def test_read_and_unread_here_is_read_and_unread_there(mailbox: Mailbox) -> None:
    one, two = await _taken_in(mailbox, 2)
    account = mailbox.account()
    for _ in range(2):
        await channel.follow(account, [await _marks(mailbox, one, seen=True)], mailbox.inlet)
    assert mailbox.flags() == {1: {"\\Seen"}, 2: set()}
    marks = [await _marks(mailbox, one, seen=False), await _marks(mailbox, two, seen=True)]
    await channel.follow(account, marks, mailbox.inlet)
    assert mailbox.flags() == {1: set(), 2: {"\\Seen"}}
    await channel.follow(mailbox.account(mark_seen="never"), [await _marks(mailbox, one, seen=True)], mailbox.inlet)
    assert mailbox.flags()[1] == set()


@pytest.mark.parametrize("goes_to", ["trash", "nowhere"])
async def test_deleted_here_is_deleted_there_and_stays_so(mailbox: Mailbox, goes_to: str) -> None:
    one, _ = await _taken_in(mailbox, 2)
    account = mailbox.account(deleted_goes_to=goes_to)
    for _ in range(2):
        await channel.follow(account, [await _marks(mailbox, one, deleted=True)], mailbox.inlet)
    assert set(mailbox.flags()) == {2}
    assert len(mailbox.flags("Trash")) == (1 if goes_to == "trash" else 0)
    async with mailbox.receiving(imap_folders=("INBOX", "Trash")):
        mailbox.deliver(mail(3))
        await mailbox.stored(3)
        await until(lambda: _is_gone(mailbox, one) if goes_to == "nowhere" else _holds(mailbox, "3@example.com"))
    assert len(await mailbox.messages()) == 3, "a mail that was deleted here came back"


async def _is_gone(mailbox: Mailbox, message: Doc) -> bool:
    return bool((await mailbox.messages())[0]["mail"].get("gone"))


async def _holds(mailbox: Mailbox, external_id: str) -> bool:
    return external_id in await mailbox.inlet.holds([external_id])


async def test_marks_find_a_mail_whose_uid_is_void(mailbox: Mailbox) -> None:
    one, _ = await _taken_in(mailbox, 2)
    marks = await _marks(mailbox, one, seen=True)
    folder, _, uid = marks.places[0].split(";")
    stale = replace(marks, places=(f"{folder};1;{int(uid) + 1}",))
    await channel.follow(mailbox.account(), [stale], mailbox.inlet)
    assert mailbox.flags() == {1: {"\\Seen"}, 2: set()}


# -- the folder of sent mail -------------------------------------------------------------------------------------


@asynccontextmanager
async def _smtp(mailbox: Mailbox, folder: Path) -> AsyncIterator[tuple[SmtpSink, dict[str, object]]]:
    """An outgoing server, and what an account needs to send by it."""
    certificate, key = self_signed(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with SmtpSink(login=(mailbox.user, PASSWORD), tls=context) as sink:
        yield sink, {"smtp_host": "127.0.0.1", "smtp_port": sink.port, "tls": "starttls", "smtp_ca": certificate,
                     "imap_tls": "none"}  # fmt: skip


def _delivery(number: int = 1) -> Delivery:
    return Delivery(
        message=f"m{number}", conversation="c1", account="mail", external_id=f"m{number}@demo.local",
        author_name="Grace", to=(Address("mail:ada@example.com"),), cc=(), subject="Answer", text="We come.", html=None,
        files=(), reply_to=None, references=(), at=datetime(2026, 11, 23, tzinfo=UTC), attempt=1,
        automatic=False, parts={}, correlation=None,
    )  # fmt: skip


async def test_a_copy_of_what_is_sent_is_filed_once(mailbox: Mailbox, tmp_path: Path) -> None:
    async with _smtp(mailbox, tmp_path) as (sink, sends):
        account = mailbox.account(**sends)
        with pytest.raises(InDoubt):
            await channel.find_sent(account, _delivery())
        await channel.send(account, _delivery(), mailbox.inlet)
        assert len(sink.mails) == 1
        assert channel.keeps_copies(account)
        for _ in range(2):
            await channel.file_copy(account, _delivery(), mailbox.inlet)
        assert mailbox.flags("Sent") == {1: {"\\Seen"}}
        found = await channel.find_sent(account, _delivery())
        assert found is not None
        assert found.state == "sent"


async def test_a_server_that_files_what_it_takes_can_say_what_went_out(mailbox: Mailbox) -> None:
    account = mailbox.account(sent_copies="server")
    assert not channel.keeps_copies(account)
    assert await channel.find_sent(account, _delivery()) is None

    async def file_a_moment_later() -> None:
        await asyncio.sleep(1.5)
        client = mailbox.client()
        client.append("Sent", "", "", mail("m1", Message_ID="<m1@demo.local>"))
        client.logout()

    found, _ = await asyncio.gather(channel.find_sent(account, _delivery()), file_a_moment_later())
    assert found is not None
    with pytest.raises(InDoubt):
        await channel.find_sent(mailbox.account(sent_copies="never"), _delivery())


async def test_a_mailbox_that_is_away_does_not_stop_the_mail(mailbox: Mailbox, tmp_path: Path) -> None:
    async with _smtp(mailbox, tmp_path) as (sink, sends):
        account = mailbox.account(**sends, imap_port=1)
        await channel.send(account, _delivery(), mailbox.inlet)
        assert len(sink.mails) == 1
        with pytest.raises(Transient, match="cannot be reached"):
            await channel.file_copy(account, _delivery(), mailbox.inlet)


async def test_a_folder_for_copies_that_is_not_there_keeps_the_copy_waiting(mailbox: Mailbox) -> None:
    account = mailbox.account(sent_folder="None such")
    with pytest.raises(Transient, match="None such"):
        await channel.file_copy(account, _delivery(), mailbox.inlet)


async def test_mail_written_with_another_program_joins_its_conversation(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1))
    async with mailbox.receiving():
        await mailbox.stored(1)
        ours = mail(
            2, "By phone", From="Support <support@demo.local>", To="ada@example.com", In_Reply_To="<1@example.com>"
        )
        client = mailbox.client()
        client.append("Sent", "(\\Seen)", "", ours)
        client.logout()
        first, second = await mailbox.stored(2)
        mailbox.deliver(mail(3, "Thanks", In_Reply_To="<2@example.com>"))
        third = (await mailbox.stored(3))[2]
    assert second["direction"] == "outbound"
    assert second["conversation"] == first["conversation"] == third["conversation"]
    assert second["delivery"] is None
    conversation = await mailbox.inlet._parts.db["conversations"].find_one({"_id": first["conversation"]})
    assert conversation is not None
    assert [party["address"] for party in conversation["parties"]] == ["ada@example.com"]


async def test_our_own_mail_in_the_sent_folder_is_not_taken_in(mailbox: Mailbox) -> None:
    await _taken_in(mailbox, 1)
    client = mailbox.client()
    client.append("Sent", "(\\Seen)", "", mail(1))
    client.logout()
    async with mailbox.receiving():
        mailbox.deliver(mail(2))
        await mailbox.stored(2)
        await until(lambda: _visited_sent(mailbox))
    assert len(await mailbox.messages()) == 2
    assert await mailbox.raws() == 2


async def _visited_sent(mailbox: Mailbox) -> bool:
    folders = (await mailbox.inlet.position())["folders"]
    return any(mark["name"] == "Sent" and mark["upto"] == 2 for mark in folders)
