"""One mail that was sent to two of our mailboxes is one message; a mail of ours that comes back is no other."""

from __future__ import annotations

import asyncio

from hub.accounts.held import held
from hub.accounts.inlet import AccountInlet
from hub.main import Hub
from hub.model.address import Address
from hub.model.draft import Draft
from hub.model.envelope import Envelope
from hub.store.client import Database
from hub.stream.stream import Stream
from tests.lab.envelopes import SUPPORT, mail

SALES = "mail:sales@demo.local"
BOTH = (Address(SUPPORT), Address(SALES))


def copy_of(message_id: str, account: str, **more: object) -> Envelope:
    own = {"support": SUPPORT, "sales": SALES}[account]
    envelope = mail(message_id, "ada@example.com", account=account, to=BOTH, fingerprint="f", **more)  # type: ignore[arg-type]
    envelope.own_keys = frozenset({own})
    return envelope


async def test_one_mail_to_two_mailboxes_is_one_message(stream: Stream, db: Database) -> None:
    first = await stream.ingest(copy_of("<a@x>", "support", ledger="INBOX;1;7"))
    second = await stream.ingest(copy_of("<a@x>", "sales", ledger="INBOX;5;9", raw="r2"))
    again = await stream.ingest(copy_of("<a@x>", "sales", ledger="INBOX;6;1", raw="r3"))
    assert first["id"] == second["id"] == again["id"]
    assert second["also"] == ["sales"]
    [stored] = await db["messages"].find({}).to_list()
    assert stored["also"] == [{"account": "sales", "raw": "r2", "ledger": "INBOX;5;9"}]
    [conversation] = await db["conversations"].find({}).to_list()
    assert conversation["accounts"] == ["support", "sales"]
    assert conversation["message_count"] == 1
    assert conversation["party_keys"] == ["mail:ada@example.com"], "our own addresses are no parties"
    ids = ["<a@x>", "INBOX;5;9", "INBOX;6;1", "<unknown@x>"]
    assert await held(db, "sales", ids) == {"<a@x>", "INBOX;5;9", "INBOX;6;1"}


async def test_copies_that_come_in_one_moment_are_one_message(stream: Stream, db: Database) -> None:
    mails = [copy_of(f"<{n}@x>", account) for n in range(20) for account in ("support", "sales", "support")]
    await asyncio.gather(*(stream.ingest(each) for each in mails))
    assert await db["messages"].count_documents({}) == 20
    assert await db["messages"].count_documents({"also.account": {"$exists": True}}) == 20


async def test_another_content_under_the_same_id_is_another_message(stream: Stream, db: Database) -> None:
    await stream.ingest(copy_of("<a@x>", "support"))
    other = copy_of("<a@x>", "sales", text="something else")
    other.fingerprint = "g"
    await stream.ingest(other)
    assert await db["messages"].count_documents({}) == 2


async def test_a_copy_and_a_change_in_one_moment_are_both_kept(stream: Stream, db: Database) -> None:
    for n in range(10):
        first = await stream.ingest(copy_of(f"<{n}@x>", "support"))
        ops = [stream.amend(first["id"], {"mail.seen": True}), stream.ingest(copy_of(f"<{n}@x>", "sales"))]
        await asyncio.gather(*(ops if n % 2 else reversed(ops)))
    where = {"mail.seen": True, "also.account": "sales"}
    assert await db["messages"].count_documents(where) == 10


async def test_a_copy_stays_where_its_message_was_joined_to(stream: Stream, db: Database) -> None:
    """In one batch: a mail joins two conversations, and the copy of a mail of the one that is given up comes."""
    for n in range(10):
        await stream.ingest(copy_of(f"<{n}.a@x>", "support"))
        await stream.ingest(copy_of(f"<{n}.b@x>", "support"))
        both = mail(f"<{n}.c@x>", "ada@example.com", refers=(f"<{n}.a@x>", f"<{n}.b@x>"))
        await asyncio.gather(stream.ingest(both), stream.ingest(copy_of(f"<{n}.b@x>", "sales")))
    assert len(await db["messages"].distinct("conversation")) == 10
    assert await db["messages"].count_documents({"also.account": "sales"}) == 10


async def test_what_the_second_mailbox_says_of_the_mail_reaches_the_one_message(hub: Hub) -> None:
    first = await hub.stream.ingest(copy_of("<a@x>", "support"))
    await hub.stream.ingest(copy_of("<a@x>", "sales"))
    inlet: AccountInlet = hub.accounts.inlets.of("sales")
    changed = await inlet.amend("<a@x>", {"mail.seen": True})
    assert changed is not None
    assert changed["id"] == first["id"]


async def test_a_mail_of_ours_that_comes_back_is_no_other_message(stream: Stream, db: Database) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    sent = await stream.send(Draft(conversation=first["conversation"], author="u1", text="We come."))
    back = mail(str(sent["external_id"]), "support@demo.local", fingerprint="f", raw="r9")
    assert (await stream.ingest(back))["id"] == sent["id"]
    assert await db["messages"].count_documents({}) == 2
    forged = mail(str(sent["external_id"]), "eve@evil.example", fingerprint="f", raw="r8")
    assert (await stream.ingest(forged))["id"] != sent["id"], "only our own address makes it ours"
