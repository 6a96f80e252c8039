"""The queues that a call was in, and how long it waited. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from channels.telephony.outcomes import answered_at
from channels.telephony.parties import called, came, first_talk, originator
from channels.telephony.state import Call, Leg, Visit
from hub.model.call import VisitOut

_AT_ONCE = timedelta(seconds=2)
_PICKED_UP = timedelta(milliseconds=250)
"""A call that a colleague picks up out of a queue leaves it that much before the two are in the bridge, at most."""


def queue_answered(call: Call) -> str | None:
    """The queue where it was answered, else the last one it was in."""
    at = answered_at(call)
    visits = [visit for visit in call.visits if not (at and visit.joined and visit.joined > at)]
    return visits[-1].queue if visits else None


def visit_of(call: Call, number: int) -> VisitOut:
    """Answered when a phone that came in while the caller waited there was in a bridge afterwards."""
    visit = call.visits[number]
    answered = any(first_talk(leg) and _came_in(visit, leg) for leg in called(call) if leg.role != "local")
    return {
        "queue": visit.queue,
        "joined_at": visit.joined,
        "left_at": visit.left,
        "answered": answered and not visit.gave_up,
        "gave_up": number == len(call.visits) - 1 and _gave_up(call, visit),
    }


def _gave_up(call: Call, visit: Visit) -> bool:
    """The caller hung up while waiting. Asterisk says "abandoned" too where the queue's time has run out and the call goes
    on elsewhere: then the caller's channel is still there."""
    first = originator(call)
    if not visit.gave_up or visit.left is None or first is None or first.ended is None:
        return False
    return first.wanted_end and first.ended - visit.left < _AT_ONCE


def queue_of(call: Call, leg: Leg) -> str:
    """The queue that offered the call to a phone; through a Local channel, the one in which the caller was then."""
    visits = [visit.queue for visit in call.visits if _came_in(visit, leg)]
    return leg.queue or (visits[-1] if visits else "")


def _came_in(visit: Visit, leg: Leg) -> bool:
    """Whether the phone came in while the caller was in the queue."""
    at, slack = came(leg), timedelta() if leg.rang else _PICKED_UP
    return bool(at and visit.joined and visit.joined <= at and (visit.left is None or at <= visit.left + slack))


def wait_s(call: Call, ended: datetime | None) -> float:
    """From the first queue (or the beginning) until somebody answered, or the end."""
    first = originator(call)
    joined = min((visit.joined for visit in call.visits if visit.joined), default=None)
    since = joined or (first.began if first else None)
    until = answered_at(call) or call.mailbox.reached or ended
    return round(max(0.0, (until - since).total_seconds()), 3) if since and until else 0.0
