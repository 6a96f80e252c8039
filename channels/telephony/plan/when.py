"""Opening hours as steps of a dialplan: a subroutine that returns `open` or `closed`."""

from __future__ import annotations

from channels.telephony.plan.lines import Step
from channels.telephony.plan.model import Hours, Span


def hours_steps(hours: Hours) -> list[Step]:
    """Days that differ come first, then the weekday."""
    differ = [
        (f"day{day.date:%Y%m%d}" if day.open else "closed", day) for day in sorted(hours.days, key=lambda d: d.date)
    ]
    return [
        f"Set(LOCAL(today)=${{STRFTIME(${{EPOCH}},{hours.zone},%Y-%m-%d)}})",
        *(f'GotoIf($["${{today}}" = "{day.date.isoformat()}"]?{label})' for label, day in differ),
        *(_open(span, weekday, hours.zone) for weekday, spans in hours.week.items() for span in spans),
        ("closed", "Return(closed)"),
        *(step for label, day in differ if day.open for step in _day(label, day.open, hours.zone)),
        ("open", "Return(open)"),
    ]


def _day(label: str, spans: list[Span], zone: str) -> list[Step]:
    return [(label, "NoOp()"), *(_open(span, "*", zone) for span in spans), "Return(closed)"]


def _open(span: Span, weekday: str, zone: str) -> str:
    return f"GotoIfTime({span.opens}-{_last_minute(span.closes)},{weekday},*,*,{zone}?open)"


def _last_minute(closes: str) -> str:
    """The minute before: Asterisk takes the last minute of a range as part of it, and knows no 24:00."""
    hour, minute = divmod(int(closes[:2]) * 60 + int(closes[3:]) - 1, 60)
    return f"{hour:02}:{minute:02}"
