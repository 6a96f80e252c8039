"""The least that a screen pop costs: raw events kept, one transaction of message and event, the change stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.write_concern import WriteConcern

from hub.store.client import Database, Doc
from hub.supervise import end_tasks
from tests.bench.recorded_calls import Script, number_of

_RAW, _MESSAGES, _EVENTS = "floor_raw", "floor_messages", "floor_events"
_DURABLE = WriteConcern(w="majority", j=True)
_EVENTS_OF_A_RING = 8


async def bare(db: Database, calls: int, rate: float) -> list[float]:
    """Milliseconds of each call, `rate` beginning each second; nothing looked up but the number, nothing decided."""
    for name in (_RAW, _MESSAGES, _EVENTS):
        await db.create_collection(name)
    raw = [packet.decode() for _, packet in Script("queue-answered").events(0, number_of(0), 10)][:_EVENTS_OF_A_RING]
    came: dict[ObjectId, asyncio.Future[float]] = {}
    async with await db[_EVENTS].watch([{"$match": {"operationType": "insert"}}]) as stream:
        listening = asyncio.create_task(_listen(stream, came))
        try:
            began, running = time.monotonic(), list[asyncio.Task[float]]()
            for call in range(calls):
                await asyncio.sleep(max(0.0, began + call / rate - time.monotonic()))
                running.append(asyncio.create_task(_one(db, call, raw, came)))
            return list(await asyncio.gather(*running))
        finally:
            await end_tasks([listening])


async def _listen(stream: Any, came: Mapping[ObjectId, asyncio.Future[float]]) -> None:
    async for change in stream:
        came[change["documentKey"]["_id"]].set_result(time.monotonic())


async def _one(db: Database, call: int, raw: list[str], came: dict[ObjectId, asyncio.Future[float]]) -> float:
    started, event = time.monotonic(), ObjectId()
    came[event] = asyncio.get_running_loop().create_future()
    docs: list[Doc] = [{"call": call, "n": n, "text": text} for n, text in enumerate(raw)]
    await db[_RAW].with_options(write_concern=_DURABLE).insert_many(docs)
    known = await db["record_contact"].find_one({"addresses": f"phone:+86{number_of(call)}"}, {"name": 1})
    async with db.client.start_session() as session, await session.start_transaction(write_concern=_DURABLE):
        await db[_MESSAGES].insert_one({"call": call, "contact": known, "raw": raw[0]}, session=session)
        await db[_EVENTS].insert_one({"_id": event, "call": call, "contact": known}, session=session)
    return 1000 * (await came[event] - started)
