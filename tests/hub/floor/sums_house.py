"""Facts of any calls, and questions about them, for tests of what is added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hub.desk.floor.answers import answer, from_facts
from hub.desk.floor.measures import figures, total
from hub.desk.floor.questions import Asked, By, Direction, condition
from hub.desk.floor.roller import Roller
from hub.store.client import Database, Doc
from tests.hub.console_lab import caller

BOSS = caller("boss", supervisor=True)
ZONES = ("Asia/Shanghai", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
_BEGINS = (
    datetime(
        2024, 3, 27, tzinfo=UTC
    ),  # Berlin puts the clock forward on the 31st, Lord Howe (half an hour) back on April 7
    datetime(2024, 10, 23, tzinfo=UTC),  # and Berlin back on the 27th
    datetime(2024, 3, 6, tzinfo=UTC),  # St John's forward on the 10th
    datetime(2010, 11, 3, tzinfo=UTC),  # and back on the 7th, at one minute past midnight
)
_DAYS = 18
_HALF_HOURS = _DAYS * 48

_seconds = st.integers(0, 900_000).map(lambda each: each / 1000)
_aside = st.sampled_from((0, 0, 0, -1, 1, 60_000, 754_321))
_of_half_hours = st.builds(
    lambda number, ms: timedelta(minutes=30 * number, milliseconds=ms), st.integers(0, _HALF_HOURS), _aside
)
"""Moments where days, hours and half hours meet, and moments beside them."""


@st.composite
def facts(draw: st.DrawFn) -> tuple[datetime, list[Doc]]:
    """Facts of a few days around a change of the clock, and when those days begin."""
    begins = draw(st.sampled_from(_BEGINS))
    return begins, [draw(_fact(begins, number)) for number in range(draw(st.integers(1, 25)))]


@st.composite
def _fact(draw: st.DrawFn, begins: datetime, number: int) -> Doc:
    kind = draw(st.sampled_from(("visit", "handling", "wrap")))
    wait, talk = draw(_seconds), draw(_seconds)
    m: dict[str, dict[str, float]] = {
        "visit": {"offered": 1, "answered": draw(st.integers(0, 1)), "wait_s": wait, "longest_wait_s": wait},
        "handling": {"rung": 1, "handled": draw(st.integers(0, 1)), "talk_s": talk},
        "wrap": draw(st.sampled_from(({}, {"wraps": 1, "wrap_s": talk}))),
    }
    user = draw(st.sampled_from(("", "ann", "bob")))
    at = begins + draw(_of_half_hours)
    return {
        "_id": str(number), "kind": kind, "account": "pbx", "call": str(number), "message": None, "n": 1, "m": m[kind],
        "direction": draw(st.sampled_from(("inbound", "inbound", "outbound"))),
        "queue": draw(st.sampled_from(("", "support", "sales"))), "user": user,
        "extension": draw(st.sampled_from(("", "1001"))), "outcome": draw(st.sampled_from(("answered", "abandoned"))),
        "transfer": draw(st.sampled_from(("", "blind", "attended"))), "code": draw(st.sampled_from(("", "sold"))),
        "at": at, "ended_at": at, "changed_at": at,
    }  # fmt: skip


@st.composite
def questions(draw: st.DrawFn, begins: datetime) -> list[Asked]:
    """One time in one zone, asked by everything, with a queue and without."""
    first, last = sorted((draw(_of_half_hours), draw(_of_half_hours)))
    since, until = begins + first, begins + max(last, first + timedelta(minutes=1))
    zone, direction = ZoneInfo(draw(st.sampled_from(ZONES))), draw(st.sampled_from(get_args(Direction)))
    return [
        Asked(by=by, since=since, until=until, zone=zone, queue=queue, direction=direction)
        for by in get_args(By)
        for queue in (None, "support", "")
    ]


async def all_added_up(db: Database) -> None:
    """Until nothing waits."""
    roller = Roller(db)
    while await roller.step():
        pass


async def both_ways(db: Database, asked: Asked) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows and the total, from sums where there are any, and from the facts."""
    where = condition(BOSS, asked)
    return _rows(await answer(db, asked, where)), _rows(await from_facts(db, asked, where))


def _rows(found: list[Doc]) -> dict[str, Any]:
    return {row["_id"]: figures(row) for row in found} | {"(total)": figures(total(found))}
