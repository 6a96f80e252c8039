"""What follows from what is known of a call: the part of its message, what rings, what was recorded. Pure."""

from __future__ import annotations

from channels.telephony.agents import handler_of, talk_s
from channels.telephony.outcomes import answered_at, outcome_of, state_of
from channels.telephony.parties import came, direction_of, handling_legs, is_second_line, number_of, originator, phones
from channels.telephony.state import Call, Transfer
from channels.telephony.taping import recording_of
from channels.telephony.visits import queue_answered, queue_of, visit_of, wait_s
from hub.model.call import CallPart, RingOut, TapeOut, TransferOut


def part_of(call: Call) -> CallPart:
    """The `call` part of the message."""
    first, direction = originator(call), direction_of(call)
    ended = max((leg.ended for leg in call.legs.values() if leg.ended), default=None) if call.ended else None
    handlers = handling_legs(call)
    part: CallPart = {
        "direction": direction,
        "state": state_of(call),
        "outcome": outcome_of(call),
        "queue": queue_answered(call),
        "number": number_of(call),
        "agents": [handler_of(call, leg) for leg in handlers],
        "wait_s": wait_s(call, ended),
        "talk_s": talk_s(call, handlers),
        "transfers": [_transfer(call, each) for each in call.transfers],
        "queues": [visit_of(call, number) for number in range(len(call.visits))],
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


def rings_of(call: Call) -> list[RingOut]:
    """The phones of the house that ring now, or talk before anybody could be told (a pickup does not ring at all); but
    for the one that began the call (a click to dial)."""
    first = originator(call)
    return [
        {"id": leg.uniqueid, "extension": leg.endpoint, "queue": queue_of(call, leg), "since": came(leg)}
        for leg in phones(call)
        if (leg.rings or leg.talks) and leg is not first and not is_second_line(call, leg)
    ]


def tapes_of(call: Call) -> list[TapeOut]:
    """What the PBX recorded, in order. A tape runs while its channel is in a bridge, so `from_s` is when that began. A channel
    that ended unseen may have been recorded since it was last heard of: whether it was, its file says."""
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
    known = {tape.uniqueid for tape in call.tapes}
    unseen = (leg for leg in call.legs.values() if leg.blind and leg.role != "local" and leg.uniqueid not in known)
    return found + [{"channel": leg.uniqueid, "from_s": 0.0, "talked": False} for leg in unseen]


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
