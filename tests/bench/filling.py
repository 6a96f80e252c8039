"""Filling the search index of a town the product's own way: its reader, five hundred events at a time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from hub.desk.search_filler import SearchFiller
from hub.main import Hub
from hub.store.client import Doc
from hub.store.collections import MESSAGES
from tests.bench.town import Town

_BATCH, _TRIAL = 500, 20_000
_PATIENCE_S = 3600.0
_FEWER = 300_000
_SLOWS_DOWN = 0.7
"""A larger index takes new entries more slowly; the rate of the trial is not kept to the end."""


async def fill(hub: Hub, town: Town) -> tuple[int, float]:
    """Index the newest messages, all of them where an hour will do; returns how many, and how many a second."""
    filler = SearchFiller(hub.db, hub.records)
    trial = min(_TRIAL, town.messages)
    trial_s = await _index(hub, filler, town.messages - trial, town.messages)
    expected_s = town.messages / (trial / trial_s * _SLOWS_DOWN)
    wanted = town.messages if expected_s < _PATIENCE_S else min(_FEWER, town.messages)
    rest_s = await _index(hub, filler, town.messages - wanted, town.messages - trial)
    print(f"   indexed {wanted:,} messages in {trial_s + rest_s:.0f} s", flush=True)
    return wanted, wanted / (trial_s + rest_s)


async def _index(hub: Hub, filler: SearchFiller, after: int, upto: int) -> float:
    started = time.monotonic()
    async for events in _events(hub, after, upto):
        await filler.handle(events)
    return time.monotonic() - started


async def _events(hub: Hub, after: int, upto: int) -> AsyncIterator[list[Doc]]:
    """What the commit loop would have announced, as far as the reader looks at it."""
    while after < upto:
        where = {"seq": {"$gt": after, "$lte": upto}}
        docs = await hub.db[MESSAGES].find(where, {"seq": 1, "conversation": 1}).sort("seq", 1).limit(_BATCH).to_list()
        yield [
            {
                "_id": doc["seq"],
                "name": "message.appended",
                "data": {"message": {"id": doc["_id"]}, "conversation": {"id": doc["conversation"]}},
            }
            for doc in docs
        ]
        after = docs[-1]["seq"]
