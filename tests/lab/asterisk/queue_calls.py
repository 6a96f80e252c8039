"""Plays of what a queue gets wrong, or has to be read with care."""

from __future__ import annotations

import asyncio

from tests.lab.asterisk.plays import ADA, Ask, channel_of, ended, members, play, quiet
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    NOTIFIED,
    RINGING,
    TALKS,
    agent,
    call,
    hang_up,
    pause,
    refer,
)


@play
async def two_answer_at_once(pbx: Asterisk, ami: Ask) -> None:
    """Both phones ring and are answered in the same moment; the queue gives the caller to one."""
    steps = (RINGING, pause(0.8), ANSWER, ACKED, BYED)
    async with members(ami, "1001", "1002", queue="everyone"):
        with (
            agent(pbx, "1001", *steps),
            agent(pbx, "1002", *steps),
            call(pbx, "4011", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def answers_and_drops(pbx: Asterisk, ami: Ask) -> None:
    """The first agent answers and hangs up before the queue has put them together; the second talks."""
    steps = (RINGING, ANSWER, ACKED, pause(1.5), hang_up())
    with (
        agent(pbx, "1001", *steps, calls=1),
        agent(pbx, "1002", *TALKS),
        call(pbx, "4012", ADA.dials, ADA.is_answered, pause(9), ADA.hangs_up) as ada,
    ):
        async with members(ami, "1001", queue="careful"):
            await channel_of(ami, "1001", "Up", bridged=False)
        async with members(ami, "1002", queue="careful"):
            await ended(ada)
            await quiet(ami)


@play
async def drops_and_nobody_else(pbx: Asterisk, ami: Ask) -> None:
    """The only agent answers and hangs up before the queue has put them together; the caller gives up."""
    async with members(ami, "1001", queue="careful"):
        with (
            agent(pbx, "1001", RINGING, ANSWER, ACKED, pause(0.5), hang_up(), calls=1),
            call(pbx, "4012", ADA.dials, ADA.is_answered, pause(2.5), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)


@play
async def transfer_behind_a_local_channel(pbx: Asterisk, ami: Ask) -> None:
    """The member of the queue is a Local channel that stays: after the transfer the queue believes the agent talks on."""
    steps = (RINGING, ANSWER, ACKED, pause(0.5), refer(11, "1002"), NOTIFIED, NOTIFIED, BYED)
    local = "Local/1001@from-phones/n"
    await ami.ask({
        "Action": "QueueAdd", "Queue": "support", "Interface": local, "StateInterface": "PJSIP/1001",
        "MemberName": "Agent 1001",
    })  # fmt: skip
    with (
        agent(pbx, "1001", *steps),
        agent(pbx, "1002", *TALKS),
        call(pbx, "4000", ADA.dials, ADA.is_answered, pause(4), ADA.hangs_up) as ada,
    ):
        await ended(ada)
        await quiet(ami)
    await ami.ask({"Action": "QueueRemove", "Queue": "support", "Interface": local})


@play
async def recording_stands_still(pbx: Asterisk, ami: Ask) -> None:
    """The recording of the caller's channel stands still for a moment, and goes on."""
    async with members(ami, "1001"):
        with agent(pbx, "1001", *TALKS), call(pbx, "4007", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as ada:
            await channel_of(ami, "1001")
            told = {"Action": "MixMonitorMute", "Channel": await channel_of(ami, "trunk"), "Direction": "both"}
            await ami.ask({**told, "State": "1"})
            await asyncio.sleep(0.5)
            await ami.ask({**told, "State": "0"})
            await ended(ada)
            await quiet(ami)
