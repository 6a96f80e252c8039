"""The state machine of a call: `fold(call, event) -> call`. Pure, and forgiving.

An event may come twice, a little out of order, or not at all, and no state follows from a single one: each event only
adds what it says about one channel, and `channels.telephony.view` works out the rest. So any beginning of a trace is
a valid call, and a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from channels.telephony import leg_steps
from channels.telephony.events import CallEvent
from channels.telephony.leg_steps import earlier, endpoint_of, later, put, role_of
from channels.telephony.state import (
    Call,
    Leg,
    Mailbox,
    Parking,
    Tape,
    Transfer,
    TransferKind,
    Visit,
)
from channels.telephony.taping import begun_again, doubted, marked, over

Step = Callable[[Call, CallEvent], Call]


def fold(call: Call, event: CallEvent) -> Call:
    """The call after the event."""
    if event.linkedid and event.linkedid not in call.linkedids:
        call = replace(call, linkedids=(*call.linkedids, event.linkedid))
    step = _STEPS.get(event.name)
    after = step(call, event) if step else call
    return replace(after, n=max(call.n, event.n))


def merge(call: Call, other: Call) -> Call:
    """Two calls that turn out to be one (an attended transfer, a pickup): the elder takes the younger in."""
    return replace(
        call,
        n=max(call.n, other.n),
        linkedids=tuple(dict.fromkeys((*call.linkedids, *other.linkedids))),
        legs={**other.legs, **call.legs},
        visits=tuple(dict.fromkeys((*call.visits, *other.visits))),
        tapes=tuple(dict.fromkeys((*call.tapes, *other.tapes))),
        tape_marks=tuple(dict.fromkeys((*call.tape_marks, *other.tape_marks))),
        transfers=tuple(dict.fromkeys((*call.transfers, *other.transfers))),
        blocked=call.blocked or other.blocked,
        parking=call.parking if call.parking.since else other.parking,
        mailbox=call.mailbox if call.mailbox.name else other.mailbox,
    )


# -- channels --------------------------------------------------------------------------------------------------


def _leg(call: Call, event: CallEvent, prefix: str = "") -> Leg | None:
    """The leg that an event is about, with what the event's common fields say."""
    uniqueid = event.get(f"{prefix}Uniqueid")
    if not uniqueid:
        return None
    channel = event.get(f"{prefix}Channel")
    leg = call.legs.get(uniqueid) or Leg(uniqueid)
    if channel and not leg.channel:
        leg = replace(leg, channel=channel, role=role_of(channel), endpoint=endpoint_of(channel))
    known = leg.number or event.get(f"{prefix}CallerIDNum"), leg.name or event.get(f"{prefix}CallerIDName")
    exten = leg.exten or event.get(f"{prefix}Exten")
    return replace(leg, number=known[0], name=known[1], exten="" if exten in ("s", "h") else exten)


def _with(call: Call, leg: Leg) -> Call:
    return replace(call, legs={**call.legs, leg.uniqueid: leg})


def _on_leg(change: Callable[[Leg, CallEvent], Leg], prefix: str = "") -> Step:
    def step(call: Call, event: CallEvent) -> Call:
        leg = _leg(call, event, prefix)
        return _with(call, change(leg, event)) if leg else call

    return step


# -- queues and transfers --------------------------------------------------------------------------------------


def _joined(call: Call, event: CallEvent) -> Call:
    queue, at = event.get("Queue"), event.at
    for number, visit in enumerate(call.visits):
        if visit.queue == queue:
            if visit.joined == at:
                return call
            if visit.joined is None and visit.left and visit.left >= at:
                return replace(call, visits=put(call.visits, number, replace(visit, joined=at)))
    return replace(call, visits=(*call.visits, Visit(queue, at)))


def _left_queue(call: Call, event: CallEvent, *, gave_up: bool = False) -> Call:
    queue, at = event.get("Queue"), event.at
    for number, visit in reversed(list(enumerate(call.visits))):
        if visit.queue != queue or (visit.joined and visit.joined > at):
            continue
        if visit.left is None:
            return replace(call, visits=put(call.visits, number, replace(visit, left=at, gave_up=gave_up)))
        left, done = min(visit.left, at), visit.gave_up or gave_up
        return replace(call, visits=put(call.visits, number, replace(visit, left=left, gave_up=done)))
    return replace(call, visits=(*call.visits, Visit(queue, None, at, gave_up)))


def _abandoned(call: Call, event: CallEvent) -> Call:
    return _left_queue(call, event, gave_up=True)


def _transferred(kind: TransferKind, source: str) -> Step:
    def step(call: Call, event: CallEvent) -> Call:
        accepted = event.get("Result") == "Success"
        target = event.get("Extension") or _second_party(call, event)
        done = Transfer(kind, endpoint_of(event.get(source)), target, event.at, accepted)
        seen = any((t.kind, t.at, t.source) == (kind, event.at, done.source) for t in call.transfers)
        return call if seen else replace(call, transfers=(*call.transfers, done))

    return step


