"""A mailbox is taken in whole, once, and stays in step: on a real Dovecot."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.email.channel import channel
from crm_core.ground.clock import now
from hub.errors import Permanent, Transient
from tests.channels.email.imap_house import Mailbox, dovecot, mailbox, needs_dovecot, until
from tests.lab.mail import mail

__all__ = ["dovecot", "mailbox"]
pytestmark = needs_dovecot


async def test_what_lies_there_and_what_comes_is_taken_in(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1), mail(2))
    async with mailbox.receiving():
        await mailbox.stored(2)
        mailbox.deliver(mail(3, "打印机着火了"))
        messages = await mailbox.stored(3)
    assert [m["external_id"] for m in messages] == ["1@example.com", "2@example.com", "3@example.com"]
    assert messages[2]["text"] == "打印机着火了"
    assert messages[2]["mail"]["seen"] is False
    ledger = [d["place"] async for d in mailbox.inlet._parts.db["ledger"].find()]
    assert len(ledger) == 3
    assert all(place.startswith("INBOX;") for place in ledger)


async def test_idle_brings_a_mail_long_before_the_next_look(mailbox: Mailbox) -> None:
    async with mailbox.receiving(imap_poll_s=600, imap_idle_s=600, read_sent=False):
        await until(lambda: _connected(mailbox))
        await asyncio.sleep(0.5)
        mailbox.deliver(mail(1))
        await mailbox.stored(1, within_s=100)


async def _connected(mailbox: Mailbox) -> bool:
    return "reads" in mailbox.inlet.detail


async def test_raw_mail_is_kept_byte_for_byte(mailbox: Mailbox) -> None:
    sent = mail(1, "Ünïcode\r\n..dots\r\n" + "x" * 200_000)
    mailbox.deliver(sent)
    async with mailbox.receiving():
        await mailbox.stored(1)
    assert mailbox.inlet.raws[0].content.endswith(sent)  # Dovecot writes Return-Path, Delivered-To, Received before it


async def test_a_second_start_fetches_nothing_again(mailbox: Mailbox) -> None:
    mailbox.deliver(*(mail(number) for number in range(5)))
    async with mailbox.receiving():
        await mailbox.stored(5)
    mailbox.deliver(mail(5))
    async with mailbox.receiving():
        await mailbox.stored(6)
    assert await mailbox.raws() == 6


async def test_a_lost_bookmark_doubles_nothing_and_keeps_no_raw_mail_twice(mailbox: Mailbox) -> None:
    mailbox.deliver(*(mail(number) for number in range(5)), mail("none", Message_ID=""))
    async with mailbox.receiving():
        await mailbox.stored(6)
    await mailbox.inlet._parts.db["bookmarks"].delete_many({})
    async with mailbox.receiving():
        mailbox.deliver(mail(7))
        await mailbox.stored(7)
    assert len(await mailbox.messages()) == 7
    assert await mailbox.raws() == 7


async def test_two_mails_that_share_a_message_id_are_both_kept(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1, "one"))
    async with mailbox.receiving():
        await mailbox.stored(1)
        mailbox.deliver(mail(1, "another"), mail(1, "one"))
        await mailbox.stored(2)
        await until(lambda: _upto(mailbox, 4))
    assert sorted(m["text"] for m in await mailbox.messages()) == ["another", "one"]


async def _upto(mailbox: Mailbox, uid: int) -> bool:
    position = await mailbox.inlet.position()
    return bool(position.get("folders")) and position["folders"][0]["upto"] >= uid


async def test_the_bookmark_moves_only_after_the_commit(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1))
    mailbox.inlet.refuse = Transient("the store is away")
    with pytest.raises(Transient):
        await channel.receive(mailbox.account(), mailbox.inlet)
    assert not await _upto(mailbox, 2)
    assert mailbox.flags() == {1: set()}, "marked as read before it was stored"
    mailbox.inlet.refuse = None
    async with mailbox.receiving():
        await mailbox.stored(1)


async def test_a_mail_over_the_limit_becomes_a_message_that_says_so(mailbox: Mailbox) -> None:
    mailbox.deliver(mail("large", "x" * 1_500_000), mail("none", "y" * 1_500_000, Message_ID=""), mail("small"))
    async with mailbox.receiving():
        large, none, small = await mailbox.stored(3)
    assert large["external_id"] == "large@example.com"
    assert large["subject"] == "Case large"
    assert "1 MB" in large["text"]
    assert large["mail"]["broken"] == ["too-large"]
    assert large["mail"]["size"] > 1_500_000
    assert small["text"] == "Hello"
    assert "too-large" in none["mail"]["broken"]
    assert await _missing(mailbox) == set()


async def test_mail_is_marked_as_read_on_arrival_only_where_asked(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1))
    async with mailbox.receiving(mark_seen="on_arrival"):
        await mailbox.stored(1)
        await until(lambda: _has_flag(mailbox, 1, "\\Seen"))
    mailbox.deliver(mail(2))
    async with mailbox.receiving(mark_seen="never"):
        await mailbox.stored(2)
    assert mailbox.flags()[2] == set()


async def _has_flag(mailbox: Mailbox, uid: int, flag: str) -> bool:
    return flag in mailbox.flags().get(uid, set())


@pytest.mark.parametrize("plain", [False, True], ids=["qresync", "plain"])
async def test_what_others_read_and_remove_is_seen_here(
    mailbox: Mailbox, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain:
        _without(monkeypatch, "CONDSTORE", "QRESYNC", "ENABLE")
    mailbox.deliver(mail(1), mail(2), mail(3))
    async with mailbox.receiving():
        await mailbox.stored(3)
        mailbox.change("STORE", "1", "+FLAGS", "(\\Seen)")
        await until(lambda: _mail_says(mailbox, 0, "seen", True))
        mailbox.change("STORE", "1", "-FLAGS", "(\\Seen)")
        await until(lambda: _mail_says(mailbox, 0, "seen", False))
        mailbox.change("STORE", "2", "+FLAGS", "(\\Deleted)")
        mailbox.change("EXPUNGE", "2")
        await until(lambda: _mail_says(mailbox, 1, "gone", True))
    mailbox.change("STORE", "3", "+FLAGS", "(\\Seen)")
    async with mailbox.receiving():  # what happened while nobody looked
        await until(lambda: _mail_says(mailbox, 2, "seen", True))
    assert "gone" not in (await mailbox.messages())[2]["mail"]


def _without(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    from channels.email.imap.session import Session

    can = Session.can
    monkeypatch.setattr(Session, "can", lambda self, what: what not in words and can(self, what))


async def _mail_says(mailbox: Mailbox, number: int, name: str, value: bool) -> bool:
    return (await mailbox.messages())[number]["mail"].get(name) is value


async def test_other_folders_are_looked_at_in_turn(mailbox: Mailbox) -> None:
    client = mailbox.client()
    client.create("&UXZO1g-/new")
    client.logout()
    async with mailbox.receiving(imap_folders=("INBOX", "其他/new")):
        mailbox.deliver(mail(1))
        await mailbox.stored(1)
        client = mailbox.client()
        client.append("&UXZO1g-/new", "", "", mail(2))
        client.logout()
        messages = await mailbox.stored(2)
    assert messages[1]["external_id"] == "2@example.com"


async def test_an_account_that_begins_now_leaves_old_mail_alone(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1), mail(2))
    async with mailbox.receiving(start_from="now"):
        await until(lambda: _upto(mailbox, 3))
        mailbox.deliver(mail(3))
        messages = await mailbox.stored(1)
    assert [m["external_id"] for m in messages] == ["3@example.com"]


async def test_backfill_takes_in_older_mail_beside_the_receiver(mailbox: Mailbox) -> None:
    mailbox.deliver(*(mail(number) for number in range(20)))
    told: list[tuple[int, int]] = []

    async def tell(done: int, total: int) -> None:
        told.append((done, total))

    async with mailbox.receiving(start_from="now"):
        await until(lambda: _upto(mailbox, 21))
        account = mailbox.account()
        for _ in range(2):
            await channel.backfill(account, now() - timedelta(days=2), mailbox.inlet, tell)
            mailbox.deliver(mail(f"live{len(told)}"))
        await mailbox.stored(22)
    assert len(await mailbox.messages()) == 22
    assert told[-1][0] == told[-1][1] >= 20
    assert await mailbox.raws() <= 24, "only what both came upon in the same moment may be kept twice"


async def test_reconcile_finds_what_is_missing_and_nothing_else(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1), mail("none", Message_ID=""), mail(1), mail(1, "other"))
    async with mailbox.receiving():
        await until(lambda: _upto(mailbox, 5))
    assert await _missing(mailbox) == set()
    mailbox.deliver(mail(5))
    assert await _missing(mailbox) == {"5@example.com"}


async def _missing(mailbox: Mailbox) -> set[str]:
    listing = channel.inventory(mailbox.account(), now() - timedelta(days=2))
    assert listing is not None
    ids = [one async for one in listing]
    return set(ids) - await mailbox.inlet.holds(ids)


async def test_a_wrong_password_and_a_missing_folder_are_a_persons_matter(mailbox: Mailbox) -> None:
    with pytest.raises(Permanent, match="refuses the sign-in of"):
        await channel.probe(mailbox.account(password="wrong"))
    with pytest.raises(Permanent, match="'Nowhere' cannot be opened"):
        await channel.probe(mailbox.account(imap_folders=("Nowhere",)))
    with pytest.raises(Transient, match="cannot be reached"):
        await channel.probe(mailbox.account(imap_port=1))
    await channel.probe(mailbox.account())
