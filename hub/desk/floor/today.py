"""The figures of today by queue, counted again only where they may have changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crm_core.ground.clock import now
from hub.desk.floor.adding import sums
from hub.desk.floor.board import HourOut, Today
from hub.desk.floor.measures import figures, total
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_FACTS

_UNSURE = timedelta(seconds=2)
_Mark = tuple[datetime, datetime | None, bool]

NOTHING = Today(today=figures({}), hours=[])


class TodayFigures:
    """Counts today, and keeps what was counted."""

    def __init__(self, db: Database, zone: ZoneInfo) -> None:
        self._db, self._zone = db, zone
        self._mark: _Mark | None = None
        self._counted: dict[str, Today] = {}

    async def by_queue(self) -> dict[str, Today]:
        """The figures of each queue that has any."""
        mark = await self._look()
        if self._mark != mark:
            self._counted, self._mark = await count_today(self._db, mark[0]), mark
        return self._counted

    async def changed(self) -> bool:
        """Whether they may differ from what was counted last."""
        return await self._look() != self._mark

    async def _look(self) -> _Mark:
        """Changes with the day, with every fact, and once more a moment after one: clocks and writes of other hubs may
        lie so far apart."""
        newest = await self._db[CALL_FACTS].find_one({}, {"changed_at": 1}, sort=[("changed_at", -1)])
        at = newest["changed_at"] if newest else None
        return day_of(now(), self._zone), at, at is not None and now() - at < _UNSURE


def day_of(at: datetime, zone: ZoneInfo) -> datetime:
    """When the day of this moment began there."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


async def count_today(db: Database, begins: datetime) -> dict[str, Today]:
    """Figures and hours of each queue since the day began."""
    where = {"at": {"$gte": begins}, "direction": "inbound", "queue": {"$gt": ""}}
    key = {"queue": "$queue", "hour": {"$dateTrunc": {"date": "$at", "unit": "hour"}}}
    found: dict[str, list[Doc]] = {}
    for row in await sums(db, where, key):
        found.setdefault(row["_id"]["queue"], []).append(row)
    return {
        queue: Today(today=figures(total(rows)), hours=sorted(map(_hour, rows), key=lambda hour: hour["at"]))
        for queue, rows in found.items()
    }


def _hour(row: Doc) -> HourOut:
    counts = figures(row)
    return HourOut(
        at=row["_id"]["hour"], offered=counts["offered"], answered=counts["answered"], abandoned=counts["abandoned"]
    )
