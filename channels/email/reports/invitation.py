"""Calendar parts (RFC 5546): what meeting, when, and who answered what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from channels.email.reports.content_lines import ContentLine, read_lines
from channels.email.reports.zones import moment_of

TYPES = {"text/calendar", "application/ics", "text/x-vcalendar"}
MOST_ATTENDEES = 200
_TEXTS = {"SUMMARY": "summary", "LOCATION": "location", "UID": "uid", "STATUS": "status", "RRULE": "repeats"}
_TIMES = {"DTSTART": "starts", "DTEND": "ends"}
ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "DELEGATED": "delegated"}


def invitation_in(text: str, method: str = "") -> dict[str, Any] | None:
    """`method summary starts ends organizer attendees[{address, name, answer}]` of the first event; None without one.

    Times are ISO 8601: with an offset where the zone is known, else as written; a date alone is a whole day.

    Args:
        method: of the part's header; the calendar's own counts first.
    """
    found: dict[str, Any] = {"attendees": []}
    stack: list[str] = []
    offsets: dict[str, str] = {}
    seen = False
    for line in read_lines(text):
        if line.name == "BEGIN":
            stack.append(line.value.strip().upper()[:40])
            seen = seen or stack[-1] in {"VEVENT", "VTODO"}
        elif line.name == "END":
            if stack and stack.pop() in {"VEVENT", "VTODO"}:
                break
        elif line.name == "METHOD" and len(stack) == 1:
            method = line.text()
        elif stack and stack[-1] in {"VEVENT", "VTODO"}:
            _take(found, line, offsets)
        elif len(stack) > 1 and stack[1] == "VTIMEZONE":
            _take_offset(offsets, line, stack)
    if not seen:
        return None
    return {"method": method.upper()[:20] or "PUBLISH", "summary": ""} | found


def _take(found: dict[str, Any], line: ContentLine, offsets: dict[str, str]) -> None:
    if line.name in _TEXTS:
        found.setdefault(_TEXTS[line.name], line.text())
    elif line.name in _TIMES:
        moment = moment_of(line.value.strip(), line.parameters.get("TZID", ""), offsets)
        if moment is not None:
            found.setdefault(_TIMES[line.name], moment.isoformat() if isinstance(moment, datetime) else str(moment))
    elif line.name == "ORGANIZER":
        found.setdefault("organizer", _person(line))
    elif line.name == "ATTENDEE" and len(found["attendees"]) < MOST_ATTENDEES:
        answer = ANSWERS.get(line.parameters.get("PARTSTAT", "").upper(), "needs-action")
        found["attendees"].append(_person(line) | {"answer": answer})


def _person(line: ContentLine) -> dict[str, str]:
    scheme, colon, address = line.value.strip().partition(":")
    written = address if colon and scheme.lower() == "mailto" else line.value.strip()
    return {"address": " ".join(written.split())[:320], "name": " ".join(line.parameters.get("CN", "").split())[:200]}


def _take_offset(offsets: dict[str, str], line: ContentLine, stack: list[str]) -> None:
    """A zone that the calendar brings along counts only where it has no summer time: then its offset is certain."""
    if line.name == "TZID" and len(stack) == 2:
        offsets["\0"] = line.text()
    elif line.name == "TZOFFSETTO" and "\0" in offsets:
        zone = offsets["\0"]
        written = line.value.strip()[:7]
        offsets[zone] = written if offsets.get(zone, written) == written else ""
