"""Short call reports, the staffing hint and the figures of today at 1,000,000 facts of calls; a year of them: `reports`."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_core.load import load
from hub.desk.floor.questions import Asked
from hub.desk.floor.reports import CallReports
from hub.desk.floor.staffing import StaffingHints
from hub.desk.floor.today import count_today
from hub.identity.caller import Caller
from hub.main.indexes import all_indexes
from hub.store.client import Database, Doc, connect, database
from hub.store.migrate import migrate
from tests.bench.asking import timed
from tests.bench.figures import Figure, percentile
from tests.bench.ground import Ground
from tests.hub.console_lab import caller

FACTS, REQUESTS, AT_ONCE = 1_000_000, 60, 2
LAST = datetime(2026, 11, 27, tzinfo=UTC)
_ZONE = ZoneInfo("Asia/Shanghai")
_QUEUES, _AGENTS, _SLICE = 10, 200, 20_000
_CODES, _TRANSFERS = ("", "", "sold", "asked", "complained", "wrong number"), ("", "", "", "blind", "attended")
_DAY = timedelta(days=1)


async def run(ground: Ground) -> list[Figure]:
    """Fill, ask, tell."""
    client = connect(ground.mongo_url)
    try:
        db = database(client, "floor")
        await migrate(db, all_indexes(load()))
        count = ground.count(FACTS, 1000)
        await fill_facts(db, count)
        return [await _figure(name, ask, budget, count) for name, (ask, budget) in _questions(db).items()]
    finally:
        await client.close()


async def fill_facts(db: Database, count: int) -> None:
    """So many facts of a year, and their queues."""
    chance = random.Random(9)
    await db["queues"].insert_many([{"_id": f"queue-{n}", "name": str(n), "members": []} for n in range(_QUEUES)])
    for start in range(0, count, _SLICE):
        facts = [_fact(chance, number, count) for number in range(start, min(start + _SLICE, count))]
        await db["call_facts"].insert_many(facts, ordered=False)


def _fact(chance: random.Random, number: int, count: int) -> Doc:
    """Half are stays, half are phones; by day, more than by night."""
    at = LAST - timedelta(days=365 * number / count) + timedelta(hours=chance.gauss(0, 2))
    wait, talk = round(chance.expovariate(1 / 25), 3), round(chance.expovariate(1 / 180), 3)
    stay, lost = number % 2 == 0, number % 20 == 0
    ended: Doc = (
        {"abandoned": 1, "short": 0} if lost else {"answered": 1, "in_time": int(wait <= 20), "answer_wait_s": wait}
    )
    m = (
        {"offered": 1, "wait_s": wait, "longest_wait_s": wait, **ended}
        if stay
        else {"rung": 1, "handled": 1, "missed": 0, "talk_s": talk, "hold_s": 0.0}
    )  # fmt: skip
    return {
        "_id": f"pbx|{number}", "kind": "visit" if stay else "handling", "account": "pbx", "call": str(number // 2),
        "message": None, "n": 1, "direction": "inbound", "queue": f"queue-{chance.randrange(_QUEUES)}",
        "user": "" if lost else f"user-{chance.randrange(_AGENTS)}", "extension": "",
        "outcome": "abandoned" if lost else "answered", "transfer": "" if stay else chance.choice(_TRANSFERS),
        "code": "" if lost else chance.choice(_CODES),
        "at": at, "ended_at": at, "changed_at": at, "m": m,
    }  # fmt: skip


def _questions(db: Database) -> dict[str, tuple[Callable[[Any], Any], float | None]]:
    """What is asked, and within how many milliseconds it is to be answered, where somebody waits for it all day."""
    reports, hints, chance = CallReports(db), StaffingHints(db), random.Random(3)
    boss = caller("boss", supervisor=True)

    def report(who: Caller, by: Any, days: int, **more: Any) -> Callable[[Any], Any]:
        async def ask(_turn: Any) -> None:
            until = LAST - chance.randrange(0, 300) * _DAY
            await reports.run(who, Asked(by=by, since=until - days * _DAY, until=until, zone=_ZONE, **more))

        return ask

    async def staffing(_turn: Any) -> None:
        await hints.of_day("queue-1", (LAST - chance.randrange(0, 200) * _DAY).date(), _ZONE)

    async def today(_turn: Any) -> None:
        await count_today(db, LAST - _DAY)

    return {
        "report of a day by queue": (report(boss, "queue", 1), 250.0),
        "report of a month of one queue by day": (report(boss, "day", 30, queue="queue-1"), None),
        "report of a month by agent": (report(boss, "agent", 30), None),
        "a person's own month by day": (report(caller("user-7"), "day", 30), 100.0),
        "staffing hint": (staffing, 200.0),
        "figures of today for the board": (today, 150.0),
    }


async def _figure(name: str, ask: Callable[[Any], Any], budget: float | None, count: int) -> Figure:
    await timed(ask, range(3), 1)
    p99 = percentile(await timed(ask, range(REQUESTS), AT_ONCE), 0.99)
    return Figure(
        bench="floor", name=f"{name}, p99", measured=p99, unit="ms", budget=f"<= {budget:,.0f} ms" if budget else "", met=p99 <= budget if budget else None,
        note=f"{REQUESTS} requests, {AT_ONCE} at a time, at {count:,} facts",
    )  # fmt: skip
