"""What the home page shows of a person's days: what was put off, and how much was begun and answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.schedule import Schedule, ScheduleEntry
from hub.desk.traffic import Traffic, TrafficOut
from hub.identity.caller import Caller
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes
from hub.web.zones import zone_of

routes = Routes("schedule")


class ScheduleOut(TypedDict):
    """Soonest first; there is no next page."""

    items: list[ScheduleEntry]
    next: None


class TrafficQuery(BaseModel):
    """How many days back, today among them, and by the clocks of which time zone they are days."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=31)] = 14
    zone: Annotated[str, Field(max_length=60)] = "UTC"


@routes.get("/api/me/schedule", may=SIGNED_IN)
async def show_schedule(caller: Caller, schedule: Schedule) -> ScheduleOut:
    """My snoozed conversations and my messages that go out later."""
    return {"items": await schedule.of(caller), "next": None}


@routes.get("/api/reports/traffic", may=SIGNED_IN)
async def show_traffic(query: TrafficQuery, caller: Caller, traffic: Traffic) -> TrafficOut:
    """Conversations that began and answers that were written, by day and channel."""
    return await traffic.by_day(caller, query.days, zone_of(query.zone))