def _second_party(call: Call, event: CallEvent) -> str:
    """Whom an attended transfer handed the call to: the phone that the transferer spoke with last."""
    source = endpoint_of(event.get("OrigTransfererChannel"))
    others = [
        leg for leg in call.legs.values()
        if leg.role == "phone" and leg.endpoint != source and leg.rang and leg.rang <= event.at
    ]  # fmt: skip
    last = max(others, key=lambda leg: (leg.rang, leg.uniqueid), default=None)
    connected = event.get("SecondTransfererConnectedLineNum")
    return connected or event.get("SecondTransfererExten") or (last.endpoint if last else "")


# -- parking and voicemail -------------------------------------------------------------------------------------


def _parked(call: Call, event: CallEvent) -> Call:
    known = call.parking
    if known.since and known.since >= event.at:
        return call
    return replace(call, parking=Parking(event.get("ParkingSpace"), event.at, known.until))


def _taken_up(call: Call, event: CallEvent) -> Call:
    return replace(call, parking=replace(call.parking, until=later(call.parking.until, event.at)))


def _put_through_to_voicemail(call: Call, event: CallEvent) -> Call:
    known, left = call.mailbox, event.get("Status") == "left"
    reached = known.reached if left else earlier(known.reached, event.at)
    return replace(call, mailbox=Mailbox(known.name or event.get("Mailbox"), reached, known.left or left))


def _recorded(call: Call, event: CallEvent) -> Call:
    if not event.uniqueid or any(tape.uniqueid == event.uniqueid for tape in call.tapes):
        return begun_again(call, event)
    tapes = sorted((*call.tapes, Tape(event.uniqueid, event.at)), key=lambda tape: (tape.at, tape.uniqueid))
    return replace(call, tapes=tuple(tapes))


def _blocked(call: Call, event: CallEvent) -> Call:
    return replace(_on_leg(lambda leg, _event: leg)(call, event), blocked=True)


def _invited(call: Call, event: CallEvent) -> Call:
    """Somebody is called into it: what has that linkedid from now on is part of this call."""
    invited = event.get("Invited")
    return call if invited in ("", *call.linkedids) else replace(call, linkedids=(*call.linkedids, invited))


def _both(first: Step, second: Step) -> Step:
    return lambda call, event: second(first(call, event), event)


_SEEN = _on_leg(lambda leg, _event: leg)
_STEPS: dict[str, Step] = {
    "Newchannel": _on_leg(leg_steps.stated),
    "Newstate": _on_leg(leg_steps.stated),
    "Hangup": _on_leg(leg_steps.hung_up),
    "HangupRequest": _on_leg(lambda leg, _event: replace(leg, wanted_end=True)),
    "MainstemBlindEnd": _on_leg(leg_steps.gone_unseen),
    "BridgeEnter": _on_leg(leg_steps.entered),
    "BridgeLeave": _on_leg(leg_steps.left),
    "Hold": _on_leg(leg_steps.held),
    "Unhold": _on_leg(leg_steps.unheld),
    "DialBegin": _both(_SEEN, _on_leg(leg_steps.rings, "Dest")),
    "DialState": _both(_SEEN, _on_leg(lambda leg, _event: leg, "Dest")),
    "DialEnd": _both(_SEEN, _on_leg(leg_steps.dial_ended, "Dest")),
    "AgentCalled": _both(_SEEN, _on_leg(leg_steps.called, "Dest")),
    "QueueCallerJoin": _both(_SEEN, _joined),
    "QueueCallerLeave": _both(_SEEN, _left_queue),
    "QueueCallerAbandon": _both(_SEEN, _abandoned),
    "BlindTransfer": _transferred("blind", "TransfererChannel"),
    "AttendedTransfer": _transferred("attended", "OrigTransfererChannel"),
    "MainstemHold": _on_leg(leg_steps.held),
    "MainstemUnhold": _on_leg(leg_steps.unheld),
    "MainstemInvited": _invited,
    "MainstemBlocked": _blocked,
    "MainstemVoicemail": _both(_SEEN, _put_through_to_voicemail),
    "MixMonitorStart": _both(_SEEN, _recorded),
    "MixMonitorMute": _both(_SEEN, marked),
    "MainstemTapeDoubt": doubted,
    "MainstemTapeOver": over,
    "Pickup": _SEEN,
    "ParkedCall": _both(_on_leg(lambda leg, _event: leg, "Parkee"), _parked),
    "UnParkedCall": _both(_on_leg(lambda leg, _event: leg, "Retriever"), _taken_up),
    "ParkedCallTimeOut": _taken_up,
    "ParkedCallGiveUp": _taken_up,
}
