"""The inbox page and the thread page at 1,000,000 messages, over HTTP, as a signed-in agent sees them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

from hub.store.client import Database, connect, database
from tests.bench.asking import get_all, signed_in, timed
from tests.bench.figures import Figure, percentile
from tests.bench.ground import Ground, serving
from tests.bench.town import MINE, Town, build

REQUESTS, AT_ONCE, WARM_UP = 500, 4, 50
_BUDGET_MS = 30.0
_INBOX: tuple[dict[str, str], ...] = (
    {},
    {"state": "open"},
    {"state": "open,pending"},
    {"state": "open", "queue": "queue-1"},
    {"assignee": "none", "state": "open"},
    {"assignee": "me"},
    {"channel": "email", "state": "pending"},
    {"waiting": "true"},
)
Raw = Callable[[Any], Awaitable[None]]


async def run(ground: Ground) -> list[Figure]:
    """Build the town, ask, compare with the bare queries."""
    town = await build(ground, "pages")
    chance = random.Random(5)
    inbox = [("/api/conversations", chance.choice(_INBOX)) for _ in range(REQUESTS)]
    chosen = [chance.choice(town.conversations) for _ in range(REQUESTS)]
    threads = [(f"/api/conversations/{one}/messages", dict[str, str]()) for one in chosen]
    async with serving(ground, town.database) as hub, signed_in(hub.url) as http:
        await get_all(http, [*inbox[:WARM_UP], *threads[:WARM_UP]], AT_ONCE)
        seen = (await get_all(http, inbox, AT_ONCE), await get_all(http, threads, AT_ONCE))
    client = connect(ground.mongo_url)
    try:
        db = database(client, town.database)
        raw = (await timed(_inbox_query(db), inbox, AT_ONCE), await timed(_thread_query(db), chosen, AT_ONCE))
    finally:
        await client.close()
    return [
        *_figures("inbox page", seen[0].ms, raw[0], town),
        *_figures("thread page", seen[1].ms, raw[1], town),
    ]


def _figures(name: str, ours: list[float], raw: list[float], town: Town) -> list[Figure]:
    p99 = percentile(ours, 0.99)
    return [
        Figure(
            bench="pages", name=f"{name}, p99", measured=p99, unit="ms", floor=percentile(raw, 0.99),
            budget=f"<= {_BUDGET_MS:.0f} ms", met=p99 <= _BUDGET_MS,
            note=f"{len(ours)} requests at {town.messages:,} messages",
        ),
        Figure(
            bench="pages", name=f"{name}, p50", measured=percentile(ours, 0.5), unit="ms",
            floor=percentile(raw, 0.5), budget="", met=None,
        ),
    ]  # fmt: skip


def _inbox_query(db: Database) -> Raw:
    queues = [f"queue-{n}" for n in range(MINE)]

    async def ask(_thing: Any) -> None:
        where = {"queue": {"$in": queues}, "state": {"$in": ["open", "pending"]}}
        await db["conversations"].find(where).sort("last_seq", -1).limit(51).to_list()

    return ask


def _thread_query(db: Database) -> Raw:
    async def ask(conversation: str) -> None:
        await db["messages"].find({"conversation": conversation}).sort("seq", -1).limit(51).to_list()

    return ask
