"""The moment of a mail: its `Date` where that is believable, else when it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_MOST_CHARS = 200
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


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
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        offset = timedelta(seconds=parsed[9] or 0)
        at = datetime(*parsed[:5], min(parsed[5], 59), tzinfo=timezone(offset))
        return at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):  # the library raises each of them for some nonsense
        return None
