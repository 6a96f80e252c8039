"""The only reader of the system clock, so that tests can turn it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_shift = timedelta(0)


def now() -> datetime:
    """The present moment in UTC, cut to milliseconds: what MongoDB stores is what we compare."""
    return as_stored(datetime.now(UTC) + _shift if _shift else datetime.now(UTC))


def as_stored(at: datetime) -> datetime:
    """The same moment as the store gives it back: in UTC, cut to milliseconds."""
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """For tests: inside the block the clock runs `by` ahead (or behind)."""
    global _shift  # noqa: PLW0603 - the one clock of the process
    before = _shift
    _shift = before + by
    try:
        yield
    finally:
        _shift = before
