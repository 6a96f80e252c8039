"""How much was begun and answered on each day, by channel, as far as the caller sees it.

Ids grow with time, so both questions are a range of the id's own index: no index is kept for them, which every message
would pay for.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pymongo.errors import ExecutionTimeout
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.ids import first_id_at
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES

_TIME_MS = 2000


class DayOut(TypedDict):
    """One day, one channel: conversations that began, answers that were written."""

    day: str
    channel: str
    begun: int
    answered: int


class TrafficOut(TypedDict):
    """`days`: each day that was asked for, in order. `items`: only where there was something. `mine`: the answers are the
    caller's own. `partial`: there was not enough time to count it all."""

    days: list[str]
    items: list[DayOut]
    mine: bool
    partial: bool


class Traffic:
    """Counts in the store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def by_day(self, caller: Caller, days: int, zone: ZoneInfo) -> TrafficOut:
        """The last days, today among them, by the clocks of this zone. Whoever leads sees the answers of all."""
        today = now().astimezone(zone).date()
        wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
        since = datetime.combine(wanted[0], time(), zone)
        mine = not (caller.supervisor or caller.admin)
        begun, answered = await asyncio.gather(
            self._counted(CONVERSATIONS, _begun(caller, since), "$created_at", {"$first": "$channels"}, zone),
            self._counted(MESSAGES, _answers(caller if mine else None, since), "$at", "$channel", zone),
        )
        items = _together(wanted, begun or {}, answered or {})
        partial = begun is None or answered is None
        return {"days": [day.isoformat() for day in wanted], "items": items, "mine": mine, "partial": partial}

    async def _counted(
        self, collection: str, where: Doc, at: str, channel: Any, zone: ZoneInfo
    ) -> dict[tuple[str, str], int] | None:
        """Numbers by day and channel; None where the time was not enough."""
        day = {"$dateToString": {"date": at, "format": "%Y-%m-%d", "timezone": zone.key}}
        steps = [{"$match": where}, {"$group": {"_id": {"day": day, "channel": channel}, "count": {"$sum": 1}}}]
        try:
            rows = await (await self._db[collection].aggregate(steps, maxTimeMS=_TIME_MS)).to_list()
        except ExecutionTimeout:
            return None
        return {(row["_id"]["day"], row["_id"]["channel"]): row["count"] for row in rows if row["_id"].get("channel")}


def _begun(caller: Caller, since: datetime) -> Doc:
    return {"_id": {"$gte": first_id_at(since)}, "created_at": {"$gte": since}, **may_see_conversations(caller)}


def _answers(writer: Caller | None, since: datetime) -> Doc:
    who: Doc = {} if writer is None else {"author.id": writer.user}
    return {"_id": {"$gte": first_id_at(since)}, "at": {"$gte": since}, "direction": "outbound", **who}


def _together(
    days: list[date], begun: dict[tuple[str, str], int], answered: dict[tuple[str, str], int]
) -> list[DayOut]:
    """One row for each day and channel that has something, in order. Pure."""
    known = {day.isoformat() for day in days}
    keys = sorted(key for key in begun.keys() | answered.keys() if key[0] in known)
    return [
        {"day": day, "channel": channel, "begun": begun.get((day, channel), 0), "answered": answered.get((day, channel), 0)}
        for day, channel in keys
    ]  # fmt: skip
