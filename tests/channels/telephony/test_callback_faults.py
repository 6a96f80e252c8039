"""A callback is dialled while answers are lost and lines are cut: nobody is called twice unasked, nothing is forgotten. (S2.9.9)"""

from __future__ import annotations

from typing import Any

import pytest

from channels.telephony.ami import Ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.lists import Dialled
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import all_hung_up
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent, carrier

PICKS_UP = (RINGING, ANSWER, ACKED, BYED)
NUMBER = "+8613900139301"


@pytest.fixture
def ami_port(cable: Cable) -> int:
    """The hub goes through the cable."""
    return cable.port


async def planned(floor: Floor) -> str:
    """A callback of the queue that nobody has yet."""
    body = {"number": NUMBER, "at": "2026-01-01T08:00:00Z", "queue": "support"}
    status, made = await floor.supervisor.call("POST", "/api/callbacks", body)
    assert status == 201, made
    return str(made["id"])


async def kept(floor: Floor, callback: str) -> Any:
    """As the store has it."""
    return await floor.hub.db["callbacks"].find_one({"_id": callback})


async def lost() -> None:
    """The answer never comes."""


async def test_a_lost_answer_leaves_the_callback_at_the_call_that_is_made(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor
) -> None:
    """The agent is told of trouble; the PBX rings all the same, once; answered, the callback is done by itself."""
    callback, dialled = await planned(floor), Dialled(ami)
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, *PICKS_UP):
        cable.when("Originate", lost)
        status, problem = await floor.agent.call("POST", f"/api/callbacks/{callback}/call", {})
        assert (status, problem["code"]) == (502, "channel-in-doubt"), problem
        written = await kept(floor, callback)
        assert (written["assignee"]["id"], written["state"]) == (floor.agent.user, "open")
        live = await floor.call("talking")
        assert written["dialled"] in live["linkedids"]

        async def done() -> Any:
            return (await kept(floor, callback))["state"] == "done"

        await until(done)
        await all_hung_up(ami)
    assert dialled.numbers() == [NUMBER]
    assert await floor.hub.db["audit"].count_documents({"what": "call.dialled", "about": written["dialled"]}) == 1


async def test_a_pbx_that_is_away_leaves_the_callback_as_it_was(cable: Cable, floor: Floor) -> None:
    """Nothing was asked of it: the callback is nobody's, as before, and can be tried when it is back."""
    callback = await planned(floor)
    await cable.cut()
    try:
        status, problem = await floor.agent.call("POST", f"/api/callbacks/{callback}/call", {})
        assert (status, problem["code"]) == (502, "channel-transient"), problem
    finally:
        await cable.mend()
    written = await kept(floor, callback)
    assert (written["dialled"], written["assignee"], written["state"]) == (None, None, "open")
