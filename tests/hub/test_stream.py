"""The write path: order, repeats, threads, poison."""

from __future__ import annotations

import asyncio
import random

import pytest

from crm_core.ground.errors import Invalid
from hub.errors import Poisoned
from hub.model.draft import Draft
from hub.model.envelope import Attachment
from hub.store.client import Database
from hub.store.unit import Units
from hub.stream import moves
from hub.stream.stream import Stream
from tests.lab.envelopes import mail


async def test_a_message_is_stored_with_an_event_that_carries_it(stream: Stream, db: Database) -> None:
    message = await stream.ingest(mail("<a@x>", "ada@example.com"))
    event = await db["events"].find_one({"_id": message["seq"]})
    assert event is not None
    assert event["name"] == "message.appended"
    assert event["data"]["message"]["id"] == message["id"]
    assert event["rooms"] == ["queue:general", "supervisors"]
    assert message["joined_because"]["reason"] == "opened"


async def test_a_repeat_returns_the_stored_message(stream: Stream, db: Database) -> None:
    copies = await asyncio.gather(
        *(stream.ingest(mail("<a@x>", "ada@example.com", fingerprint="f")) for _ in range(10))
    )
    assert len({m["id"] for m in copies}) == 1
    assert await db["messages"].count_documents({}) == 1
    assert await db["repeats"].count_documents({}) == 9


async def test_another_mail_under_a_used_message_id_is_kept_as_its_own(stream: Stream, db: Database) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com", fingerprint="one"))
    second = await stream.ingest(mail("<a@x>", "ada@example.com", fingerprint="two", text="something else"))
    again = await stream.ingest(mail("<a@x>", "ada@example.com", fingerprint="two", text="something else"))
    assert first["id"] != second["id"] == again["id"]
    assert await db["messages"].count_documents({}) == 2


async def test_seq_is_the_order_of_the_store_without_a_tie(stream: Stream, db: Database) -> None:
    await asyncio.gather(*(stream.ingest(mail(f"<{n}@x>", f"u{n % 7}@example.com")) for n in range(500)))
    seqs = [m["seq"] async for m in db["messages"].find({}, {"seq": 1}).sort("_id", 1)]
    events = [e["_id"] async for e in db["events"].find({"name": "message.appended"}, {"_id": 1}).sort("_id", 1)]
    assert sorted(seqs) == events
    assert len(set(seqs)) == 500


async def test_an_answer_joins_by_reference_and_says_why(stream: Stream) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    answer = await stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
    assert answer["conversation"] == first["conversation"]
    assert answer["joined_because"] == {"reason": "reference", "detail": "<a@x>"}


async def test_a_stranger_who_quotes_an_id_does_not_join_whoever_comes_first(stream: Stream) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    stranger = await stream.ingest(mail("<s@x>", "eve@evil.example", refers=("<a@x>",), cc=("ada@example.com",)))
    assert stranger["conversation"] != first["conversation"]
    assert "no party" in stranger["joined_because"]["detail"]
    early = await stream.ingest(mail("<t@x>", "eve@evil.example", refers=("<later@x>",), cc=("ada@example.com",)))
    late = await stream.ingest(mail("<later@x>", "ada@example.com"))
    assert early["conversation"] != late["conversation"]


async def test_a_colleague_in_copy_may_answer(stream: Stream) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com", cc=("bob@example.com",)))
    answer = await stream.ingest(mail("<b@x>", "bob@example.com", refers=("<a@x>",)))
    assert answer["conversation"] == first["conversation"]


async def _groups(db: Database) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    async for doc in db["messages"].find({}, {"conversation": 1, "external_id": 1}):
        groups.setdefault(doc["conversation"], set()).add(doc["external_id"])
    return {frozenset(g) for g in groups.values()}


@pytest.mark.parametrize("seed", range(6))
async def test_mails_in_any_order_give_the_same_conversations(stream: Stream, db: Database, seed: int) -> None:
    """Chains, siblings whose parent never came, broken chains and hostile quotes, one by one and all at once."""
    mails, expected = [], set()
    for n in range(8):
        who, friend = f"u{n}@example.com", f"v{n}@example.com"
        ids = [f"<{n}.{i}@x>" for i in range(5)]
        mails += [
            mail(ids[0], who, cc=(friend,)),
            mail(ids[1], friend, refers=(ids[0],), cc=(who,)),
            mail(ids[2], who, refers=(ids[1],), cc=(friend,)),
            mail(ids[3], who, refers=(ids[0], ids[2]), cc=(friend,)),
            mail(ids[4], friend, refers=(ids[3],)),
            mail(f"<{n}.evil@x>", "eve@evil.example", refers=tuple(ids), cc=(who,)),
            mail(f"<{n}.s1@x>", who, refers=(f"<{n}.lost@x>",), cc=(friend,)),
            mail(f"<{n}.s2@x>", friend, refers=(f"<{n}.lost@x>",), cc=(who,)),
        ]
        expected |= {frozenset(ids), frozenset({f"<{n}.s1@x>", f"<{n}.s2@x>"})}
    evil = [frozenset({f"<{n}.evil@x>"}) for n in range(8)]
    random.Random(seed).shuffle(mails)
    if seed % 2:
        for envelope in mails:
            await stream.ingest(envelope)
    else:
        await asyncio.gather(*(stream.ingest(envelope) for envelope in mails))
    groups = await _groups(db)
    hostile = {g for g in groups if any("evil" in m for m in g)}
    assert groups - hostile == expected
    assert all(all("evil" in m for m in g) for g in hostile), "a stranger got into a customer's conversation"
    assert len(evil) == 8
    async for doc in db["conversations"].find({"state": {"$ne": "merged"}}):
        assert doc["message_count"] == await db["messages"].count_documents({"conversation": doc["_id"]})


