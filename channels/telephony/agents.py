"""What each of the house did in a call: talked, held, for how long. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from channels.telephony.outcomes import leg_outcome
from channels.telephony.parties import first_talk
from channels.telephony.state import Call, Leg, Span
from channels.telephony.visits import queue_of
from hub.model.call import HandlerOut


def handler_of(call: Call, leg: Leg) -> HandlerOut:
    """One who handled it, and how."""
    return {
        "extension": leg.endpoint,
        "user": None,
        "name": "",
        "outcome": leg_outcome(leg) if leg.ended or leg.spans else None,
        "queue": queue_of(call, leg) or None,
        "rang_at": leg.rang,
        "answered_at": first_talk(leg),
        "ended_at": leg.ended,
        "talk_s": round(_seconds(call, leg), 3),
        "hold_s": round(_hold_s(leg), 3),
    }


def talk_s(call: Call, legs: list[Leg]) -> dict[str, float]:
    """How long each extension talked."""
    total: dict[str, float] = {}
    for leg in legs:
        if leg.spans:
            total[leg.endpoint] = round(total.get(leg.endpoint, 0.0) + _seconds(call, leg), 3)
    return total


def _hold_s(leg: Leg) -> float:
    """How long it had the others on hold, as far as that is over."""
    total, since = 0.0, None
    for at, held in leg.hold_marks:
        if since and not held:
            total += (at - since).total_seconds()
        since = (since or at) if held else None
    return total + max(0.0, (leg.ended - since).total_seconds()) if since and leg.ended else total


def _seconds(call: Call, leg: Leg) -> float:
    """In a bridge with somebody; a phone that is left behind there alone talks to nobody."""
    others = [span for other in call.legs.values() if other is not leg for span in other.spans if span.since]
    return sum(_together(span, [other for other in others if other.bridge == span.bridge]) for span in leg.spans)


def _together(span: Span, others: Sequence[Span]) -> float:
    """The seconds of a span in which any of the others is there; all of it where none is known at all."""
    if span.since is None or span.until is None:
        return 0.0
    seconds, reached = 0.0, span.since
    for other in sorted(others, key=lambda each: each.since or reached) if others else (span,):
        since, until = max(reached, other.since or reached), min(span.until, other.until or span.until)
        seconds += max(0.0, (until - since).total_seconds())
        reached = max(reached, until)
    return seconds
