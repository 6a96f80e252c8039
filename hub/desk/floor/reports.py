"""Looking back: the facts of a time, by queue, agent, hour, day, outcome, transfer or wrap-up code. (S2.9.9-08)

Supervisors see every queue; others their own calls. Each question reads one range of an index.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pymongo.errors import ExecutionTimeout
from typing_extensions import TypedDict

from crm_core.ground.errors import FieldError, Forbidden, Invalid, Unavailable
from hub.desk.floor.measures import LONGEST, SUMS, FiguresOut, figures, total
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import QUEUES
from hub.store.floor_collections import CALL_FACTS

By = Literal["queue", "agent", "hour", "day", "outcome", "transfer", "code"]
Direction = Literal["inbound", "outbound", "internal"]
_LONGEST_RANGE = timedelta(days=400)
_COUNT_MS = 20_000
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question. `since` and `until` (not included) are moments; `zone` says where days and hours begin."""

    by: By
    since: datetime
    until: datetime
    zone: ZoneInfo
    queue: str | None = None
    agent: str | None = None
    direction: Direction = "inbound"


class ReportRow(FiguresOut):
    """One row. `key` is an id, an hour (`00`..`23`) or a date; empty: no queue, nobody. `name`: to show."""

    key: str
    name: str


class ReportOut(TypedDict):
    """The rows, and all of them together."""

    by: By
    since: datetime
    until: datetime
    zone: str
    rows: list[ReportRow]
    total: FiguresOut


class CallReports:
    """Answers questions about past calls."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self, caller: Caller, asked: Asked) -> ReportOut:
        """The report.

        Raises:
            Invalid: the time is none, or too long.
            Forbidden: another person's figures are for supervisors.
            Unavailable: it takes too long; a shorter time does not.
        """
        where = condition(caller, asked)
        try:
            found = await sums(self._db, where, group_key(asked))
        except ExecutionTimeout:
            raise Unavailable("that takes too long; ask for a shorter time") from None
        rows = sorted(found, key=lambda row: str(row["_id"]))
        names = await self._names(asked.by, [str(row["_id"]) for row in rows])
        return ReportOut(
            by=asked.by, since=asked.since, until=asked.until, zone=asked.zone.key,
            rows=[ReportRow(key=str(row["_id"]), name=names.get(str(row["_id"]), ""), **figures(row)) for row in rows],
            total=figures(total(rows)),
        )  # fmt: skip

    async def _names(self, by: By, keys: list[str]) -> dict[str, str]:
        if by not in ("queue", "agent"):
            return {key: key for key in keys}
        known = self._db["record_user" if by == "agent" else QUEUES].find({"_id": {"$in": keys}}, {"name": 1})
        return {key: key.removeprefix("phone:") for key in keys} | {doc["_id"]: doc["name"] async for doc in known}


def condition(caller: Caller, asked: Asked) -> Doc:
    """Which facts a question is about, as far as the caller may see them."""
    if not timedelta(0) < asked.until - asked.since <= _LONGEST_RANGE:
        wrong = f"until: after since, and within {_LONGEST_RANGE.days} days of it"
        raise Invalid(wrong, fields=(FieldError("to", "range", wrong),))
    where: Doc = {"at": {"$gte": asked.since, "$lt": asked.until}, "direction": asked.direction}
    wide = caller.supervisor or caller.admin
    if not wide and asked.agent not in (None, caller.user):
        raise Forbidden("the figures of others are for supervisors")
    if asked.queue is not None:
        where["queue"] = asked.queue
    if agent := asked.agent if wide else caller.user:
        where["user"] = agent
    if asked.by in ("outcome", "code"):
        where["kind"] = "visit"
    if asked.by == "transfer":
        where |= {"kind": "handling", "outcome": "answered"}
    return where


def group_key(asked: Asked) -> Any:
    """What the rows are made by, in the store's words."""
    zone = asked.zone.key
    match asked.by:
        case "agent":
            phone = {"$cond": [{"$eq": ["$extension", ""]}, "", {"$concat": ["phone:", "$extension"]}]}
            return {"$cond": [{"$eq": ["$user", ""]}, phone, "$user"]}
        case "hour":
            return {"$dateToString": {"date": "$at", "format": "%H", "timezone": zone}}
        case "day":
            return {"$dateToString": {"date": "$at", "format": "%Y-%m-%d", "timezone": zone}}
        case "transfer":
            return {"$cond": [{"$eq": ["$transfer", ""]}, "none", "$transfer"]}
        case "code":
            return {"$ifNull": ["$code", ""]}
        case _:
            return f"${asked.by}"


def pipeline(where: Doc, key: Any) -> list[Doc]:
    """The question in the store's words; tests explain the same."""
    measures = {name: {"$sum": f"$m.{name}"} for name in SUMS}
    return [{"$match": where}, {"$group": {"_id": key, **measures, LONGEST: {"$max": f"$m.{LONGEST}"}}}]


async def sums(db: Database, where: Doc, key: Any) -> list[Doc]:
    """A tally per key, added up by the store."""
    found = await db[CALL_FACTS].aggregate(pipeline(where, key), maxTimeMS=_COUNT_MS)
    return [row | {LONGEST: row[LONGEST] or 0} async for row in found]


def as_csv(report: ReportOut) -> str:
    """The report for a spreadsheet; nothing in it becomes a formula there."""
    out = io.StringIO()
    columns = list(FiguresOut.__annotations__)
    writer = csv.writer(out)
    writer.writerow([report["by"], "name", *columns])
    rows: list[Doc] = [dict(row) for row in report["rows"]] + [{"key": "total", "name": "", **report["total"]}]
    for row in rows:
        writer.writerow(
            [harmless(row["key"]), harmless(row["name"]), *("" if row[c] is None else row[c] for c in columns)]
        )
    return "\ufeff" + out.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet takes for text (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip().startswith(_RISKY) or text.startswith(_RISKY) else text
