"""Where a call stands, and how it went. Pure."""

from __future__ import annotations

from datetime import datetime

from channels.telephony.parties import called, first_talk, originator
from channels.telephony.state import Call, Leg
from hub.model.call import CallOutcome, CallState

_REFUSED: dict[str, CallOutcome] = {"17": "busy", "21": "rejected"}
_FAILED = frozenset({"CONGESTION", "CHANUNAVAIL", "INVALIDARGS"})
_FAILED_CAUSES = frozenset({"1", "2", "3", "27", "28", "34", "38", "41", "42"})
"""Q.850: no such number, no route, out of order, no circuit, congestion."""


def state_of(call: Call) -> CallState:
    """Where the call stands now."""
    if call.ended:
        return "ended"
    legs = call.legs.values()
    if call.parking.goes_on:
        return "parked"
    if any(leg.holds for leg in legs):
        return "held"
    if any(leg.talks for leg in called(call) if leg.role != "local"):
        return "talking"
    if any(leg.rings for leg in legs if leg.role != "local"):
        return "ringing"
    if any(visit.joined and visit.left is None for visit in call.visits):
        return "waiting"
    return "arrived"


def answered_at(call: Call) -> datetime | None:
    """When the first of those who were called was in a bridge; who answers and drops before that has not."""
    first = originator(call)
    if first is None or not first.spans:
        return None
    talked = [first_talk(leg) for leg in called(call) if leg.role != "local"]
    return min((at for at in talked if at), default=None)


def outcome_of(call: Call) -> CallOutcome | None:
    """How it went; None while that is open."""
    if answered_at(call):
        return "answered"
    if not call.ended:
        return None
    if call.blocked:
        return "rejected"
    first = originator(call)
    if first is not None and first.wanted_end and not call.mailbox.left:
        return "abandoned"
    tried = [leg for leg in called(call) if leg.role != "local"]
    if call.visits or not tried:
        return "no_answer"
    return leg_outcome(tried[-1])


def leg_outcome(leg: Leg) -> CallOutcome:
    """How one phone, or the outside, took it."""
    if first_talk(leg):
        return "answered"
    if leg.cause in _REFUSED or leg.status == "BUSY":
        return _REFUSED.get(leg.cause, "busy")
    if leg.status in _FAILED or leg.cause in _FAILED_CAUSES:
        return "failed"
    return "no_answer"
