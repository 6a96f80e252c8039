"""A supervisor's own phone beside a call: unheard, heard by the agent, heard by both; or in the agent's place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, Fields
from channels.telephony.events import SPY
from channels.telephony.leg_steps import endpoint_of, role_of
from channels.telephony.link import connect
from crm_core.ground.errors import Conflict
from crm_core.ground.ids import new_id
from hub.model.call import SpyMode

_CONTEXT = "mainstem-spy"
_TRIES = 20
_BETWEEN_S = 0.05


class Spying:
    """See `hub.calling.CallSupervision`."""

    async def spy(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str, mode: SpyMode) -> str:
        """Ring the extension into the call; where it is beside a call already, it is not rung again but switched.

        Raises:
            Conflict: nobody of the house talks in the call now.
            Permanent: the PBX refuses.
        """
        async with await connect(account) as ami:
            channels = await _channels(ami)
            agent = _talking(channels, linkedids, "phone", but=extension)
            if own := _beside(channels, extension):
                await ami.ask({"Action": "Setvar", "Channel": own, "Variable": "SPY_ON", "Value": agent})
                await _lead(ami, own, mode)
            else:
                await ami.ask({
                    "Action": "Originate", "Channel": f"{account.technology}/{extension}", "Context": _CONTEXT,
                    "Exten": mode, "Priority": "1", "Timeout": str(account.ring_s * 1000), "Async": "true",
                    "CallerID": endpoint_of(agent), "Variable": f"SPY_ON={agent}", "ChannelId": f"{SPY}{new_id()}",
                })  # fmt: skip
        return endpoint_of(agent)

    async def take_over(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str) -> str:
        """Lead the outside line to the extension; the agent's phone is let go. Returns whose place it is.

        Raises:
            Conflict: nobody talks in the call now, or there is nobody outside in it.
        """
        async with await connect(account) as ami:
            channels = await _channels(ami)
            agent = _talking(channels, linkedids, "phone", but=extension)
            outside = _talking(channels, linkedids, "trunk")
            if own := _beside(channels, extension):
                await ami.tell({"Action": "Hangup", "Channel": own, "Cause": "16"})
            await ami.ask({
                "Action": "Redirect", "Channel": outside, "Context": account.context, "Exten": extension,
                "Priority": "1",
            })  # fmt: skip
        return endpoint_of(agent)


async def _lead(ami: Ami, own: str, mode: SpyMode) -> None:
    """A channel that was led elsewhere this moment is not up for the PBX until it has gone there."""
    to = {"Action": "Redirect", "Channel": own, "Context": _CONTEXT, "Exten": mode, "Priority": "1"}
    for _ in range(_TRIES):
        if await ami.tell(to):
            return
        await asyncio.sleep(_BETWEEN_S)
    await ami.ask(to)


async def _channels(ami: Ami) -> list[Fields]:
    return await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")


def _talking(channels: Sequence[Fields], linkedids: Sequence[str], role: str, *, but: str = "") -> str:
    """The channel of this role that is in a bridge of the call."""
    for each in channels:
        name = each.get("Channel", "")
        inside = each.get("Linkedid") in set(linkedids) and each.get("BridgeId")
        if inside and role_of(name) == role and endpoint_of(name) != but:
            return name
    raise Conflict("nobody talks in this call now" if role == "phone" else "there is nobody outside in this call")


def _beside(channels: Sequence[Fields], extension: str) -> str | None:
    """The phone's channel that is beside a call already."""
    mine = (each for each in channels if each.get("Uniqueid", "").startswith(SPY))
    return next((each["Channel"] for each in mine if endpoint_of(each["Channel"]) == extension), None)
