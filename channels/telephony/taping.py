"""Whether a call is recorded now, by the PBX's own word. Pure.

Nobody can ask Asterisk whether a recording stands still: it says so once (`MixMonitorMute`), when that changes. So what was
not heard is not known, and is called so; the next word of the PBX settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from channels.telephony.events import CallEvent
from channels.telephony.state import Call, TapeMark
from hub.model.call import RecordingNow

_WORST_FIRST: tuple[RecordingNow, ...] = ("on", "unknown", "paused")
"""Of several recordings of a call the one counts that could hold what it should not."""


def marked(call: Call, event: CallEvent) -> Call:
    """The call after the PBX said that a recording stands still, or goes on. One that only leaves a side out is on."""
    still = event.get("State") == "1" and event.get("Direction") == "both"
    return _with(call, event, "paused" if still else "on")


def doubted(call: Call, event: CallEvent) -> Call:
    """The call after a time in which the PBX was not heard."""
    return _with(call, event, "unknown")


def recording_of(call: Call) -> RecordingNow | None:
    """How it stands; None where nothing is known to be recorded, or all is over."""
    states = {state for _, state in _running(call)}
    return next((state for state in _WORST_FIRST if state in states), None)


def doubtful(calls: Iterable[Call], before: frozenset[str], told: frozenset[str]) -> Iterator[tuple[Call, str]]:
    """The recordings, by their channel, that may have been paused or gone on while nobody listened.

    Args:
        before: channels that were known before the PBX was heard again.
        told: channels of whose recording the PBX has said something since.
    """
    for call in calls:
        for uniqueid, state in _running(call):
            if uniqueid in before and uniqueid not in told and state != "unknown":
                yield call, uniqueid


def _with(call: Call, event: CallEvent, state: RecordingNow) -> Call:
    mark = TapeMark(event.at, event.uniqueid, state)
    if not event.uniqueid or mark in call.tape_marks:
        return call
    return replace(call, tape_marks=tuple(sorted((*call.tape_marks, mark), key=_order)))


def _order(mark: TapeMark) -> tuple[datetime, str]:
    return mark.at, mark.uniqueid


def _running(call: Call) -> Iterator[tuple[str, RecordingNow]]:
    """Each recording whose channel is there, and its last state."""
    states: dict[str, RecordingNow] = {tape.uniqueid: "on" for tape in call.tapes}
    states |= {mark.uniqueid: mark.state for mark in call.tape_marks}
    for uniqueid, state in states.items():
        leg = call.legs.get(uniqueid)
        if leg and leg.ended is None:
            yield uniqueid, state
