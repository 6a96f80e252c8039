"""`/api/reports/calls`: past calls by queue, agent, hour, day, outcome or transfer; and how many agents a day needs."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from crm_core.ground.clock import now
from crm_core.ground.faults import unfit
from hub.desk.floor.questions import Asked, By, Direction
from hub.desk.floor.reports import CallReports, ReportOut, as_csv
from hub.desk.floor.staffing import StaffingHints, StaffingOut
from hub.identity.caller import Caller
from hub.settings import Settings
from hub.web.described import described
from hub.web.may import SIGNED_IN, SUPERVISE
from hub.web.queues import QueueId
from hub.web.routes import Routes

routes = Routes("reports")

_CSV = {"text/csv": {"schema": {"type": "string"}}}
_Moment = AwareDatetime | date


class _InZone(BaseModel):
    """`zone`: where days and hours begin; the house's where none is named."""

    model_config = ConfigDict(extra="forbid")

    zone: Annotated[str, Field(max_length=64)] | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise unfit("time-zone", "no such time zone; write it like Asia/Shanghai") from None
        return value


class ReportQuery(_InZone):
    """`from` and `to`: moments, or days of the zone (`to` included); today where none is named."""

    by: By = "queue"
    since: _Moment | None = Field(default=None, alias="from")
    until: _Moment | None = Field(default=None, alias="to")
    queue: QueueId | None = None
    agent: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    direction: Direction = "inbound"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.since is None:
            raise unfit("from-to", "give `from` with `to`")
        return self

    def asked(self, house: str) -> Asked:
        """The question, with moments for days."""
        zone = ZoneInfo(self.zone or house)
        today = now().astimezone(zone).date()
        since = self.since or today
        until = self.until or (since if not isinstance(since, datetime) and self.since else today)
        return Asked(
            by=self.by, since=_begin(since, zone), until=_end(until, zone), zone=zone,
            queue=self.queue, agent=self.agent, direction=self.direction,
        )  # fmt: skip


class StaffingQuery(_InZone):
    """Of which queue, on which day; today where none is named."""

    queue: QueueId
    day: date | None = None


@routes.get("/api/reports/calls", may=SIGNED_IN)
async def report_calls(query: ReportQuery, who: Caller, reports: CallReports, settings: Settings) -> ReportOut:
    """Figures of past calls. Supervisors see all queues and agents, others their own calls."""
    return await reports.run(who, query.asked(settings.time_zone))


@routes.get("/api/reports/calls.csv", may=SIGNED_IN)
@described(answer=_CSV)
async def download_report(
    query: ReportQuery, who: Caller, reports: CallReports, settings: Settings
) -> web.StreamResponse:
    """The same for a spreadsheet. Texts that would be formulas there have a `'` in front."""
    asked = query.asked(settings.time_zone)
    name = f"calls-by-{asked.by}-{asked.since.astimezone(asked.zone):%Y%m%d}.csv"
    return web.Response(
        body=as_csv(await reports.run(who, asked)).encode(),
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


@routes.get("/api/reports/staffing", may=SUPERVISE)
async def show_staffing(query: StaffingQuery, hints: StaffingHints, settings: Settings) -> StaffingOut:
    """How many agents each hour needs (Erlang C), by the same weekday of the past six weeks."""
    zone = ZoneInfo(query.zone or settings.time_zone)
    return await hints.of_day(query.queue, query.day or now().astimezone(zone).date(), zone)


def _begin(moment: _Moment, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), zone)


def _end(moment: _Moment, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment + timedelta(days=1), time(), zone)
