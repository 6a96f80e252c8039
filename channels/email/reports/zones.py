"""Moments of calendars: UTC, a zone by its IANA or Windows name, or an offset that the calendar itself defines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

_WRITTEN = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?")
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(?:\d\d)?")
_WINDOWS: dict[str, str] = tomllib.loads(
    (resources.files("channels.email.reports") / "windows_zones.toml").read_text(encoding="utf-8")
)


def moment_of(value: str, zone: str, offsets: Mapping[str, str]) -> datetime | date | None:
    """A `DATE` or `DATE-TIME` value; None when it is neither.

    Args:
        offsets: of the zones that the calendar defines, by name, where they are certain.
    """
    found = _WRITTEN.fullmatch(value)
    if found is None:
        return None
    year, month, day, hour, minute, second, utc = found.groups()
    try:
        if hour is None:
            return date(int(year), int(month), int(day))
        known = UTC if utc else _zone(zone) or _offset(offsets.get(zone, ""))
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=known
        )  # fmt: skip
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo | None:
    name = name.strip().strip('"')[:80]
    wanted = _WINDOWS.get(name, name).rpartition("mozilla.org/")[2]
    return ZoneInfo(wanted) if wanted in _known() else None


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def _offset(written: str) -> tzinfo | None:
    found = _OFFSET.fullmatch(written)
    if found is None:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(length if found[1] == "+" else -length)
