"""Joins and splits that meet each other, or other work, in one batch. Each was once found by chance."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.ground.errors import Conflict
from hub.model.message import MessageOut
from hub.store.client import Database, Doc
from hub.store.unit import Unit, Units
from hub.stream import moves
from hub.stream.conversations import save_conversation
from hub.stream.stream import Stream
from tests.lab.envelopes import mail

ADA = "ada@example.com"


async def _apart(stream: Stream, *names: str) -> list[MessageOut]:
    """Conversations of one mail each, oldest first: ids order by the millisecond they were made in."""
    made = []
    for name in names:
        made.append(await stream.ingest(mail(f"<{name}@x>", ADA)))
        await asyncio.sleep(0.002)
    return made


async def _groups(db: Database) -> set[frozenset[str]]:
    """Which mails lie together; checks on the way that every conversation counts right and is not joined away."""
    held: dict[str, list[Doc]] = {}
    async for message in db["messages"].find():
        held.setdefault(message["conversation"], []).append(message)
    async for doc in db["conversations"].find({"_id": {"$in": [*held]}}):
        assert doc["state"] != "merged"
        assert doc["message_count"] == len(held[doc["_id"]])
    living = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    assert living == len(held), "an empty conversation is shown"
    return {frozenset(m["external_id"][1:-3] for m in messages) for messages in held.values()}


async def test_a_message_that_is_amended_while_its_conversation_is_joined_goes_along(
    stream: Stream, db: Database
) -> None:
    first, second = await _apart(stream, "a", "b")
    await asyncio.gather(
        stream.amend(second["id"], {"call.state": "ended"}),
        stream.ingest(mail("<c@x>", ADA, refers=("<a@x>", "<b@x>"))),
    )
    assert await _groups(db) == {frozenset("abc")}
    stored = await db["messages"].find_one({"_id": second["id"]})
    assert stored is not None
    assert (stored["conversation"], stored["call"]["state"]) == (first["conversation"], "ended")


async def test_undoing_a_join_takes_back_what_came_in_the_same_batch(
    stream: Stream, db: Database, units: Units
) -> None:
    await _apart(stream, "a", "b")
    await asyncio.gather(
        stream.ingest(mail("<b2@x>", ADA, refers=("<b@x>",))),
        stream.ingest(mail("<c@x>", ADA, refers=("<a@x>", "<b@x>"))),
    )
    assert await _groups(db) == {frozenset({"a", "b", "b2", "c"})}
    move = await db["moves"].find_one({})
    assert move is not None
    await moves.undo(units, move["_id"], by="u1")
    assert await _groups(db) == {frozenset({"a", "c"}), frozenset({"b", "b2"})}


async def test_joins_of_joins_are_undone_in_any_order(stream: Stream, db: Database, units: Units) -> None:
    a, b, c = (m["conversation"] for m in await _apart(stream, "a", "b", "c"))
    one = await moves.join(units, a, b, by="u1")
    two = await moves.join(units, b, c, by="u1")
    await moves.undo(units, one["_id"], by="u1")
    assert await _groups(db) == {frozenset("a"), frozenset("bc")}
    await moves.undo(units, two["_id"], by="u1")
    assert await _groups(db) == {frozenset("a"), frozenset("b"), frozenset("c")}


async def test_an_undone_join_leaves_where_it_is_what_was_split_off_since(
    stream: Stream, db: Database, units: Units
) -> None:
    a, b = await _apart(stream, "a", "b")
    more = await stream.ingest(mail("<a2@x>", ADA, refers=("<a@x>",)))
    join = await moves.join(units, a["conversation"], b["conversation"], by="u1")
    await moves.split(units, b["conversation"], [more["id"]], by="u1")
    await moves.undo(units, join["_id"], by="u1")
    assert await _groups(db) == {frozenset({"a"}), frozenset({"b"}), frozenset({"a2"})}


async def test_a_join_whose_messages_all_went_elsewhere_is_not_undone(
    stream: Stream, db: Database, units: Units
) -> None:
    a, b = await _apart(stream, "a", "b")
    join = await moves.join(units, a["conversation"], b["conversation"], by="u1")
    await moves.split(units, b["conversation"], [a["id"]], by="u1")
    with pytest.raises(Conflict):
        await moves.undo(units, join["_id"], by="u1")
    assert await _groups(db) == {frozenset("a"), frozenset("b")}


async def test_who_saw_and_had_a_conversation_before_a_join_does_so_again_when_it_is_undone(
    stream: Stream, db: Database, units: Units
) -> None:
    a, b = (m["conversation"] for m in await _apart(stream, "a", "b"))

    async def show(unit: Unit) -> None:
        before = await unit.db["conversations"].find_one({"_id": a}, session=unit.session)
        assert before is not None
        await save_conversation(
            unit, before, {"viewers": ["u7"], "assignee": {"id": "u8", "name": "Eight"}, "tags": ["x"]}
        )

    await units.run(show)
    join = await moves.join(units, a, b, by="u1")
    joined = await db["conversations"].find_one({"_id": b})
    assert joined is not None
    assert (joined["viewers"], joined["assignee"]["id"], joined["tags"]) == (["u7"], "u8", ["x"])
    await moves.undo(units, join["_id"], by="u1")
    back = await db["conversations"].find_one({"_id": b})
    assert back is not None
    assert ("viewers" in back, back["assignee"], back["tags"]) == (False, None, [])
    gone = await db["events"].find_one({"data.id": b, "data.gone": True})
    assert gone is not None
    assert gone["rooms"] == ["user:u7", "user:u8"]
