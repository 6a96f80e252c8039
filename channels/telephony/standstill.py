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

_FILE = "MIXMONITOR_FILENAME"
"""Set by Asterisk when a recording of the channel begins; it outlives it."""
_TAPE = "MAINSTEM_TAPE"
"""Set by our dialplan: by what name the channel's recording can be asked for."""


_UNSET = "(null)"


async def recorded_channels(ami: Ami) -> Mapping[str, bool]:
    """Each channel of the PBX, and whether it is recorded; empty where this user may not ask. Of a recording that our dialplan
    did not begin it is only known that it began.

    Raises:
        Transient: the connection is lost.
    """
    try:
        files = await _variable(ami, _FILE)
        tapes = await _variable(ami, _TAPE)
        return {uniqueid: bool(file) and await _runs(ami, uniqueid, tapes) for uniqueid, file in files.items()}
    except Permanent as error:
        log.warning("the PBX does not say what it records", extra={"reason": str(error)})
        return {}


async def _variable(ami: Ami, name: str) -> dict[str, str]:
    """A variable of each channel, by its unique id."""
    channels = await ami.listing({"Action": "Status", "Variables": name}, "Status")
    said = {each["Uniqueid"]: each.get("Variable", "") for each in channels if each.get("Uniqueid")}
    return {channel: value.removeprefix(f"{name}=").replace(_UNSET, "") for channel, value in said.items()}


async def _runs(ami: Ami, channel: str, tapes: Mapping[str, str]) -> bool:
    """Whether the recording of this name is still there; one without a name may be."""
    if not (tape := tapes.get(channel)):
        return True
    try:
        asked = {"Action": "Getvar", "Channel": channel, "Variable": f"MIXMONITOR({tape},filename)"}
        return bool((await ami.ask(asked)).get("Value"))
    except Permanent:
        return False


async def pause_again(ami: Ami, calls: CallLog, live: Iterable[Call]) -> None:
    """Pause what was to stand still before nobody listened: the wish may have got lost on its way. Again is no change, and
    the PBX says that it does. What was not to stand still is left as it is.

    Raises:
        Transient: the connection is lost.
        Unavailable: the store is away.
    """
    doubtful = {call.id: call for call in live if recording_of(call) == "unknown"}
    told: set[str] = set()
    while (wanted := await calls.pauses_wanted(doubtful.keys()) if doubtful else set()) != told:
        for call in sorted(wanted ^ told):  # one may have been let go on while we told the PBX to pause it
            await pause_recording(ami, doubtful[call].linkedids, paused=call in wanted)
        told = wanted
