"""What callers and agents do, one play per flow: recorded as traces, and played again in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from tests.lab.asterisk.server import PHONES, Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BUSY,
    BYED,
    CANCELLED,
    NOTIFIED,
    RINGING,
    TALKS,
    Caller,
    Sipp,
    agent,
    call,
    carrier,
    hang_up,
    hold,
    pause,
    refer,
)

ADA = Caller("13800138000", "Ada")
WITHIN_S = 25.0
_CAN_RING = ("1", "0", "4", "5")
"""A member's status: not in use; or unknown, wrong, unreachable, where waiting is of no use."""


class Ask(Protocol):
    """What plays need of an AMI connection."""

    async def ask(self, action: Any) -> dict[str, str]:
        """One action."""
        ...

    async def listing(self, action: Any, event: str) -> list[dict[str, str]]:
        """An action that lists."""
        ...


Play = Callable[[Asterisk, Ask], Awaitable[None]]
PLAYS: dict[str, Play] = {}


def play(function: Play) -> Play:
    """List a play under its name."""
    PLAYS[function.__name__.replace("_", "-")] = function
    return function


@asynccontextmanager
async def members(ami: Ask, *extensions: str, queue: str = "support") -> AsyncIterator[None]:
    """Agents are in the queue; they are rung in turn."""
    for name in extensions:
        await _put_in(ami, name, queue)
    try:
        yield
    finally:
        for name in extensions:
            await ami.ask({"Action": "QueueRemove", "Queue": queue, "Interface": f"PJSIP/{name}"})


async def _put_in(ami: Ask, name: str, queue: str) -> None:
    """A phone whose last call ended this moment is still busy for the queue, which may miss that it is free and then never
    rings it: it is put in again. One that stays busy is so on purpose."""
    phone = f"PJSIP/{name}"
    member = {"Queue": queue, "Interface": phone}
    for attempt in range(5):
        if attempt:
            await ami.ask({"Action": "QueueRemove", **member})
        await ami.ask({"Action": "QueueAdd", **member, "StateInterface": phone, "MemberName": f"Agent {name}"})
        for _ in range(10):
            found = await ami.listing({"Action": "QueueStatus", "Queue": queue, "Member": phone}, "QueueMember")
            if all(each.get("Status") in _CAN_RING for each in found):
                return
            await asyncio.sleep(0.1)


async def ended(sipp: Sipp) -> None:
    """Wait until a SIPp has played its scenario to the end."""
    async with asyncio.timeout(WITHIN_S):
        while (code := sipp.ended) is None:
            await asyncio.sleep(0.05)
    assert code == 0, sipp.said


async def channels(ami: Ask) -> list[dict[str, str]]:
    """The channels there are now."""
    return await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")


async def quiet(ami: Ask) -> None:
    """Wait until the PBX has no channel."""
    async with asyncio.timeout(WITHIN_S):
        while await channels(ami):
            await asyncio.sleep(0.05)


async def all_hung_up(ami: Ask) -> None:
    """End every channel, as a test does that leaves its callers in the line."""
    await ami.ask({"Action": "Hangup", "Channel": "/.*/", "Cause": "16"})
    await quiet(ami)


