"""A call as the hub is told of it: the part, whose number it is, whether it is worth a message. Pure."""

from __future__ import annotations

from datetime import datetime

from channels.telephony.leg_steps import PHONE
from channels.telephony.parties import direction_of, number_of, originator, talking_extensions
from channels.telephony.state import Call
from channels.telephony.view import part_of, rings_of, tapes_of
from crm_core.ground.addresses import phone_key
from hub.model.address import Address
from hub.model.call import CallNews

_WITHHELD = frozenset({"", "anonymous", "unknown", "unavailable", "restricted", "private"})


def news_of(
    call: Call, region: str, *, heard_at: datetime, aside: bool = False, merged_into: str | None = None
) -> CallNews:
    """The call as it stands.

    Args:
        region: the country of numbers without one.
        aside: it is only a question to a colleague in the middle of another call.
        merged_into: the call that took this one in.
    """
    first = originator(call)
    outbound = direction_of(call) == "outbound"
    return CallNews(
        id=call.id,
        linkedids=call.linkedids,
        n=call.n,
        part=part_of(call),
        party=address_of(number_of(call), "" if outbound or first is None else first.name, region),
        own=_own(call, region),
        told=not aside and worth_a_message(call),
        rings=tuple(rings_of(call)),
        talking=tuple(talking_extensions(call)),
        began_at=first.began if first and first.began else heard_at,
        heard_at=heard_at,
        merged_into=merged_into,
        tapes=() if merged_into else tuple(tapes_of(call)),
    )


def worth_a_message(call: Call) -> bool:
    """Once somebody is called, or it waits in a queue, or it is over: before that, even its direction is open. Who is in the
    talk already was called while nobody listened."""
    first = originator(call)
    others = (leg for leg in call.legs.values() if leg is not first)
    return call.ended or bool(call.visits) or any(leg.rang or leg.talks for leg in others)


def address_of(number: str, name: str, region: str) -> Address:
    """A number as an address key; a short one is an extension or a service, and of no country."""
    if number.lower() in _WITHHELD:
        return Address("raw:anonymous", "")
    key = None if PHONE.fullmatch(number) else phone_key(number, region)
    return Address(key or f"raw:{number[:64]}", name if name != number else "")


def _own(call: Call, region: str) -> Address:
    """The side of the house: the number that was called, or the phone that calls."""
    first = originator(call)
    if first is None:
        return Address("raw:pbx")
    if first.role == "phone":
        return Address(f"raw:{first.endpoint}", first.name if direction_of(call) == "outbound" else "")
    return address_of(first.exten or "pbx", "", region)
