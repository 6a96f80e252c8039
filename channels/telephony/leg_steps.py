"""What an event says of one channel of a call: each function adds it to the leg. Pure; a repeat changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from channels.telephony.events import CallEvent
from channels.telephony.state import Leg, Role, Span

PHONE = re.compile(r"\d{2,8}")
"""Endpoints of the house are named by their extension; trunks are not."""


def endpoint_of(channel: str) -> str:
    """`1001` of `PJSIP/1001-00000003`."""
    return channel.partition("/")[2].rpartition("-")[0]


def role_of(channel: str) -> Role:
    """What kind of channel this is, by its name."""
    if channel.startswith("Local/") or not channel:
        return "local"
    return "phone" if PHONE.fullmatch(endpoint_of(channel)) else "trunk"


def _began(leg: Leg, event: CallEvent) -> Leg:
    return replace(leg, began=earlier(leg.began, event.at))


def stated(leg: Leg, event: CallEvent) -> Leg:
    """How its channel stands now."""
    up = event.get("ChannelStateDesc") == "Up"
    return replace(_began(leg, event), answered=earlier(leg.answered, event.at)) if up else _began(leg, event)


def hung_up(leg: Leg, event: CallEvent) -> Leg:
    """It is over; so is what it was in."""
    ended = earlier(leg.ended, event.at)
    spans = tuple(replace(s, until=ended) if s.until is None else s for s in leg.spans)
    return replace(leg, ended=ended, cause=leg.cause or event.get("Cause"), spans=spans)


def gone_unseen(leg: Leg, event: CallEvent) -> Leg:
    """It is over, and nobody saw how."""
    return hung_up(leg, event) if leg.ended else replace(hung_up(leg, event), blind=True)


def is_holding(event: CallEvent) -> bool:
    """Whether the bridge is one in which channels wait and hear nobody (a car park): to be in it is not to talk."""
    return event.get("BridgeTechnology") == "holding_bridge"


def entered(leg: Leg, event: CallEvent) -> Leg:
    """It came into a bridge where people talk."""
    return leg if is_holding(event) else _in_bridge(leg, event)


def _in_bridge(leg: Leg, event: CallEvent) -> Leg:
    bridge, at = event.get("BridgeUniqueid"), event.at
    for number, span in enumerate(leg.spans):
        if span.bridge != bridge:
            continue
        if span.since == at or (span.since and span.since <= at and (span.until is None or span.until > at)):
            return leg  # a repeat
        if span.since is None and span.until and span.until >= at:  # its end came first
            return replace(leg, spans=put(leg.spans, number, replace(span, since=at)))
    return replace(leg, spans=(*leg.spans, Span(bridge, at, leg.ended)))


def left(leg: Leg, event: CallEvent) -> Leg:
    """It went out of one."""
    return leg if is_holding(event) else _out_of_bridge(leg, event)


def _out_of_bridge(leg: Leg, event: CallEvent) -> Leg:
    bridge, at = event.get("BridgeUniqueid"), event.at
    for number, span in reversed(list(enumerate(leg.spans))):
        if span.bridge != bridge:
            continue
        if span.until == at:
            return leg  # a repeat
        if span.since and span.since <= at and (span.until is None or span.until == leg.ended):
            return replace(leg, spans=put(leg.spans, number, replace(span, until=at)))
    if any(span.bridge == bridge and span.since and span.since > at for span in leg.spans):
        return leg
    return replace(leg, spans=(*leg.spans, Span(bridge, None, at)))


def held(leg: Leg, event: CallEvent) -> Leg:
    """It put the others on hold."""
    return replace(leg, hold_at=later(leg.hold_at, event.at), hold_marks=_marked(leg, event.at, held=True))


def unheld(leg: Leg, event: CallEvent) -> Leg:
    """It took them back."""
    return replace(leg, unhold_at=later(leg.unhold_at, event.at), hold_marks=_marked(leg, event.at, held=False))


def _marked(leg: Leg, at: datetime, *, held: bool) -> tuple[tuple[datetime, bool], ...]:
    return tuple(sorted({*leg.hold_marks, (at, held)}))


def rings(leg: Leg, event: CallEvent) -> Leg:
    """It is dialled."""
    dialled = event.get("DialString").partition("@")[0].rpartition("/")[2]
    return replace(leg, rang=earlier(leg.rang, event.at), dialled=leg.dialled or dialled)


def called(leg: Leg, event: CallEvent) -> Leg:
    """A queue calls it."""
    return replace(leg, rang=earlier(leg.rang, event.at), queue=event.get("Queue") or leg.queue)


def dial_ended(leg: Leg, event: CallEvent) -> Leg:
    """How the dialling went."""
    status = event.get("DialStatus")
    if status == "ANSWER":
        return replace(leg, status=status, answered=earlier(leg.answered, event.at))
    return replace(leg, status=leg.status or status)


def put(items: tuple[object, ...], number: int, item: object) -> tuple:  # type: ignore[type-arg]
    """The items with another one at that place."""
    return (*items[:number], item, *items[number + 1 :])


def earlier(known: datetime | None, at: datetime) -> datetime:
    """The first of the two."""
    return min(known, at) if known else at


def later(known: datetime | None, at: datetime) -> datetime:
    """The last of the two."""
    return max(known, at) if known else at
