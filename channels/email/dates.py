"""The moment of a mail: its `Date` where that is believable, else when it came."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_MOST_CHARS = 200
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
_MONTHS = {
    name: at
    for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
_USUAL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)(?: \([A-Z]{1,5}\))?"
)
"""How nearly all mailers write it (RFC 5322, 3.3); the rest is left to the library, which takes twice as long."""


def written_at(header: str, received: datetime) -> tuple[datetime, str | None]:
    """The time in UTC, never later than the receipt, and what was wrong: `no-date`, `bad-date` or None."""
    if not header:
        return received, "no-date"
    at = _read(header[:_MOST_CHARS])
    if at is None or at < _OLDEST or at > received + timedelta(days=1):
        return received, "bad-date"
    return min(at, received), None


def _read(text: str) -> datetime | None:
    try:
        if usual := _USUAL.fullmatch(text):
            return _read_usual(usual)
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        offset = timedelta(seconds=parsed[9] or 0)
        at = datetime(*parsed[:5], min(parsed[5], 59), tzinfo=timezone(offset))
        return at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):  # the library raises each of them for some nonsense
        return None


def _read_usual(found: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    number = _MONTHS.get(month)
    if number is None:
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    at = datetime(int(year), number, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
    return at - offset if sign == "+" else at + offset
