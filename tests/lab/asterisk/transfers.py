"""Plays in which a call passes through several hands: consultations, pickups, parking, conferences, voicemail."""

from __future__ import annotations

import asyncio

from tests.lab.asterisk.desk_phone import AGREES, PICKS_UP, asks, hands_over, rings_at
from tests.lab.asterisk.plays import ADA, Ask, channel_of, ended, members, play, quiet
from tests.lab.asterisk.server import PHONES, Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    CANCELLED,
    NOTIFIED,
    RINGING,
    SPEAKS,
    TALKS,
    Caller,
    agent,
    call,
    hang_up,
    hold,
    pause,
    refer,
)

COLLEAGUE = Caller("1003", "Agent 1003")


@play
async def consultation(pbx: Asterisk, ami: Ask) -> None:
    """The agent asks a colleague on the second line of a desk phone, and puts the two together: two calls become one."""
    steps = (*PICKS_UP, pause(0.5), hold(11, "sendonly"), asks("1001", "1002"), pause(0.6), hands_over(21, "1002"))
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *steps, AGREES),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(4), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def semi_attended(pbx: Asterisk, ami: Ask) -> None:
    """The agent hands over while the colleague's phone still rings."""
    steps = (*PICKS_UP, pause(0.5), hold(11, "sendonly"), rings_at("1001", "1002"), hands_over(21, "1002"))
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *steps, AGREES),
            agent(pbx, "1002", RINGING, pause(1), ANSWER, ACKED, BYED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(4), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def blond_transfer(pbx: Asterisk, ami: Ask) -> None:
    """The same over AMI: the agent hangs up before the colleague answers."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, ANSWER, ACKED, BYED),
            agent(pbx, "1002", RINGING, pause(1.5), ANSWER, ACKED, BYED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(5), ADA.hangs_up) as ada,
        ):
            first = await channel_of(ami, "1001")
            await ami.ask({"Action": "Atxfer", "Channel": first, "Exten": "1002", "Context": "from-phones"})
            await channel_of(ami, "1002", "Ringing")
            await ami.ask({"Action": "Hangup", "Channel": first, "Cause": "16"})
            await ended(ada)
            await quiet(ami)


@play
async def into_another_queue(pbx: Asterisk, ami: Ask) -> None:
    """The agent dials another queue, and hands the waiting place over: it was joined under the agent's number."""
    steps = (*PICKS_UP, pause(0.5), hold(11, "sendonly"), asks("1001", "*50"), pause(0.5), hands_over(21, "*50"))
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *steps, AGREES),
            agent(pbx, "1002", RINGING, pause(0.5), ANSWER, ACKED, BYED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(6), ADA.hangs_up) as ada,
        ):
            await asyncio.sleep(2.5)
            async with members(ami, "1002", queue="overflow"):
                await ended(ada)
                await quiet(ami)


@play
async def pickup(pbx: Asterisk, ami: Ask) -> None:
    """A colleague takes the call that rings at another phone."""
    with (
        agent(pbx, "1001", RINGING, CANCELLED),
        call(pbx, "4010", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as ada,
    ):
        await channel_of(ami, "1001", "Ringing")
        with call(pbx, "*81001", COLLEAGUE.dials, COLLEAGUE.is_answered, BYED, host=PHONES):
            await ended(ada)
            await quiet(ami)


@play
async def queue_pickup(pbx: Asterisk, ami: Ask) -> None:
    """The same with a call that a queue offers to an agent."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as ada,
        ):
            await channel_of(ami, "1001", "Ringing")
            with call(pbx, "*81001", COLLEAGUE.dials, COLLEAGUE.is_answered, BYED, host=PHONES):
                await ended(ada)
                await quiet(ami)


@play
async def conference(pbx: Asterisk, ami: Ask) -> None:
    """Caller and agent are moved into a room, and a colleague is called into it; the agent leaves first."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, ANSWER, ACKED, BYED),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(6), ADA.hangs_up) as ada,
        ):
            first, caller = await channel_of(ami, "1001"), await channel_of(ami, "trunk")
            await ami.ask({
                "Action": "Redirect", "Channel": caller, "ExtraChannel": first, "Context": "mainstem-conference",
                "Exten": "5000", "Priority": "1", "ExtraContext": "mainstem-conference", "ExtraExten": "5000",
                "ExtraPriority": "1",
            })  # fmt: skip
            await ami.ask({
                "Action": "Originate", "Channel": "PJSIP/1002", "Context": "mainstem-conference", "Exten": "5000",
                "Priority": "1", "Timeout": "10000", "Async": "true",
            })  # fmt: skip
            await channel_of(ami, "1002")
            await asyncio.sleep(0.8)
            await ami.ask({"Action": "Hangup", "Channel": first, "Cause": "16"})
            await ended(ada)
            await ami.ask({"Action": "Hangup", "Channel": "/^PJSIP/", "Cause": "16"})
            await quiet(ami)


_PARKS = (RINGING, ANSWER, ACKED, pause(0.5), refer(11, "700"), NOTIFIED, hang_up())


async def _parked(ami: Ask) -> str:
    """Wait until a call is parked; where."""
    async with asyncio.timeout(20):
        while True:
            if found := await ami.listing({"Action": "ParkedCalls"}, "ParkedCall"):
                return found[0]["ParkingSpace"]
            await asyncio.sleep(0.05)


@play
async def parked_and_taken_up(pbx: Asterisk, ami: Ask) -> None:
    """The agent parks the call; a colleague dials its number."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *_PARKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(5), ADA.hangs_up) as ada,
        ):
            space = await _parked(ami)
            with call(pbx, space, COLLEAGUE.dials, COLLEAGUE.is_answered, BYED, host=PHONES):
                await ended(ada)
                await quiet(ami)


@play
async def parked_too_long(pbx: Asterisk, ami: Ask) -> None:
    """Nobody takes it up: it rings again where it was parked."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *_PARKS, calls=1) as parker,
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(8), ADA.hangs_up) as ada,
        ):
            await _parked(ami)
            await ended(parker)
            with agent(pbx, "1001", *TALKS):
                await ended(ada)
                await quiet(ami)


@play
async def parked_and_given_up(pbx: Asterisk, ami: Ask) -> None:
    """The caller has enough of waiting in the car park."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *_PARKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as ada,
        ):
            await _parked(ami)
            await ended(ada)
            await quiet(ami)


@play
async def voicemail(pbx: Asterisk, ami: Ask) -> None:
    """Nobody answers; the caller leaves a message."""
    with (
        agent(pbx, "1001", RINGING, CANCELLED),
        call(pbx, "4010", ADA.dials, ADA.is_answered, SPEAKS, pause(22), ADA.hangs_up) as ada,
    ):
        await ended(ada)
        await quiet(ami)
