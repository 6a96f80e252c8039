"""Who is in a call: who began it, who was called, which phones of the house handle it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from channels.telephony.state import Call, Leg
from hub.model.call import CallDirection


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
        outside = next((leg for leg in called(call) if leg.role == "trunk"), None)
        return (outside.dialled if outside else "") or first.exten
    return first.number or (first.endpoint if first.role == "phone" else "")


def talking_extensions(call: Call) -> list[str]:
    """The phones of the house that are in it now."""
    return [leg.endpoint for leg in phones(call) if leg.talks]


def called(call: Call) -> Iterable[Leg]:
    """Those who were called, in order."""
    first = originator(call)
    return (leg for leg in sorted(call.legs.values(), key=_order) if leg is not first)


def phones(call: Call) -> list[Leg]:
    """Those of the house, in order."""
    return [leg for leg in sorted(call.legs.values(), key=_order) if leg.role == "phone"]


def handling_legs(call: Call) -> list[Leg]:
    """Phones of the house that rang or talked; who calls a colleague is the caller, not one who handles, and the second
    line on which an agent asks a colleague is the same agent."""
    first, outbound = originator(call), direction_of(call) == "outbound"
    return [leg for leg in phones(call) if (leg is not first or outbound) and not is_second_line(call, leg)]


def is_second_line(call: Call, leg: Leg) -> bool:
    """Whether the phone was in the call already when it opened this line by itself."""
    at = leg.began
    if leg.rang or at is None:
        return False
    others = (other for other in phones(call) if other is not leg and other.endpoint == leg.endpoint)
    return any(
        span.since and span.since <= at and (span.until is None or span.until >= at)
        for other in others
        for span in other.spans
    )


def came(leg: Leg) -> datetime | None:
    """When it came in: it rang, or took the call by itself."""
    return leg.rang or first_talk(leg)


def first_talk(leg: Leg) -> datetime | None:
    """When it was first in a bridge."""
    return min((span.since for span in leg.spans if span.since), default=None)


def _order(leg: Leg) -> tuple[bool, datetime | str, str]:
    at = leg.rang or leg.began
    return (at is None, at or "", leg.uniqueid)
