"""Dialling for somebody, so that the PBX itself can say afterwards what came of it.

A hub may die, or the line break, after the PBX took the call and before anybody heard so; such a call must not be dialled
once more. The PBX notes in its own database, one row for each phone, the last such call that it dialled for it, and how that ended
(`mainstem-dialled` in our dialplan). AMI only reads there.
"""

from __future__ import annotations

import asyncio

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.link import connect
from hub.calling import DialledCall, Still
from hub.errors import InDoubt, Late, Transient
from hub.model.call import CallOutcome

FAMILY = "mainstem-dialled"
_BEGUN = "begun"
_OUTCOMES: dict[str, CallOutcome] = {
    "ANSWER": "answered", "BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "no_answer", "DONTCALL": "rejected",
}  # fmt: skip
"""By `DIALSTATUS`; what else there is, failed."""


async def originate(
    account: TelephonyAccount,
    extension: str,
    target: str,
    linkedid: str,
    still: Still | None = None,
    *,
    traced: bool = False,
) -> None:
    """Ring the extension and, when it answers, the target.

    Args:
        still: asked when nothing but that is left to do.
        traced: have the PBX note what becomes of it. What nobody asks for must not take the place of another note.

    Raises:
        Late: it is not to be done any more (see `still`); nothing was asked of the PBX.
        Transient: the PBX is not there; nothing was asked of it.
        InDoubt: it may have taken the call; `trace` says so later.
        Permanent: it refuses.
    """
    async with await connect(account) as ami:
        if still is not None and await still() <= asyncio.get_running_loop().time():
            raise Late("this hub stood still for too long: nothing was dialled")
        try:  # nothing may be awaited in between
            await ami.ask({
                "Action": "Originate", "Channel": f"{account.technology}/{extension}", "Context": account.context,
                "Exten": target, "Priority": "1", "Timeout": str(account.ring_s * 1000), "CallerID": target,
                "Async": "true", "ChannelId": linkedid, "Variable": _notes(extension, linkedid) if traced else [],
            })  # fmt: skip
        except Transient as error:
            raise InDoubt(f"the PBX may have taken the call: {error.detail}") from error


async def trace(account: TelephonyAccount, linkedid: str) -> DialledCall:
    """What the PBX knows of such a call.

    Raises:
        Transient, Permanent: it does not say.
    """
    async with await connect(account) as ami:
        for each in await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel"):
            if linkedid in (each.get("Uniqueid"), each.get("Linkedid")):
                return DialledCall("live")
        return _ended(await _row(ami, linkedid))


def _notes(extension: str, linkedid: str) -> list[str]:
    """What the channel does to the PBX's database: at once, and when it ends."""
    return [
        f"DB({FAMILY}/{extension})={linkedid}:{_BEGUN}",
        f"MAINSTEM_DIALLED={extension}",
        f'CHANNEL(hangup_handler_push)="{FAMILY},s,1"',
    ]


async def _row(ami: Ami, linkedid: str) -> str | None:
    rows = await ami.listing({"Action": "DBGetTree", "Family": FAMILY}, "DBGetTreeResponse")
    values = (each.get("Val", "").partition(":") for each in rows)
    return next((status for reference, _, status in values if reference == linkedid), None)


def _ended(status: str | None) -> DialledCall:
    if status is None:
        return DialledCall("unknown")
    if status == _BEGUN:
        return DialledCall("lost")
    return DialledCall("over", _OUTCOMES.get(status, "failed") if status else None)
