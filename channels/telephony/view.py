"""What follows from what is known of a call: state, outcome, agents, times. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from channels.telephony.state import Call, Leg, Span, Transfer, Visit
from channels.telephony.taping import recording_of
from hub.model.call import (
    CallDirection,
    CallOutcome,
    CallPart,
    CallState,
    HandlerOut,
    RingOut,
    TapeOut,
    TransferOut,
    VisitOut,
)

_AT_ONCE = timedelta(seconds=2)
_REFUSED: dict[str, CallOutcome] = {"17": "busy", "21": "rejected"}
_FAILED = frozenset({"CONGESTION", "CHANUNAVAIL", "INVALIDARGS"})
_FAILED_CAUSES = frozenset({"1", "2", "3", "27", "28", "34", "38", "41", "42"})
"""Q.850: no such number, no route, out of order, no circuit, congestion."""
_PICKED_UP = timedelta(milliseconds=250)
"""A call that a colleague picks up out of a queue leaves it that much before the two are in the bridge, at most."""


def part_of(call: Call) -> CallPart:
    """The `call` part of the message."""
    first, direction = originator(call), direction_of(call)
    ended = max((leg.ended for leg in call.legs.values() if leg.ended), default=None) if call.ended else None
    handlers = _handlers(call)
    part: CallPart = {
        "direction": direction,
        "state": state_of(call),
        "outcome": outcome_of(call),
        "queue": _queue(call),
        "number": number_of(call),
        "agents": [_handler(call, leg) for leg in handlers],
        "wait_s": _wait_s(call, ended),
        "talk_s": _talk_s(call, handlers),
        "transfers": [_transfer(call, each) for each in call.transfers],
        "queues": [_visit(call, number) for number in range(len(call.visits))],
        "linkedids": list(call.linkedids),
        "began_at": first.began if first else None,
        "answered_at": answered_at(call),
        "ended_at": ended,
        "blind": any(leg.blind for leg in call.legs.values()),
        "blocked": call.blocked,
        "parked": call.parking.space if call.parking.goes_on and not ended else None,
        "voicemail": call.mailbox.name if call.mailbox.left else None,
        "recording_now": recording_of(call),
    }
    return part


def originator(call: Call) -> Leg | None:
    """The channel that began the call."""
    legs = sorted(call.legs.values(), key=_order)
    return call.legs.get(call.id) or (legs[0] if legs else None)


def direction_of(call: Call) -> CallDirection:
    """Seen from the house: who began it, and whether anybody outside is in it."""
    first = originator(call)
    if first is None or first.role == "trunk":
        return "inbound"
    return "outbound" if any(leg.role == "trunk" for leg in call.legs.values()) else "internal"


def number_of(call: Call) -> str:
    """The number of the other side, as the PBX writes it; of an internal call, the extension that began it."""
    first = originator(call)
    if first is None:
        return ""
    if direction_of(call) == "outbound":
        outside = next((leg for leg in _called(call) if leg.role == "trunk"), None)
        return (outside.dialled if outside else "") or first.exten
    return first.number or (first.endpoint if first.role == "phone" else "")


def state_of(call: Call) -> CallState:
    """Where the call stands now."""
    if call.ended:
        return "ended"
    legs = call.legs.values()
    if call.parking.goes_on:
        return "parked"
    if any(leg.holds for leg in legs):
        return "held"
    if any(leg.talks for leg in _called(call) if leg.role != "local"):
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
    talked = [_first_talk(leg) for leg in _called(call) if leg.role != "local"]
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
    tried = [leg for leg in _called(call) if leg.role != "local"]
    if call.visits or not tried:
        return "no_answer"
    return leg_outcome(tried[-1])


def leg_outcome(leg: Leg) -> CallOutcome:
    """How one phone, or the outside, took it."""
    if _first_talk(leg):
        return "answered"
    if leg.cause in _REFUSED or leg.status == "BUSY":
        return _REFUSED.get(leg.cause, "busy")
    if leg.status in _FAILED or leg.cause in _FAILED_CAUSES:
        return "failed"
    return "no_answer"


def rings_of(call: Call) -> list[RingOut]:
    """The phones of the house that ring now, or talk before anybody could be told (a pickup does not ring at all); but
    for the one that began the call (a click to dial)."""
    first = originator(call)
    return [
        {"id": leg.uniqueid, "extension": leg.endpoint, "queue": _queue_of(call, leg), "since": _came(leg)}
        for leg in _phones(call)
        if (leg.rings or leg.talks) and leg is not first and not _is_second_line(call, leg)
    ]


def tapes_of(call: Call) -> list[TapeOut]:
    """What the PBX recorded, in order. A tape runs while its channel is in a bridge, so `from_s` is when that began."""
    first = originator(call)
    began = first.began if first else None
    found: list[TapeOut] = []
    for tape in call.tapes:
        leg = call.legs.get(tape.uniqueid)
        spans = (
            [span for span in leg.spans if span.since and (span.until is None or span.until > tape.at)] if leg else []
        )
        start = max(tape.at, min(span.since for span in spans if span.since)) if spans else None
        from_s = round(max(0.0, (start - began).total_seconds()), 3) if start and began else 0.0
        found.append({"channel": tape.uniqueid, "from_s": from_s, "talked": start is not None})
    return found


def talking_extensions(call: Call) -> list[str]:
    """The phones of the house that are in it now."""
    return [leg.endpoint for leg in _phones(call) if leg.talks]


def _order(leg: Leg) -> tuple[bool, datetime | str, str]:
    at = leg.rang or leg.began
    return (at is None, at or "", leg.uniqueid)


def _called(call: Call) -> Iterable[Leg]:
    """Those who were called, in order."""
    first = originator(call)
    return (leg for leg in sorted(call.legs.values(), key=_order) if leg is not first)


def _phones(call: Call) -> list[Leg]:
    return [leg for leg in sorted(call.legs.values(), key=_order) if leg.role == "phone"]


def _handlers(call: Call) -> list[Leg]:
    """Phones of the house that rang or talked; who calls a colleague is the caller, not one who handles, and the second
    line on which an agent asks a colleague is the same agent."""
    first, outbound = originator(call), direction_of(call) == "outbound"
    return [leg for leg in _phones(call) if (leg is not first or outbound) and not _is_second_line(call, leg)]


def _is_second_line(call: Call, leg: Leg) -> bool:
    """Whether the phone was in the call already when it opened this line by itself."""
    at = leg.began
    if leg.rang or at is None:
        return False
    others = (other for other in _phones(call) if other is not leg and other.endpoint == leg.endpoint)
    return any(
        span.since and span.since <= at and (span.until is None or span.until >= at)
        for other in others
        for span in other.spans
    )


def _came(leg: Leg) -> datetime | None:
    """When it came in: it rang, or took the call by itself."""
    return leg.rang or _first_talk(leg)


def _queue_of(call: Call, leg: Leg) -> str:
    """The queue that offered the call to a phone; through a Local channel, the one in which the caller was then."""
    visits = [visit.queue for visit in call.visits if _came_in(visit, leg)]
    return leg.queue or (visits[-1] if visits else "")


def _came_in(visit: Visit, leg: Leg) -> bool:
    """Whether the phone came in while the caller was in the queue."""
    at, slack = _came(leg), timedelta() if leg.rang else _PICKED_UP
    return bool(at and visit.joined and visit.joined <= at and (visit.left is None or at <= visit.left + slack))


def _first_talk(leg: Leg) -> datetime | None:
    return min((span.since for span in leg.spans if span.since), default=None)


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


def _talk_s(call: Call, legs: list[Leg]) -> dict[str, float]:
    total: dict[str, float] = {}
    for leg in legs:
        if leg.spans:
            total[leg.endpoint] = round(total.get(leg.endpoint, 0.0) + _seconds(call, leg), 3)
    return total


def _handler(call: Call, leg: Leg) -> HandlerOut:
    return {
        "extension": leg.endpoint,
        "user": None,
        "name": "",
        "outcome": leg_outcome(leg) if leg.ended or leg.spans else None,
        "queue": _queue_of(call, leg) or None,
        "rang_at": leg.rang,
        "answered_at": _first_talk(leg),
        "ended_at": leg.ended,
        "talk_s": round(_seconds(call, leg), 3),
        "hold_s": round(_hold_s(leg), 3),
    }


def _hold_s(leg: Leg) -> float:
    """How long it had the others on hold, as far as that is over."""
    total, since = 0.0, None
    for at, held in leg.hold_marks:
        if since and not held:
            total += (at - since).total_seconds()
        since = (since or at) if held else None
    return total + max(0.0, (leg.ended - since).total_seconds()) if since and leg.ended else total


def _wait_s(call: Call, ended: datetime | None) -> float:
    """From the first queue (or the beginning) until somebody answered, or the end."""
    first = originator(call)
    joined = min((visit.joined for visit in call.visits if visit.joined), default=None)
    since = joined or (first.began if first else None)
    until = answered_at(call) or call.mailbox.reached or ended
    return round(max(0.0, (until - since).total_seconds()), 3) if since and until else 0.0


def _queue(call: Call) -> str | None:
    """The queue where it was answered, else the last one it was in."""
    at = answered_at(call)
    visits = [visit for visit in call.visits if not (at and visit.joined and visit.joined > at)]
    return visits[-1].queue if visits else None


def _visit(call: Call, number: int) -> VisitOut:
    """Answered when a phone that came in while the caller waited there was in a bridge afterwards."""
    visit = call.visits[number]
    answered = any(_first_talk(leg) and _came_in(visit, leg) for leg in _called(call) if leg.role != "local")
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


def _transfer(call: Call, transfer: Transfer) -> TransferOut:
    """Completed when somebody new came into the call afterwards."""
    first = originator(call)
    new = (
        leg for leg in call.legs.values()
        if leg is not first and leg.role != "local" and leg.endpoint != transfer.source and transfer.accepted
    )  # fmt: skip
    after = any((span.until is None or span.until > transfer.at) and span.since for leg in new for span in leg.spans)
    return {
        "kind": transfer.kind,
        "from": transfer.source,
        "to": transfer.target,
        "at": transfer.at,
        "completed": after,
    }
