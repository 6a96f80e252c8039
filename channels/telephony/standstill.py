"""After a time in which the PBX was not heard: what it records, and a pause that was wanted before is asked for once more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from channels.telephony.acts import pause_recording
from channels.telephony.ami import Ami
from channels.telephony.state import Call
from channels.telephony.taping import recording_of
from hub.calling import CallLog
from hub.errors import Permanent

log = logging.getLogger(__name__)

_FILE = "MIXMONITOR(,filename)"
"""The file of a recording that runs on the channel; empty where none does. (`MIXMONITOR_FILENAME` outlives its recording.)"""


async def recorded_channels(ami: Ami) -> Mapping[str, bool]:
    """Each channel of the PBX, and whether it is recorded at this moment; empty where this user may not ask.

    Raises:
        Transient: the connection is lost.
    """
    try:
        channels = await ami.listing({"Action": "Status", "Variables": _FILE}, "Status")
    except Permanent as error:
        log.warning("the PBX does not say what it records", extra={"reason": str(error)})
        return {}
    return {each["Uniqueid"]: bool(_value(each)) for each in channels if each.get("Uniqueid")}


async def pause_again(ami: Ami, calls: CallLog, live: Iterable[Call]) -> None:
    """Pause what was to stand still before nobody listened: the wish may have got lost on its way. Again is no change, and
    the PBX says that it does. What was not to stand still is left as it is.

    Raises:
        Transient: the connection is lost.
        Unavailable: the store is away.
    """
    doubtful = {call.id: call for call in live if recording_of(call) == "unknown"}
    for call in sorted(await calls.pauses_wanted(doubtful.keys())) if doubtful else ():
        await pause_recording(ami, doubtful[call].linkedids, paused=True)


def _value(channel: Mapping[str, str]) -> str:
    return channel.get("Variable", "").partition(f"{_FILE}=")[2]
