"""Whether a call is recorded now, by the PBX's own word. Pure.

Which channels are recorded the PBX can be asked. Whether a recording stands still it says once (`MixMonitorMute`), when that
changes, and never again. So what was not heard is not known, and is called so; the next word of the PBX settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from channels.telephony.events import CallEvent
from channels.telephony.state import Call, TapeMark, TapeState
from hub.model.call import RecordingNow

_WORST_FIRST: tuple[RecordingNow, ...] = ("on", "unknown", "paused")
"""Of several recordings of a call the one counts that could hold what it should not."""
OF_TAPES = frozenset({"MixMonitorStart", "MixMonitorMute"})
"""The PBX's words about how recordings stand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an answer of the PBX says of one channel's recording, beyond what we knew.

    Attributes:
        name: the event that says it: a recording began, is over, or may stand still.
    """

    call: Call
    uniqueid: str
    name: str


def begun_again(call: Call, event: CallEvent) -> Call:
    """The call after a recording of a channel that was recorded before; the same beginning, told twice, is no news."""
    if any((tape.uniqueid, tape.at) == (event.uniqueid, event.at) for tape in call.tapes):
        return call
    return _with(call, event, "on")


def marked(call: Call, event: CallEvent) -> Call:
    """The call after the PBX said that a recording stands still, or goes on. One that only leaves a side out is on."""
    still = event.get("State") == "1" and event.get("Direction") == "both"
    return _with(call, event, "paused" if still else "on")


def doubted(call: Call, event: CallEvent) -> Call:
    """The call after a time in which the PBX was not heard."""
    return _with(call, event, "unknown")


def over(call: Call, event: CallEvent) -> Call:
    """The call after the PBX said that it does not record the channel any more."""
    return _with(call, event, "over")


def recording_of(call: Call) -> RecordingNow | None:
    """How it stands; None where nothing is known to be recorded, or all is over."""
    states = {state for _, state in _running(call)}
    return next((state for state in _WORST_FIRST if state in states), None)


def findings(
    calls: Iterable[Call], before: frozenset[str], told: frozenset[str], recorded: Mapping[str, bool]
) -> Iterator[Finding]:
    """What nobody told us of recordings.

    Args:
        before: channels that were known before the PBX was heard again.
        told: channels of whose recording the PBX has said something since.
        recorded: the channels that the PBX has, and whether it records them; what is not in it, it did not say.
    """
    for call in calls:
        states = dict(_running(call))
        for uniqueid, leg in call.legs.items():
            if uniqueid in told or leg.ended is not None:
                continue
            if recorded.get(uniqueid) and uniqueid not in states:
                yield Finding(call, uniqueid, "MixMonitorStart")
                yield Finding(call, uniqueid, "MainstemTapeDoubt")  # nor did we hear whether it was paused then
            elif recorded.get(uniqueid) is False and uniqueid in states:
                yield Finding(call, uniqueid, "MainstemTapeOver")
            elif uniqueid in before and states.get(uniqueid, "unknown") != "unknown":
                yield Finding(call, uniqueid, "MainstemTapeDoubt")


def _with(call: Call, event: CallEvent, state: TapeState) -> Call:
    mark = TapeMark(event.at, event.uniqueid, state)
    if not event.uniqueid or mark in call.tape_marks:
        return call
    return replace(call, tape_marks=tuple(sorted((*call.tape_marks, mark), key=_order)))


def _order(mark: TapeMark) -> tuple[datetime, str]:
    return mark.at, mark.uniqueid


def _running(call: Call) -> Iterator[tuple[str, RecordingNow]]:
    """Each recording whose channel is there, and its last state."""
    states: dict[str, TapeState] = {tape.uniqueid: "on" for tape in call.tapes}
    states |= {mark.uniqueid: mark.state for mark in call.tape_marks}
    for uniqueid, state in states.items():
        leg = call.legs.get(uniqueid)
        if leg and leg.ended is None and state != "over":
            yield uniqueid, state
