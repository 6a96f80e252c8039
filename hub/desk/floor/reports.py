"""Looking back: the facts of a time, by queue, agent, hour, day, outcome, transfer or wrap-up code. (S2.9.9-08)

Supervisors see every queue; others their own calls. Days that are over come from sums, the rest from the facts.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime

from pymongo.errors import ExecutionTimeout
from typing_extensions import TypedDict

from crm_core.ground.errors import Unavailable
from hub.desk.floor.answers import answer
from hub.desk.floor.measures import FiguresOut, figures, total
from hub.desk.floor.questions import Asked, By, condition
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import QUEUES

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


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
            found = await answer(self._db, asked, where)
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
