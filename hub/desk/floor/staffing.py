"""How many agents a day needs: the calls of the same weekday in past weeks, and Erlang C."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict

from crm_core.ground.errors import NotFound
from hub.desk.floor.adding import sums
from hub.desk.floor.erlang import agents_needed
from hub.desk.floor.facts import Target, target_of
from hub.desk.floor.measures import figures, total
from hub.store.client import Database, Doc
from hub.store.collections import QUEUES

WEEKS = 6
_USUAL_AHT_S = 180.0
_HOUR_S = 3600.0


class StaffingHour(TypedDict):
    """An hour of the day. `calls`: to be expected; `agents`: needed on the phone, without breaks and absences.

    `service_level`, `occupancy`: what these would reach.
    """

    hour: str
    calls: float
    aht_s: float
    agents: int
    service_level: float
    occupancy: float


class StaffingOut(TypedDict):
    """The hours in which calls are to be expected. `weeks`: so many past days it stands on; 0 = nothing to go by."""

    queue: str
    day: date
    zone: str
    weeks: int
    hours: list[StaffingHour]


class StaffingHints:
    """Looks at the same weekday of past weeks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of_day(self, queue: str, day: date, zone: ZoneInfo) -> StaffingOut:
        """The hint for a day. Raises `NotFound`."""
        doc = await self._db[QUEUES].find_one({"_id": queue}, {"service_level": 1})
        if doc is None:
            raise NotFound("there is no such queue", queue=queue)
        days = [await self._hours(queue, day - timedelta(weeks=back), zone) for back in range(1, WEEKS + 1)]
        known = [each for each in days if each]
        return StaffingOut(
            queue=queue, day=day, zone=zone.key, weeks=len(known), hours=forecast(known, target_of(doc)) if known else []
        )  # fmt: skip

    async def _hours(self, queue: str, day: date, zone: ZoneInfo) -> dict[str, Doc]:
        begins, ends = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
        where = {"queue": queue, "at": {"$gte": begins, "$lt": ends}, "direction": "inbound"}
        key = {"$dateToString": {"date": "$at", "format": "%H", "timezone": zone.key}}
        return {row["_id"]: row for row in await sums(self._db, where, key)}


def forecast(days: Sequence[dict[str, Doc]], target: Target) -> list[StaffingHour]:
    """What the mean of these days needs, hour by hour. Pure."""
    usual = figures(total(row for day in days for row in day.values()))["aht_s"] or _USUAL_AHT_S
    return [_hour(hour, [day[hour] for day in days if hour in day], len(days), usual, target) for hour in _known(days)]


def _known(days: Sequence[dict[str, Doc]]) -> list[str]:
    return sorted({hour for day in days for hour, row in day.items() if row["offered"]})


def _hour(hour: str, rows: list[Doc], days: int, usual: float, target: Target) -> StaffingHour:
    all_rows = figures(total(rows))
    calls, aht = all_rows["offered"] / days, all_rows["aht_s"] or usual
    need = agents_needed(
        calls, aht, interval_s=_HOUR_S, answer_s=target.answer_s, level=min(target.percent, 99.9) / 100
    )
    return StaffingHour(
        hour=hour, calls=round(calls, 1), aht_s=aht, agents=need.agents,
        service_level=need.service_level, occupancy=need.occupancy,
    )  # fmt: skip