async def test_poison_is_isolated_and_never_blocks_the_rest(stream: Stream, db: Database) -> None:
    good = [mail(f"<{n}@x>", "ada@example.com") for n in range(20)]
    bad = mail("<bad@x>", "ada@example.com", parts={"mail": {"huge": 2**80}})
    results = await asyncio.gather(*(stream.ingest(e) for e in [*good[:10], bad, *good[10:]]), return_exceptions=True)
    assert [type(r).__name__ for r in results].count("Poisoned") == 1
    assert isinstance(results[10], Poisoned)
    assert await db["messages"].count_documents({}) == 20
    quarantined = await db["quarantine"].find_one({})
    assert quarantined is not None
    assert "int" in quarantined["error"].lower()


async def test_attachments_are_stored_and_described(stream: Stream) -> None:
    files = (Attachment("报价.pdf", "application/pdf", b"%PDF-1.4 x"), Attachment("a.txt", "text/plain", b"hi"))
    message = await stream.ingest(mail("<a@x>", "ada@example.com", attachments=files))
    assert [f["name"] for f in message["attachments"]] == ["报价.pdf", "a.txt"]


async def test_an_answer_goes_to_who_wrote_last_and_is_queued_once(stream: Stream, db: Database) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    draft = Draft(conversation=first["conversation"], author="u1", author_name="Li Na", text="Yes", client_id="k1")
    sent, again = await asyncio.gather(stream.send(draft), stream.send(draft))
    assert sent["id"] == again["id"]
    assert [p["address"] for p in sent["to"]] == ["ada@example.com"]
    assert sent["delivery"] is not None and sent["delivery"]["state"] == "queued"
    assert sent["reply_to"] == "<a@x>"
    assert sent["subject"] == "Re: About <a@x>"
    assert await db["outbox"].count_documents({}) == 1
    conversation = await db["conversations"].find_one({"_id": first["conversation"]})
    assert conversation is not None and conversation["waiting_since"] is None
    back = await stream.ingest(mail("<b@x>", "ada@example.com", refers=(str(sent["external_id"]),)))
    assert back["conversation"] == first["conversation"]


async def test_an_empty_answer_is_refused(stream: Stream) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    with pytest.raises(Invalid, match="nothing to send"):
        await stream.send(Draft(conversation=first["conversation"], author="u1", text="  "))


async def test_a_delivery_goes_forward_only_unless_forced(stream: Stream) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    sent = await stream.send(Draft(conversation=first["conversation"], author="u1", text="Yes"))
    await stream.amend(sent["id"], {"delivery.state": "delivered"})
    late = await stream.amend(sent["id"], {"delivery.state": "sent"})
    assert late["delivery"] is not None and late["delivery"]["state"] == "delivered"
    again = await stream.amend(sent["id"], {"delivery.state": "queued"}, force=True)
    assert again["delivery"] is not None and again["delivery"]["state"] == "queued"


async def test_split_and_join_are_undone_exactly(stream: Stream, db: Database, units: Units) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    second = await stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
    other = await stream.ingest(mail("<c@x>", "bob@example.com"))
    before = await _groups(db)
    move = await moves.split(units, first["conversation"], [second["id"]], by="u1")
    assert len(await _groups(db)) == 3
    await moves.undo(units, move["_id"], by="u1")
    assert await _groups(db) == before
    move = await moves.join(units, other["conversation"], first["conversation"], by="u1")
    assert await _groups(db) == {frozenset({"<a@x>", "<b@x>", "<c@x>"})}
    answer = await stream.ingest(mail("<d@x>", "bob@example.com", refers=("<c@x>",)))
    assert answer["conversation"] == first["conversation"]
    await moves.undo(units, move["_id"], by="u1")
    assert frozenset({"<c@x>"}) in await _groups(db)


async def test_after_a_split_a_late_mail_does_not_glue_the_parts_again(
    stream: Stream, db: Database, units: Units
) -> None:
    first = await stream.ingest(mail("<a@x>", "ada@example.com"))
    second = await stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
    await moves.split(units, first["conversation"], [second["id"]], by="u1")
    await stream.ingest(mail("<c@x>", "ada@example.com", refers=("<a@x>", "<b@x>")))
    assert len(await _groups(db)) == 2


async def test_an_answer_in_a_split_off_conversation_goes_to_who_wrote_there(
    stream: Stream, db: Database, units: Units
) -> None:
    first = await stream.ingest(mail("a@x", "ada@example.com", cc=("bob@example.com",)))
    second = await stream.ingest(mail("b@x", "bob@example.com", refers=("a@x",)))
    move = await moves.split(units, first["conversation"], [second["id"]], by="u1")
    there = await stream.send(Draft(conversation=move["conversations"][1], author="u1", text="Yes"))
    here = await stream.send(Draft(conversation=first["conversation"], author="u1", text="No"))
    assert [p["address"] for p in there["to"]] == ["bob@example.com"]
    assert there["reply_to"] == "b@x"
    assert [p["address"] for p in here["to"]] == ["ada@example.com"]
