"""Call reports of a year at 1,000,000 facts of calls, by everything one can ask by."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from crm_core.load import load
from hub.desk.floor import span_marks
from hub.desk.floor.answers import of_sums
from hub.desk.floor.questions import Asked, By
from hub.desk.floor.reports import CallReports
from hub.desk.floor.roller import Roller
from hub.desk.floor.spans import kinds_for, parts_of
from hub.main.indexes import all_indexes
from hub.store.client import Database, connect, database
from hub.store.floor_collections import CALL_SUMS
from hub.store.migrate import migrate
from tests.bench.asking import timed
from tests.bench.figures import Figure, percentile
from tests.bench.floor import FACTS, LAST, fill_facts
from tests.bench.ground import Ground
from tests.hub.console_lab import caller

REQUESTS, AT_ONCE, WARM_UP = 60, 2, 3
_BUDGET_MS = 300.0
_ZONE = ZoneInfo("Asia/Shanghai")
_BOSS = caller("boss", supervisor=True)


async def run(ground: Ground) -> list[Figure]:
    """Fill, add up, ask."""
    client = connect(ground.mongo_url)
    try:
        db = database(client, "reports")
        await migrate(db, all_indexes(load()))
        count = ground.count(FACTS, 1000)
        await fill_facts(db, count)
        rolled = await _rolled(db, count)
        asked = [(by, queue) for by in get_args(By) for queue in ("queue-1", None)]
        return [*[await _figure(db, _year(by, queue), count) for by, queue in asked], rolled]
    finally:
        await client.close()


async def _rolled(db: Database, count: int) -> Figure:
    """Everything that is over, one span after the other."""
    roller, spans, started = Roller(db), 0, time.monotonic()
    while await roller.step():
        spans += 1
    rows = await db[CALL_SUMS].estimated_document_count()
    return Figure(
        bench="reports", name="adding up the whole year, once", measured=time.monotonic() - started, unit="s", budget="", met=None,
        note=f"{spans} days and weeks, {count:,} facts, {rows:,} rows of sums",
    )  # fmt: skip


def _year(by: By, queue: str | None) -> Asked:
    """The last 365 days of Shanghai that are over."""
    until = LAST.astimezone(_ZONE).replace(hour=0)
    return Asked(by=by, since=until - timedelta(days=365), until=until, zone=_ZONE, queue=queue)


async def _figure(db: Database, asked: Asked, count: int) -> Figure:
    reports = CallReports(db)

    async def ask(_turn: int) -> None:
        await reports.run(_BOSS, asked)

    p95, rows = await _p95(ask), await _read(db, asked)
    floor = await _p95(await _find(db, asked))
    return Figure(
        bench="reports", name=f"a year by {asked.by}, {'one queue' if asked.queue else 'all queues'}, p95", measured=p95, unit="ms",
        floor=floor, budget=f"<= {_BUDGET_MS:.0f} ms", met=p95 <= _BUDGET_MS, note=f"{rows:,} rows of sums, of {count:,} facts",
    )  # fmt: skip


async def _p95(ask: Callable[[Any], Awaitable[None]]) -> float:
    await timed(ask, range(WARM_UP), 1)
    return percentile(await timed(ask, range(REQUESTS), AT_ONCE), 0.95)


async def _find(db: Database, asked: Asked) -> Callable[[Any], Awaitable[None]]:
    """The floor: the rows themselves."""
    where = of_sums(asked, await _versions(db, asked))

    async def ask(_turn: int) -> None:
        await db[CALL_SUMS].find(where).to_list()

    return ask


async def _read(db: Database, asked: Asked) -> int:
    return await db[CALL_SUMS].count_documents(of_sums(asked, await _versions(db, asked)))


async def _versions(db: Database, asked: Asked) -> list[str]:
    known = await span_marks.versions(db, kinds_for(asked.by, asked.queue), asked.since, asked.until)
    return parts_of(asked, known).versions
