"""The days and weeks that are added up once they are over, and how a time is made of them. Pure.

Days and weeks (from Monday) are those of UTC. A question whose days begin elsewhere takes whole days of UTC from the sums
and the hours at both ends from the facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hub.desk.floor.questions import TIMED, Asked, By

Kind = Literal["day", "week"]
About = Literal["hours", "half-hours", "queue", "agent", "outcome", "transfer", "code"]
SLOTS: dict[About, int] = {"hours": 60, "half-hours": 30}
"""Sums by time are kept for each so many minutes: days and hours of a zone are made of these, where its clock differs from UTC
by so much or a multiple."""
DAY = timedelta(days=1)
KINDS: tuple[Kind, ...] = ("day", "week")
LONG: dict[Kind, timedelta] = {"day": DAY, "week": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Span:
    """A day or a week."""

    kind: Kind
    begins: datetime

    @property
    def ends(self) -> datetime:
        """When the next one begins."""
        return self.begins + LONG[self.kind]

    @property
    def id(self) -> str:
        """`day|2026-03-04`."""
        return f"{self.kind}|{self.begins:%Y-%m-%d}"


def span_of(kind: Kind, at: datetime) -> Span:
    """The one in which this moment lies."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(kind, day if kind == "day" else day - day.weekday() * DAY)


def spans_between(kind: Kind, first: datetime, until: datetime) -> Iterator[Span]:
    """All that begin before `until`, from the one on in which `first` lies."""
    span = span_of(kind, first)
    while span.begins < until:
        yield span
        span = Span(kind, span.ends)


def about(asked: Asked) -> About:
    """Which sums answer a question."""
    if asked.by == "hour" or asked.by == "day":
        middle = asked.since + (asked.until - asked.since) / 2
        whole = all(_fits(asked.zone, "hours", at) for at in (asked.since, middle, asked.until))
        return "hours" if whole else "half-hours"
    return asked.by


def kinds_for(by: By, queue: str | None) -> tuple[Kind, ...]:
    """What is kept for such a question, the longest first (see `roller.CUTS`)."""
    if by != "agent":
        return ("day",)
    return ("week", "day") if queue is None else ("week",)


@dataclass(slots=True)
class Parts:
    """What a time is made of: versions of sums, and times whose facts are added up now."""

    versions: list[str] = field(default_factory=list)
    times: list[tuple[datetime, datetime]] = field(default_factory=list)

    def from_facts(self, begins: datetime, ends: datetime) -> None:
        """This comes from the facts; times that touch become one."""
        if self.times and self.times[-1][1] == begins:
            begins = self.times.pop()[0]
        self.times.append((begins, ends))


def parts_of(asked: Asked, versions: Mapping[str, str]) -> Parts:
    """`versions`: the sums there are, by span."""
    parts, at, until = Parts(), asked.since.astimezone(UTC), asked.until.astimezone(UTC)
    kinds = kinds_for(asked.by, asked.queue)
    while at < until:
        span = _fitting(asked, at, kinds, versions)
        ends = span.ends if span else min(until, span_of("day", at).ends)
        if span:
            parts.versions.append(versions[span.id])
        else:
            parts.from_facts(at, ends)
        at = ends
    return parts


def _fitting(asked: Asked, at: datetime, kinds: tuple[Kind, ...], versions: Mapping[str, str]) -> Span | None:
    for kind in kinds:
        span = span_of(kind, at)
        if span.begins == at and span.ends <= asked.until and span.id in versions:
            return span if asked.by not in TIMED or _in_slots(span, asked.zone, about(asked)) else None
    return None


def _in_slots(span: Span, zone: ZoneInfo, slots: About) -> bool:
    """Whether the zone's hours begin where slots begin, all through the day: not where the clock is put forward or back."""
    last = span.ends - timedelta(microseconds=1)
    same = _offset(zone, span.begins) == _offset(zone, last)
    return same and _fits(zone, slots, span.begins)


def _fits(zone: ZoneInfo, slots: About, at: datetime) -> bool:
    return not _offset(zone, at) % timedelta(minutes=SLOTS[slots])


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
