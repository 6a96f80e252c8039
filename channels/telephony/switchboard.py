"""All calls of one PBX that are not over: gives each event to its call, joins calls that become one. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from channels.telephony.events import CallEvent
from channels.telephony.leg_steps import is_holding
from channels.telephony.machine import fold, merge
from channels.telephony.parties import direction_of, originator
from channels.telephony.state import Call

_REMEMBERED = timedelta(minutes=5)
"""So long after its end a call is remembered: late events are its own and begin no new one."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_BEGINS = frozenset({"Newchannel", "DialBegin", "QueueCallerJoin"})
"""A call begins with its channel; but events may come a little out of order, and these say as much of it."""
_CHANNELS = (
    "Uniqueid", "DestUniqueid", "TargetUniqueid", "ParkeeUniqueid", "RetrieverUniqueid", "OrigTransfererUniqueid",
    "SecondTransfererUniqueid",
)  # fmt: skip
"""Fields that name a channel of the event's call."""


@dataclass
class Switchboard:
    """Calls by id; `changed` and `merged` are filled by `take` and emptied by whoever publishes.

    Attributes:
        merged: the younger call's id -> the elder's.
    """

    calls: dict[str, Call] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    asides: set[str] = field(default_factory=set)
    """Calls in which somebody asks a colleague while a caller is on the other line."""
    latest: datetime = _LONG_AGO
    """The time of the last event, by the PBX's clock."""
    _by_link: dict[str, str] = field(default_factory=dict)
    _by_channel: dict[str, str] = field(default_factory=dict)
    _by_bridge: dict[str, str] = field(default_factory=dict)

    def take(self, events: Iterable[CallEvent]) -> None:
        """Fold events into the calls they belong to."""
        for event in events:
            self.latest = max(self.latest, event.at)
            call = None if event.beside else self._call_of(event)
            if call is None or (event.n and event.n <= call.n):
                continue
            after = fold(call, event)
            self.calls[call.id] = after
            self._index(after)
            if after != call:
                self.changed[call.id] = None

    def live(self) -> list[Call]:
        """The calls that are not over."""
        return [call for call in self.calls.values() if not call.ended]

    def forget(self, at: datetime) -> None:
        """Let go of what has been over for long."""
        for call in [c for c in self.calls.values() if c.ended and c.id not in self.changed]:
            last = max(leg.ended for leg in call.legs.values() if leg.ended)
            if at - last > _REMEMBERED:
                self._drop(call)

    def _call_of(self, event: CallEvent) -> Call | None:
        found = dict.fromkeys(
            call for call in (self._by_link.get(event.linkedid), *self._channels(event)) if call is not None
        )
        if event.name == "BridgeEnter" and not is_holding(event):
            found |= dict.fromkeys(self._there(event.get("BridgeUniqueid"), found))
        if len(found) > 1 and event.name != "Hangup":
            return self._join(list(found))
        if found:
            return self.calls[next(iter(found))]
        if event.name not in _BEGINS or not event.linkedid:
            return None
        call = Call(event.linkedid, (event.linkedid,))
        self._aside(call, event)
        return call

    def _channels(self, event: CallEvent) -> Iterable[str | None]:
        for name in _CHANNELS:
            if name.startswith("Second") and event.get("Result") != "Success":
                continue
            yield self._by_channel.get(event.get(name))

    def _there(self, bridge: str, found: Iterable[str]) -> Iterable[str]:
        """The call that is in this bridge already: who meets there, as in a conference, is in one call, whatever the
        PBX calls them. Two customers who both rang up stay two calls, each with its own conversation."""
        there = self.calls.get(self._by_bridge.get(bridge, ""))
        if there is None or not any(leg.talks_in(bridge) for leg in there.legs.values()):
            return []
        apart = _rang_up(there) and any(_rang_up(self.calls[each]) for each in found if each != there.id)
        return [] if apart else [there.id]

    def _join(self, ids: list[str]) -> Call:
        elder, *others = sorted((self.calls[each] for each in ids), key=_age)
        for younger in others:
            elder = merge(elder, younger)
            self._drop(younger)
            self.merged[younger.id] = elder.id
        self.calls[elder.id] = elder
        self._index(elder)
        self.changed[elder.id] = None
        return elder

    def _aside(self, call: Call, event: CallEvent) -> None:
        phone = event.get("Channel").rpartition("-")[0]
        busy = (
            leg.channel.rpartition("-")[0]
            for other in self.live()
            for leg in other.legs.values()
            if leg.talks and leg.role == "phone"
        )
        if phone and phone in busy:
            self.asides.add(call.id)

    def is_aside(self, call: Call) -> bool:
        """Whether it is only a question to a colleague in the middle of another call."""
        return call.id in self.asides and direction_of(call) == "internal"

    def _index(self, call: Call) -> None:
        self._by_link.update(dict.fromkeys(call.linkedids, call.id))
        self._by_channel.update(dict.fromkeys(call.legs, call.id))
        self._by_bridge.update(dict.fromkeys(_bridges(call), call.id))

    def _drop(self, call: Call) -> None:
        del self.calls[call.id]
        self.changed.pop(call.id, None)
        self.asides.discard(call.id)
        indexes = (
            (self._by_link, call.linkedids), (self._by_channel, tuple(call.legs)), (self._by_bridge, _bridges(call)),
        )  # fmt: skip
        for index, keys in indexes:
            for key in keys:
                if index.get(key) == call.id:
                    del index[key]


def _bridges(call: Call) -> tuple[str, ...]:
    return tuple({span.bridge for leg in call.legs.values() for span in leg.spans})


def _rang_up(call: Call) -> bool:
    """Somebody outside called the house."""
    first = originator(call)
    return first is not None and first.role == "trunk" and first.rang is None


def _age(call: Call) -> tuple[bool, float, str]:
    first = originator(call)
    began = first.began if first else None
    return began is None, began.timestamp() if began else 0.0, call.id
