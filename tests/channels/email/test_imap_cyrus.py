"""The tests of a mailbox that matter, again on a second kind of server, with a namespace and habits of its own (S2.9.3-06)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import cast

import pytest

from channels.email.channel import channel
from crm_core.ground.ids import new_id
from hub.channel import Marks
from hub.store.client import Client
from tests.channels.email.imap_house import Mailbox, until
from tests.channels.email.inlet import running_inlet
from tests.channels.email.test_imap_marks import _delivery, test_read_and_unread_here_is_read_and_unread_there
from tests.channels.email.test_imap_receive import (
    test_a_lost_bookmark_doubles_nothing_and_keeps_no_raw_mail_twice,
    test_a_mail_over_the_limit_becomes_a_message_that_says_so,
    test_a_second_start_fetches_nothing_again,
    test_an_account_that_begins_now_leaves_old_mail_alone,
    test_backfill_takes_in_older_mail_beside_the_receiver,
    test_idle_brings_a_mail_long_before_the_next_look,
    test_mail_is_marked_as_read_on_arrival_only_where_asked,
    test_raw_mail_is_kept_byte_for_byte,
    test_reconcile_finds_what_is_missing_and_nothing_else,
    test_the_bookmark_moves_only_after_the_commit,
    test_two_mails_that_share_a_message_id_are_both_kept,
    test_what_lies_there_and_what_comes_is_taken_in,
)
from tests.lab.cyrus import INSTALL, Cyrus, installed
from tests.lab.dovecot import Dovecot
from tests.lab.mail import mail

__all__ = [
    "test_a_lost_bookmark_doubles_nothing_and_keeps_no_raw_mail_twice",
    "test_a_mail_over_the_limit_becomes_a_message_that_says_so",
    "test_a_second_start_fetches_nothing_again",
    "test_an_account_that_begins_now_leaves_old_mail_alone",
    "test_backfill_takes_in_older_mail_beside_the_receiver",
    "test_idle_brings_a_mail_long_before_the_next_look",
    "test_mail_is_marked_as_read_on_arrival_only_where_asked",
    "test_raw_mail_is_kept_byte_for_byte",
    "test_read_and_unread_here_is_read_and_unread_there",
    "test_reconcile_finds_what_is_missing_and_nothing_else",
    "test_the_bookmark_moves_only_after_the_commit",
    "test_two_mails_that_share_a_message_id_are_both_kept",
    "test_what_lies_there_and_what_comes_is_taken_in",
]
pytestmark = pytest.mark.skipif(not installed(), reason=INSTALL)


@pytest.fixture(scope="module")
def cyrus() -> Iterator[Cyrus]:
    """One server for the tests of this file; each has a user of its own."""
    with Cyrus() as server:
        yield server


@pytest.fixture
async def mailbox(client: Client, cyrus: Cyrus) -> AsyncIterator[Mailbox]:
    """An empty mailbox on Cyrus; the house asks of a server what both kinds can."""
    user = f"u{new_id().lower()}"
    cyrus.imap_client(user).logout()
    async with running_inlet(client) as inlet:
        yield Mailbox(cast("Dovecot", cyrus), inlet, user)


async def test_copies_go_where_the_server_says_that_sent_mail_is(mailbox: Mailbox) -> None:
    """Below INBOX here: found by its special use."""
    account = mailbox.account()
    for _ in range(2):
        await channel.file_copy(account, _delivery(), mailbox.inlet)
    assert mailbox.flags("INBOX.Sent") == {1: {"\\Seen"}}
    found = await channel.find_sent(account, _delivery())
    assert found is not None


async def test_what_is_deleted_here_goes_to_the_trash_of_the_server(mailbox: Mailbox) -> None:
    mailbox.deliver(mail(1), mail(2))
    async with mailbox.receiving():
        messages = await mailbox.stored(2)
    places = mailbox.inlet._parts.db["ledger"].find({"external_id": messages[0]["external_id"]})
    marks = Marks(
        external_id=messages[0]["external_id"], places=tuple([d["place"] async for d in places]), deleted=True
    )
    for _ in range(2):
        await channel.follow(mailbox.account(), [marks], mailbox.inlet)
    assert (len(mailbox.flags()), len(mailbox.flags("INBOX.Trash"))) == (1, 1)


async def test_what_others_read_and_remove_is_seen_here_too(mailbox: Mailbox) -> None:
    """By QRESYNC, as this server counts."""
    mailbox.deliver(mail(1), mail(2), mail(3))
    async with mailbox.receiving():
        await mailbox.stored(3)
        mailbox.change("STORE", "1", "+FLAGS", r"(\Seen)")
        mailbox.change("STORE", "2", "+FLAGS", r"(\Deleted)")
        mailbox.change("EXPUNGE", "2")

        async def followed() -> bool:
            first, second, third = await mailbox.messages()
            return bool(first["mail"]["seen"] and second["mail"].get("gone") and not third["mail"].get("gone"))

        await until(followed, 60)


async def test_a_server_that_crashes_and_comes_back_loses_and_doubles_nothing(mailbox: Mailbox) -> None:
    with Cyrus() as server:
        server.add_user(mailbox.user)
        mailbox.dovecot = cast("Dovecot", server)
        server.imap_client(mailbox.user).logout()
        mailbox.deliver(*(mail(number) for number in range(20)))
        async with mailbox.receiving():
            await mailbox.stored(20, 60)
            await server.restart(kill=True)
            await asyncio.to_thread(mailbox.deliver, *(mail(number) for number in range(20, 40)))
            messages = await mailbox.stored(40, 60)
    assert len({m["external_id"] for m in messages}) == len(messages) == 40
