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


async def answer(ami: Ami, legs: Legs) -> None:
    """Ask the phone by SIP (`NOTIFY`, `Event: talk`) to answer, as desk phones of several makers do.

    Raises:
        Conflict: the PBX does not let us: AMI's `PJSIPNotify` needs the right `system`.
    """
    if legs.own.get("ChannelStateDesc") == "Up":
        raise Conflict("the phone has answered already")
    try:
        await ami.ask({"Action": "PJSIPNotify", "Channel": legs.own["Channel"], "Variable": ["Event=talk"]})
    except Permanent as error:
        raise Conflict(f"this phone must be answered by hand: {error.detail}", reason="by-hand") from None


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
