"""Transfers, consultations and conferences: how a call comes to somebody else."""

from __future__ import annotations

import re

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.holding import let_go
from channels.telephony.legs import Legs
from crm_core.ground.errors import Conflict
from crm_core.ground.ids import new_id

_CONFERENCE = "mainstem-conference"
_NUMBER = re.compile(r"\+?[0-9]{2,20}")


async def transfer(ami: Ami, account: TelephonyAccount, legs: Legs, target: str) -> None:
    """Send the other side there, without asking first.

    Raises:
        Conflict: somebody is being asked, or this is a conference.
    """
    if legs.asks:
        raise Conflict("somebody is being asked: complete that, or cancel it")
    _ = legs.other
    await let_go(ami, legs)
    await ami.ask({
        "Action": "BlindTransfer", "Channel": legs.own["Channel"], "Context": account.context, "Exten": target,
    })  # fmt: skip


async def consult(ami: Ami, account: TelephonyAccount, legs: Legs, target: str) -> None:
    """Call somebody while the other side hears music.

    The number goes by variables: AMI's `Atxfer` plays it as key tones, among which there is no `+`.

    Raises:
        Conflict: somebody is being asked already, or this is a conference.
    """
    if legs.asks:
        raise Conflict("somebody is being asked already: complete that, or cancel it")
    await let_go(ami, legs)
    own, _ = legs.own["Channel"], legs.other
    for name, value in (("__MAINSTEM_TO", target), ("__MAINSTEM_CONTEXT", account.context)):
        await ami.ask({"Action": "Setvar", "Channel": own, "Variable": name, "Value": value})
    await ami.ask({"Action": "Atxfer", "Channel": own, "Context": "mainstem-consult", "Exten": "1"})


async def complete(ami: Ami, legs: Legs) -> None:
    """Join the two others; the agent's phone leaves.

    Raises:
        Conflict: nobody is being asked.
    """
    _check_asks(legs)
    await ami.ask({"Action": "Hangup", "Channel": legs.own["Channel"], "Cause": "16"})


async def cancel(ami: Ami, legs: Legs) -> None:
    """Back to the other side.

    Raises:
        Conflict: nobody is being asked.
    """
    _check_asks(legs)
    await ami.ask({"Action": "CancelAtxfer", "Channel": legs.own["Channel"]})


async def invite(ami: Ami, account: TelephonyAccount, legs: Legs, target: str) -> None:
    """Make a conference of the call, or take the one it is, and call somebody into it."""
    if legs.asks:
        raise Conflict("somebody is being asked already: complete that, or cancel it")
    await let_go(ami, legs)
    room = legs.own.get("ApplicationData", "").partition(",")[0] if _confers(legs) else new_id()
    if not _confers(legs):
        there = {"Context": _CONFERENCE, "Exten": room, "Priority": "1"}
        extra = {f"Extra{name}": value for name, value in there.items()}
        await ami.ask({
            "Action": "Redirect", "Channel": legs.other["Channel"], "ExtraChannel": legs.own["Channel"], **there, **extra,
        })  # fmt: skip
    asked, shown = f"mainstem-invited-{new_id()}", legs.own.get("ConnectedLineNum", "")
    await ami.ask({
        "Action": "UserEvent", "UserEvent": "MainstemInvited", "Linkedid": legs.own["Linkedid"], "Invited": asked,
        "Uniqueid": legs.own["Uniqueid"],
    })  # fmt: skip
    await ami.ask({
        "Action": "Originate", "Channel": f"Local/{target}@{account.context}/n", "Context": _CONFERENCE, "Exten": room,
        "Priority": "1", "Timeout": str(account.ring_s * 1000), "Async": "true", "ChannelId": asked,
        "CallerID": shown if _NUMBER.fullmatch(shown) else "", "Variable": "MAINSTEM_INVITED=yes",
    })  # fmt: skip


def _confers(legs: Legs) -> bool:
    return legs.own.get("Application") == "ConfBridge"


def _check_asks(legs: Legs) -> None:
    if not legs.asks:
        raise Conflict("nobody is being asked in this call")