async def channel_of(ami: Ask, endpoint: str, state: str = "Up", *, bridged: bool = True) -> str:
    """Wait for a channel of an endpoint in a state, and when it is up, in a bridge; its name."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            for each in await channels(ami):
                there = each["Channel"].startswith(f"PJSIP/{endpoint}-") and each["ChannelStateDesc"] == state
                if there and (state != "Up" or not bridged or each.get("BridgeId")):
                    return each["Channel"]
            await asyncio.sleep(0.05)


@play
async def queue_answered(pbx: Asterisk, ami: Ask) -> None:
    """An agent of the queue answers; the caller hangs up."""
    async with members(ami, "1001"):
        with agent(pbx, "1001", *TALKS), call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1.5), ADA.hangs_up) as ada:
            await ended(ada)
            await quiet(ami)


@play
async def agent_hangs_up(pbx: Asterisk, ami: Ask) -> None:
    """The agent ends the call."""
    steps = (RINGING, ANSWER, ACKED, pause(0.8), hang_up())
    async with members(ami, "1001"):
        with agent(pbx, "1001", *steps), call(pbx, "4000", ADA.dials, ADA.is_answered, BYED) as ada:
            await ended(ada)
            await quiet(ami)


@play
async def abandoned(pbx: Asterisk, ami: Ask) -> None:
    """The caller gives up while the agent's phone rings."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1.2), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def second_agent_answers(pbx: Asterisk, ami: Ask) -> None:
    """The first agent does not answer, the second does."""
    async with members(ami, "1001", "1002"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(9), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def supervisor_listens(pbx: Asterisk, ami: Ask) -> None:
    """A supervisor's phone is put beside the call, as the hub does it, and switched to whispering."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *TALKS),
            agent(pbx, "1003", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(4), ADA.hangs_up) as ada,
        ):
            talks = await channel_of(ami, "1001")
            await ami.ask({
                "Action": "Originate", "Channel": "PJSIP/1003", "Context": "mainstem-spy", "Exten": "listen",
                "Priority": "1", "Async": "true", "Variable": f"SPY_ON={talks}", "ChannelId": "mainstem-spy-1",
            })  # fmt: skip
            beside = await spying(ami, "1003")
            await ami.ask({
                "Action": "Redirect", "Channel": beside, "Context": "mainstem-spy", "Exten": "whisper", "Priority": "1",
            })  # fmt: skip
            await ended(ada)
            await quiet(ami)


async def spying(ami: Ask, endpoint: str) -> str:
    """Wait until a phone is beside a call; its channel."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            for each in await channels(ami):
                if each["Channel"].startswith(f"PJSIP/{endpoint}-") and each.get("Application") == "ChanSpy":
                    return each["Channel"]
            await asyncio.sleep(0.05)


@play
async def agent_rejects(pbx: Asterisk, ami: Ask) -> None:
    """The agent's phone is busy each time; the caller gives up."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", BUSY),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1.2), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def overflow(pbx: Asterisk, ami: Ask) -> None:
    """Nobody answers in one queue; an agent of the next one does."""
    async with members(ami, "1001"), members(ami, "1002", queue="overflow"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4001", ADA.dials, ADA.is_answered, pause(6), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def queue_timeout(pbx: Asterisk, ami: Ask) -> None:
    """Nobody answers; the PBX ends the call."""
    async with members(ami, "1001"):
        with agent(pbx, "1001", RINGING, CANCELLED), call(pbx, "4004", ADA.dials, ADA.is_answered, BYED) as ada:
            await ended(ada)
            await quiet(ami)


@play
async def held(pbx: Asterisk, ami: Ask) -> None:
    """The agent puts the caller on hold and comes back."""
    steps = (
        RINGING, ANSWER, ACKED, pause(0.5), hold(11, "sendonly"), pause(0.6), hold(12, "sendrecv"), pause(0.5),
        hang_up(),
    )  # fmt: skip
    async with members(ami, "1001"):
        with agent(pbx, "1001", *steps), call(pbx, "4000", ADA.dials, ADA.is_answered, BYED) as ada:
            await ended(ada)
            await quiet(ami)


@play
async def blind_transfer(pbx: Asterisk, ami: Ask) -> None:
    """The agent's phone sends the caller to a colleague without asking (REFER)."""
    steps = (RINGING, ANSWER, ACKED, pause(0.5), refer(11, "1002"), NOTIFIED, NOTIFIED, BYED)
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *steps),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def attended_transfer(pbx: Asterisk, ami: Ask) -> None:
    """The agent asks a colleague first, and then hands the caller over (AMI Atxfer; hanging up completes it)."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, ANSWER, ACKED, BYED),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(6), ADA.hangs_up) as ada,
        ):
            first = await channel_of(ami, "1001")
            await ami.ask({"Action": "Atxfer", "Channel": first, "Exten": "1002", "Context": "from-phones"})
            await channel_of(ami, "1002")
            await asyncio.sleep(0.5)
            await ami.ask({"Action": "Hangup", "Channel": first, "Cause": "16"})
            await ended(ada)
            await quiet(ami)


@play
async def transfer_given_up(pbx: Asterisk, ami: Ask) -> None:
    """The agent asks a colleague, who does not answer; the agent goes on with the caller."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, ANSWER, ACKED, BYED),
            agent(pbx, "1002", BUSY),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(4), ADA.hangs_up) as ada,
        ):
            first = await channel_of(ami, "1001")
            await ami.ask({"Action": "Atxfer", "Channel": first, "Exten": "1002", "Context": "from-phones"})
            await ended(ada)
            await quiet(ami)


@play
async def outbound(pbx: Asterisk, ami: Ask) -> None:
    """A phone calls a number outside."""
    bob = Caller("1001", "Agent 1001")
    with (
        carrier(pbx, *TALKS),
        call(pbx, "013900139000", bob.dials, bob.is_answered, pause(1), bob.hangs_up, host=PHONES) as phone,
    ):
        await ended(phone)
        await quiet(ami)


@play
async def outbound_busy(pbx: Asterisk, ami: Ask) -> None:
    """The number outside is busy."""
    bob = Caller("1001", "Agent 1001")
    with carrier(pbx, BUSY), call(pbx, "013900139000", bob.dials, bob.is_refused(486), host=PHONES) as phone:
        await ended(phone)
        await quiet(ami)


@play
async def click_to_dial(pbx: Asterisk, ami: Ask) -> None:
    """Our own dialling: first the agent's phone, then the number."""
    with agent(pbx, "1001", RINGING, ANSWER, ACKED, pause(1.5), hang_up()), carrier(pbx, *TALKS):
        await ami.ask({
            "Action": "Originate", "Channel": "PJSIP/1001", "Context": "from-phones", "Exten": "013900139000",
            "Priority": "1", "Timeout": "20000", "CallerID": "013900139000", "Async": "true",
        })  # fmt: skip
        await channel_of(ami, "1001")
        await quiet(ami)


@play
async def internal(pbx: Asterisk, ami: Ask) -> None:
    """One colleague calls another."""
    bob = Caller("1001", "Agent 1001")
    with (
        agent(pbx, "1002", *TALKS),
        call(pbx, "1002", bob.dials, bob.is_answered, pause(1), bob.hangs_up, host=PHONES) as phone,
    ):
        await ended(phone)
        await quiet(ami)


@play
async def direct_no_answer(pbx: Asterisk, ami: Ask) -> None:
    """A call to one phone, without a queue, that nobody answers."""
    with agent(pbx, "1001", RINGING, CANCELLED), call(pbx, "4002", ADA.dials, ADA.is_refused(480)) as ada:
        await ended(ada)
        await quiet(ami)


@play
async def local_channel(pbx: Asterisk, ami: Ask) -> None:
    """The call goes through a Local channel that stays."""
    with agent(pbx, "1001", *TALKS), call(pbx, "4003", ADA.dials, ADA.is_answered, pause(1.5), ADA.hangs_up) as ada:
        await ended(ada)
        await quiet(ami)
