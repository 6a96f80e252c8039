"""Raw input that the far side still has is stored in one commit with its message; what is large is kept at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.channel import Raw
from hub.errors import Poisoned
from hub.store.client import Database
from hub.stream.raw import CARRIED_BYTES, RawKeeper
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from tests.lab.envelopes import mail


async def taken(db: Database, content: bytes = b"as it came") -> Raw:
    return await RawKeeper(db).take("support", content, {"peer": "127.0.0.1"})


async def test_raw_input_that_was_taken_is_stored_with_its_message_and_is_not_open(
    stream: Stream, db: Database
) -> None:
    raw = await taken(db)
    assert await db["raw"].find_one({}) is None
    message = await stream.ingest(mail("<a@x>", "ada@example.com", raw=raw.id), raw)
    stored = await RawKeeper(db).read(raw.id)
    assert (stored.content, stored.note, stored.correlation) == (raw.content, raw.note, raw.correlation)
    assert (await db["messages"].find_one({"_id": message["id"]}) or {})["raw"] == raw.id
    assert await db["raw"].count_documents({"open": True}) == 0


async def test_the_raw_input_of_a_repeat_is_stored_too(stream: Stream, db: Database) -> None:
    raws = [await taken(db) for _ in range(5)]
    envelopes = [mail("<a@x>", "ada@example.com", fingerprint="f", raw=raw.id) for raw in raws]
    await asyncio.gather(*map(stream.ingest, envelopes, raws))
    assert await db["raw"].count_documents({}) == 5
    assert await db["messages"].count_documents({}) == 1


async def test_what_cannot_be_stored_goes_to_quarantine_with_its_raw_input(stream: Stream, db: Database) -> None:
    raw = await taken(db)
    poison: dict[str, Any] = {"mail": {"size": 1 << 80}}
    with pytest.raises(Poisoned):
        await stream.ingest(mail("<p@x>", "eve@example.com", raw=raw.id, parts=poison), raw)
    quarantined = await db["quarantine"].find_one({})
    assert quarantined is not None
    assert quarantined["raw"] == raw.id
    assert (await RawKeeper(db).read(raw.id)).content == raw.content
    assert await db["messages"].count_documents({}) == 0


async def test_a_batch_of_the_largest_raw_input_that_may_wait_is_one_commit(stream: Stream, db: Database) -> None:
    raws = [await taken(db, bytes([n]) * CARRIED_BYTES) for n in range(200)]
    envelopes = [mail(f"<{n}@x>", f"u{n}@example.com", raw=raw.id) for n, raw in enumerate(raws)]
    await asyncio.gather(*map(stream.ingest, envelopes, raws))
    assert await db["raw"].count_documents({"size": CARRIED_BYTES}) == 200


async def test_large_input_is_kept_before_anything_is_made_of_it(stream: Stream, db: Database) -> None:
    keeper, supervisor = RawKeeper(db), Supervisor()
    supervisor.keep("raw", keeper.run)
    try:
        raw = await keeper.take("support", b"x" * (CARRIED_BYTES + 1))
    finally:
        await supervisor.stop()
    assert raw.kept
    assert await db["raw"].count_documents({"open": True}) == 1
    await stream.ingest(mail("<a@x>", "ada@example.com", raw=raw.id), raw)
    assert await db["raw"].count_documents({}) == 1
    assert await db["raw"].count_documents({"open": True}) == 0
