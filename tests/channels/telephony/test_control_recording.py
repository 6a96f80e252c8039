"""The recording of a call stands still for card data, and goes on (S2.9.9)."""

from __future__ import annotations

from typing import Any

from channels.telephony.ami import Ami, open_ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.steering import TALKS_ON, act, in_a_call, part
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import (
    agent,
)


async def test_the_recording_stands_still_for_card_data(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: who wanted it when stands on the call; a second pause is the same one; it ends with the call."""
    async with (
        await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as watcher,
        in_a_call(pbx, ami, floor, number="4007") as live,
    ):
        watcher.waiting()
        await act(floor.agent, live, "recording", {"state": "paused"})
        answer = await act(floor.agent, live, "recording", {"state": "paused"})
        [pause_] = answer["part"]["pauses"]
        assert (pause_["by"], pause_["name"], pause_["until"]) == (floor.agent.user, "Ann", None)
        answer = await act(floor.agent, live, "recording", {"state": "running"})
        assert [bool(each["until"]) for each in answer["part"]["pauses"]] == [True]
        answer = await act(floor.agent, live, "recording", {"state": "paused"})
        assert [bool(each["until"]) for each in answer["part"]["pauses"]] == [True, False]
        told = [each["State"] for each in await watcher.events(5) if each["Event"] == "MixMonitorMute"]
        assert told == ["1", "1", "0", "1"]
    done = await floor.call("ended")

    async def closed() -> Any:
        return all(each["until"] for each in (await part(floor, live))["pauses"])

    await until(closed)
    assert (await part(floor, live))["pauses"][1]["until"] >= (await part(floor, live))["pauses"][1]["from"]
    assert done["part"]["outcome"] == "answered"
    audited = await floor.hub.db["audit"].find({"what": "call.recording"}).sort("_id", 1).to_list()
    assert [each["facts"]["state"] for each in audited] == ["paused", "paused", "running", "paused"]


async def test_a_pause_ends_when_the_call_comes_to_somebody_else(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """What the next agent is told is recorded again."""
    with agent(pbx, "1002", *TALKS_ON):
        async with in_a_call(pbx, ami, floor, number="4007") as live:
            await act(floor.agent, live, "recording", {"state": "paused"})
            await act(floor.agent, live, "transfer", {"to": "1002"})
            assert all(each["until"] for each in (await part(floor, live))["pauses"])
