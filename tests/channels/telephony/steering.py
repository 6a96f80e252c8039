"""Calls of a real Asterisk to be steered over HTTP (S2.9.9), and what is seen of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.telephony.ami import Ami
from tests.channels.telephony.conftest import Floor
from tests.conftest import SignedIn
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, members
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    RINGING,
    agent,
    call,
    pause,
)

TALKS_ON = (RINGING, ANSWER, ACKED, BYED)


@asynccontextmanager
async def in_a_call(pbx: Asterisk, ami: Ami, floor: Floor, *steps: str, number: str = "4000") -> AsyncIterator[Any]:
    """Ada talks with extension 1001; everything is hung up at the end."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *(steps or TALKS_ON)),
            call(pbx, number, ADA.dials, ADA.is_answered, pause(60), ADA.hangs_up),
        ):
            try:
                yield await floor.call("talking")
            finally:
                await all_hung_up(ami)


async def act(who: SignedIn, live: Any, what: str, body: Any = None, status: int = 200) -> Any:
    """Do something with the call."""
    got, answer = await who.call("POST", f"/api/calls/{live['message']}/{what}", body)
    assert got == status, answer
    return answer


async def part(floor: Floor, live: Any) -> Any:
    """The call part of the message."""
    _, message = await floor.supervisor.call("GET", f"/api/messages/{live['message']}")
    return message["call"]


async def names(ami: Ami) -> list[str]:
    """Who is in the PBX now, but for Local channels."""
    found = [each["Channel"].partition("/")[2].rpartition("-")[0] for each in await channels(ami)]
    return sorted(name for name in found if "@" not in name)
