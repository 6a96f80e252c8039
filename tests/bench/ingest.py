"""Durable ingest: messages a second through `Stream.ingest` of a whole running hub, pushed to consoles.

50 agents sit in 25 queues, two in each, with a console each in a second process; 200 producers hand in mails, half of them
new conversations, half answers. The floor writes the documents that came of it once more, on the same server, the plainest
way there is: 100 in a transaction, no index but `_id`, nothing looked up, nothing decided.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable

from pymongo import InsertOne, UpdateOne

from hub.main import Hub
from hub.model.envelope import Envelope
from hub.store.client import Client, Database, Doc, connect, database
from tests.bench.child import Child, child
from tests.bench.figures import Figure
from tests.bench.ground import Ground, hire
from tests.bench.machine import Work
from tests.bench.texts import Writer, customer_address
from tests.lab.envelopes import mail

MESSAGES, PRODUCERS, QUEUES, SEATS = 20_000, 200, 25, 2
_APART = 801
"""So many messages lie between a message and its answer: odd, so that answers (odd) answer what is new (even)."""
_IN_TRANSACTION = 100
_BUDGET, _SHARE = 5000, 0.25


async def run(ground: Ground) -> list[Figure]:
    """Measure."""
    total = ground.count(MESSAGES, 1000)
    seats = {f"queue-{n}": SEATS for n in range(QUEUES)}
    hub = Hub(ground.settings("ingest", list(seats)))
    await hub.start()
    try:
        tokens = [token for some in (await hire(hub, seats)).values() for token in some]
        async with child("clients") as consoles:
            auth = [{"token": token} for token in tokens]
            port = int(hub.url.rpartition(":")[2])
            await consoles.ask(do="connect", port=port, namespace="/console", ready="ready", auth=auth)
            stored_s, pushed_s, heard, used = await _flow(hub, ground.mongod, consoles, total)
    finally:
        await hub.stop()
    floor = await _floor(ground.mongo_url, total)
    rate = total / stored_s
    return [
        Figure(
            bench="ingest", name="ingest", measured=rate, unit="messages/s", floor=floor,
            budget=f">= {_BUDGET:,} messages/s and >= {_SHARE:.0%} of the floor",
            met=rate >= _BUDGET and rate >= _SHARE * floor,
            note=f"{total:,} messages, {PRODUCERS} producers; {used}",
        ),
        Figure(
            bench="ingest", name="ingest, until every console has everything", measured=total / pushed_s,
            unit="messages/s", budget="", met=None,
            note=f"{len(tokens)} consoles, {heard['total']:,} frames, {heard['stale']} told to reload",
        ),
    ]  # fmt: skip


def envelopes(total: int, series: str = "a") -> list[Envelope]:
    """The mails; each series has ids of its own. An answer comes from the customer who wrote the first."""
    writer = Writer(1)
    made = []
    for number in range(total):
        begun = number - _APART if number % 2 and number > _APART else number
        piece, sender = writer.piece(), customer_address(begun // 2 % 5000)
        refers = (f"<{begun}.{series}@mail.example>",) if begun != number else ()
        queue, message_id = f"queue-{begun // 2 % QUEUES}", f"<{number}.{series}@mail.example>"
        made.append(mail(message_id, sender, refers=refers, queue=queue, subject=piece.subject, text=piece.text))
    return made


async def produce(hub: Hub, mails: Iterable[Envelope], producers: int = PRODUCERS) -> float:
    """Hand all in, so many producers at once; returns seconds until the last is durable."""
    waiting = iter(mails)

    async def producer() -> None:
        for envelope in waiting:
            await hub.stream.ingest(envelope)

    started = time.monotonic()
    await asyncio.gather(*(producer() for _ in range(producers)))
    return time.monotonic() - started


async def _flow(hub: Hub, mongod: int, consoles: Child, total: int) -> tuple[float, float, dict[str, float], str]:
    mails = envelopes(total)
    await consoles.ask(do="forget")
    work, started = Work(os.getpid(), mongod), time.monotonic()
    stored_s = await produce(hub, mails)
    used = work.each(total)
    heard = await consoles.ask(do="until", total=total * SEATS, within_s=60)
    await _check(hub.db, total, heard)
    return stored_s, float(heard["at"]) - started, heard, used


async def _check(db: Database, total: int, heard: dict[str, float]) -> None:
    """A rate of wrong results is no rate."""
    stored = await db["messages"].count_documents({})
    threads = await db["conversations"].count_documents({"state": {"$ne": "merged"}})
    answers = sum(1 for n in range(total) if n % 2 and n > _APART)
    if stored != total or threads != total - answers:
        raise RuntimeError(f"{stored} messages in {threads} conversations stored, not {total} in {total - answers}")
    if heard["total"] < total * SEATS and not heard["stale"]:
        raise RuntimeError(f"the consoles heard {heard['total']} of {total * SEATS} events")


async def _floor(url: str, total: int) -> float:
    """Messages a second."""
    client = connect(url)
    try:
        source = database(client, "ingest")
        messages = await source["messages"].find().sort("seq", 1).to_list()
        events = await source["events"].find({"name": "message.appended"}).sort("_id", 1).to_list()
        conversations = {doc["_id"]: doc async for doc in source["conversations"].find()}
        target = database(client, "floor")
        for name in ("messages", "events", "conversations"):
            await target.create_collection(name)
        started = time.monotonic()
        seen: set[str] = set()
        for start in range(0, total, _IN_TRANSACTION):
            batch = messages[start : start + _IN_TRANSACTION]
            await _write(client, target, batch, events[start : start + _IN_TRANSACTION], conversations, seen)
        return total / (time.monotonic() - started)
    finally:
        await client.close()


async def _write(
    client: Client, target: Database, batch: list[Doc], events: list[Doc], conversations: dict[str, Doc], seen: set[str]
) -> None:
    changes: list[InsertOne[Doc] | UpdateOne] = []
    for conversation in {doc["conversation"] for doc in batch}:
        doc = conversations[conversation]
        if conversation in seen:
            fields = ("last_seq", "last_at", "preview", "message_count", "revision")
            changes.append(UpdateOne({"_id": conversation}, {"$set": {field: doc[field] for field in fields}}))
        else:
            changes.append(InsertOne(doc))
            seen.add(conversation)
    async with client.start_session() as session, await session.start_transaction():
        await target["messages"].insert_many(batch, session=session)
        await target["conversations"].bulk_write(changes, ordered=False, session=session)
        await target["events"].insert_many(events, session=session)
