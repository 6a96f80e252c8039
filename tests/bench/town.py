"""A database as large as a busy year leaves it: 1,000,000 messages in 100,000 conversations."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pymongo.write_concern import WriteConcern

from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, COUNTERS, MESSAGES
from tests.bench.ground import PASSWORD, Ground, prepared
from tests.bench.rows import Rows

MESSAGES_FULL, CONVERSATIONS_FULL, QUEUES, MINE = 1_000_000, 100_000, 20, 5
LOGIN = "ada"
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Town:
    """What was built. `conversations` are ids that the agent `LOGIN` may see."""

    database: str
    messages: int
    conversations: list[str]
    took_s: float


async def build(ground: Ground, database: str) -> Town:
    """Fill the database and make one agent, who is a member of 5 of the 20 queues."""
    rows = Rows(conversations=ground.count(CONVERSATIONS_FULL, 400), queues=QUEUES)
    total = ground.count(MESSAGES_FULL, 4000)
    async with prepared(ground, database, [f"queue-{n}" for n in range(QUEUES)]) as hub:
        started = time.monotonic()
        await _fill(hub, rows, total)
        took_s = time.monotonic() - started
        mine = {f"queue-{n}" for n in range(MINE)}
        user = await hub.identity.staff.create_user(
            LOGIN, "Ada", PASSWORD, far=FarEnd("local", "bench"), roles=["SA"], weak=True
        )
        for queue in mine:
            await hub.desk.queues.change(queue, {"members": [user]})
    print(f"   built {total:,} messages in {took_s:.0f} s", flush=True)
    return Town(database, total, [doc["_id"] for doc in rows.made.values() if doc["queue"] in mine], took_s)


async def _fill(hub: Hub, rows: Rows, total: int) -> None:
    lightly = WriteConcern(w=1)
    messages = hub.db[MESSAGES].with_options(write_concern=lightly)
    batch: list[Doc] = []
    for doc in rows.messages(total):
        batch.append(doc)
        if len(batch) == _BATCH:
            await messages.insert_many(batch, ordered=False)
            batch = []
    if batch:
        await messages.insert_many(batch, ordered=False)
    made = list(rows.made.values())
    conversations = hub.db[CONVERSATIONS].with_options(write_concern=lightly)
    for start in range(0, len(made), _BATCH):
        await conversations.insert_many(made[start : start + _BATCH], ordered=False)
    await hub.db[COUNTERS].update_one({"_id": "seq"}, {"$set": {"value": total}}, upsert=True)
