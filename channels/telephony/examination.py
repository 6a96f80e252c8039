"""What `mainstem doctor` looks at in a PBX beyond signing in: rights, queues, phones in browsers and the way of
their sound. Changes nothing there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.ice_check import examine_ice
from channels.telephony.link import connect
from channels.telephony.phones import keeper
from crm_core.ground.ids import new_id
from hub.channel import Remark
from hub.errors import Permanent, Transient

NEEDED = (
    "Atxfer", "BlindTransfer", "CancelAtxfer", "CoreShowChannels", "DBGetTree", "DeviceStateList", "Getvar", "Hangup",
    "MixMonitorMute", "Originate", "PlayDTMF", "QueueAdd", "QueuePause", "QueueRemove", "QueueStatus", "Redirect", "Setvar",
    "Status", "UserEvent",
)  # fmt: skip
"""The actions that the hub asks for; `ListCommands` says which ones a user may ask for."""
_WRITE = "write = call,agent,originate,reporting,user"
_READ = "read = system,call,agent,reporting,user"
_MODULES = ("res_http_websocket", "res_pjsip_transport_websocket")
_HEARD_S = 3.0


async def examine(account: TelephonyAccount, queues: Sequence[str]) -> list[Remark]:
    """All remarks on an account whose AMI lets us in.

    Args:
        queues: the hub's.
    """
    async with await connect(account) as ami:
        found = [await _may_ask(account, ami), await _hears(account, ami), await _has_queues(ami, queues)]
    if account.sip_ws_url:
        found += [await _takes_browsers(account), await _speaks_websocket(account), *await examine_ice(account)]
    if account.recordings is not None:
        found.append(_may_fetch(account.recordings, clear=account.recordings_clear))
    return found


async def _may_ask(account: TelephonyAccount, ami: Ami) -> Remark:
    allowed = {name.lower() for name in await ami.ask({"Action": "ListCommands"})}
    missing = [name for name in NEEDED if name.lower() not in allowed]
    what = f"AMI user {account.username} may steer calls"
    return Remark(not missing, what, f"it may not ask for {', '.join(missing)}: give it {_WRITE}" if missing else "")


async def _hears(account: TelephonyAccount, ami: Ami) -> Remark:
    """An event of our own, to see whether it comes back; nobody else takes notice of it."""
    what, mark = f"AMI user {account.username} hears the PBX", new_id()
    try:
        await ami.ask({"Action": "UserEvent", "UserEvent": "MainstemDoctor", "Mark": mark})
        async with asyncio.timeout(_HEARD_S):
            while not any(each.get("Mark") == mark for each in await ami.events(_HEARD_S)):
                pass
    except (TimeoutError, Permanent):
        return Remark(False, what, f"an event of its own did not come back: give it {_READ}")
    return Remark(True, what)


async def _has_queues(ami: Ami, queues: Sequence[str]) -> Remark:
    there = {each.get("Queue", "") for each in await ami.listing({"Action": "QueueStatus"}, "QueueParams")}
    both = sorted(there & set(queues))
    if not both:
        named = f"the PBX has {', '.join(sorted(there))}" if there else "the PBX has none"
        return Remark(False, "queues of the PBX", f"none has the name of a queue of the hub ({named}): name them alike")
    lacking = sorted(set(queues) - there)
    advice = f"not on the PBX, so no call can wait there: {', '.join(lacking)}" if lacking else ""
    return Remark(True, f"queues of the PBX: {', '.join(both)}", advice)


def _may_fetch(folder: Path, *, clear: bool) -> Remark:
    """As this process sees it; a worker that stands elsewhere may see another."""
    what, rights = f"recordings in {folder}", os.R_OK | os.X_OK | (os.W_OK if clear else 0)
    if os.access(folder, rights):
        return Remark(True, what)
    may = "read and written" if clear else "read"
    return Remark(False, what, f"the folder is not there or cannot be {may}: mount it, and let our user into its group")


async def _takes_browsers(account: TelephonyAccount) -> Remark:
    what = "phones in browsers: modules of the PBX"
    try:
        async with await keeper(account) as ami:
            missing = [name for name in _MODULES if not await ami.tell({"Action": "ModuleCheck", "Module": name})]
    except (Permanent, Transient) as error:
        return Remark(False, what, str(error))
    return Remark(not missing, what, f"not loaded: {', '.join(missing)}" if missing else "")


async def _speaks_websocket(account: TelephonyAccount) -> Remark:
    """The handshake that the hub makes for a phone in a browser; no SIP is spoken."""
    what = f"phones in browsers: {account.sip_ws_url}"
    try:
        async with (
            asyncio.timeout(account.timeout_s),
            aiohttp.ClientSession() as session,
            session.ws_connect(account.sip_ws_url, protocols=("sip",)) as socket,
        ):
            spoken = socket.protocol
    except TimeoutError:
        return Remark(False, what, f"no answer within {account.timeout_s:.0f} s: check http.conf and the firewall")
    except (aiohttp.ClientError, OSError) as error:
        return Remark(
            False, what, f"no SIP over a websocket there ({error}): check http.conf and the transport in pjsip.conf"
        )
    return Remark(spoken == "sip", what, "" if spoken == "sip" else "what answers there does not speak SIP")
