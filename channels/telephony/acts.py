"""Small acts on a call: let a phone answer, play keys, pause the recording, pause a phone in its queues."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from channels.telephony.ami import Ami
from channels.telephony.legs import Legs, channels_of
from crm_core.ground.errors import Conflict
from hub.errors import Permanent

_DIGIT_MS = 150
_BETWEEN_S = 0.25
WRAP_UP = "mainstem-wrap-up"
"""The reason of a pause that is ours to end."""


def ringing_channel(legs: Legs) -> str:
    """The channel of the agent's phone, while it rings; raises `Conflict` when it does not."""
    if legs.own.get("ChannelStateDesc") != "Ringing":
        raise Conflict("the phone does not ring (any more)")
    return legs.own["Channel"]


def by_hand(why: str) -> Conflict:
    """Why a phone cannot be told to answer."""
    return Conflict(f"this phone must be answered by hand: {why}", reason="by-hand")


async def answer(ami: Ami, channel: str) -> None:
    """Ask a phone by SIP (`NOTIFY`, `Event: talk`) to answer, as desk phones of several makers do.

    Raises:
        Conflict: the PBX does not do that for this user: it takes the right `system`.
    """
    try:
        await ami.ask({"Action": "PJSIPNotify", "Channel": channel, "Variable": ["Event=talk"]})
    except Permanent as error:
        raise by_hand(error.detail) from None


async def play(ami: Ami, legs: Legs, digits: str) -> None:
    """Play keys to the other side, one after the other."""
    other = legs.other["Channel"]
    for number, digit in enumerate(digits):
        if number:
            await asyncio.sleep(_BETWEEN_S)
        await ami.ask({"Action": "PlayDTMF", "Channel": other, "Digit": digit, "Duration": str(_DIGIT_MS)})


async def pause_recording(ami: Ami, linkedids: Sequence[str], *, paused: bool) -> int:
    """Let the recordings of a call stand still (they hold silence), or go on; returns how many there are."""
    state = "1" if paused else "0"
    told = [
        await ami.tell({"Action": "MixMonitorMute", "Channel": each["Channel"], "Direction": "both", "State": state})
        for each in await channels_of(ami, linkedids)
    ]
    return sum(told)


async def pause_phone(ami: Ami, phone: str, *, paused: bool) -> int:
    """Pause a phone for after-call work in all queues in which it is not paused, or end that; returns in how many."""
    listed = await ami.listing({"Action": "QueueStatus", "Member": phone}, "QueueMember")
    mine = [each for each in listed if each.get("Location") == phone]
    if paused:
        queues = [each["Queue"] for each in mine if each.get("Paused") == "0"]
    else:
        queues = [each["Queue"] for each in mine if each.get("PausedReason") == WRAP_UP]
    for queue in queues:
        await ami.tell({
            "Action": "QueuePause", "Queue": queue, "Interface": phone, "Paused": "true" if paused else "false",
            "Reason": WRAP_UP if paused else "",
        })  # fmt: skip
    return len(queues)
