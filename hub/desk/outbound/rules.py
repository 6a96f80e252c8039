"""When may be called, and what follows from an outcome. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

USUAL_RETRIES: dict[str, dict[str, int]] = {
    "no_answer": {"after_min": 60, "most": 3},
    "busy": {"after_min": 15, "most": 3},
    "not-reached": {"after_min": 60, "most": 3},
}
PBX_OUTCOMES = frozenset({"no_answer", "busy", "failed", "rejected"})
MOST_ATTEMPTS = 20
_DAYS_AHEAD = 8


class Fate(NamedTuple):
    """What becomes of an entry: it waits for another attempt, or is done with a result."""

    state: Literal["waiting", "done"]
    due_at: datetime
    result: str | None


def fate_of(retries: Mapping[str, Mapping[str, int]], outcome: str, attempts: int, at: datetime) -> Fate:
    """By the list's rule for this outcome; what has none is done."""
    rule = retries.get(outcome)
    if rule is None or attempts >= min(rule["most"], MOST_ATTEMPTS):
        return Fate("done", at, outcome)
    return Fate("waiting", at + timedelta(minutes=rule["after_min"]), None)


def plain_outcome(outcome: str | None) -> str:
    """An outcome of the PBX for an outgoing call: where the agent gave up ringing, nobody answered."""
    return "no_answer" if outcome in (None, "abandoned") else outcome


def opens_at(hours: Mapping[str, Any] | None, at: datetime) -> datetime | None:
    """From when on may be called; not later than `at` = now. None: never."""
    if hours is None:
        return at
    zone = ZoneInfo(hours["zone"])
    begin, end = time.fromisoformat(hours["from"]), time.fromisoformat(hours["until"])
    today = at.astimezone(zone).date()
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if day.isoweekday() not in hours["days"]:
            continue
        opening = max(datetime.combine(day, begin, zone), at)
        if opening < datetime.combine(day, end, zone):
            return opening
    return None


def may_call(hours: Mapping[str, Any] | None, at: datetime) -> bool:
    """Whether the hours allow calls at this moment."""
    opening = opens_at(hours, at)
    return opening is not None and opening <= at
