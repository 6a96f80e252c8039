"""The recording stands still, or does not, while hubs die and lines break: the screen says what is so (S2.9.9-08)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami
from hub.store.client import Database, Doc
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.hubs import dies_of, elsewhere, hub_process, owned, taken
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import ADA, all_hung_up, channel_of, members
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent, call, pause

TALKS_ON = (RINGING, ANSWER, ACKED, BYED)


@pytest.fixture
def ami_port(cable: Cable) -> int:
    """The hub goes through the cable."""
    return cable.port


@asynccontextmanager
async def recorded(pbx: Asterisk, ami: Ami, db: Database, number: str = "4007") -> AsyncIterator[Doc]:
    """Ada talks with extension 1001, and the PBX records it."""
    async with members(ami, "1001"):
        with agent(pbx, "1001", *TALKS_ON), call(pbx, number, ADA.dials, ADA.is_answered, pause(120), ADA.hangs_up):
            try:
                await until(lambda: db["calls"].find_one({"state": "talking"}))
                yield await now_is(db, None if number == "4006" else "on")
            finally:
                await all_hung_up(ami)


async def now_is(db: Database, wanted: str | None) -> Doc:
    """The call, once it is said to be recorded so."""

    async def so() -> Any:
        return await db["calls"].find_one({"part.recording_now": wanted, "message": {"$ne": None}})

    found: Doc = await until(so, 120)
    return found


async def wanted(floor: Floor, live: Doc, state: str) -> tuple[int, Any]:
    """What the hub answers to the agent."""
    return await floor.agent.call("POST", f"/api/calls/{live['message']}/recording", {"state": state})


async def lost() -> None:
    """The answer never comes."""


@pytest.mark.parametrize("passes", [True, False], ids=["after the PBX did it", "before it was told"])
async def test_a_lost_answer_does_not_make_the_screen_wrong(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, passes: bool
) -> None:
    """The agent is told that something failed; how the recording stands is what the PBX said; the wish is noted."""
    async with recorded(pbx, ami, floor.hub.db) as live:
        cable.when("MixMonitorMute", lost, passes=passes)
        status, problem = await wanted(floor, live, "paused")
        assert status >= 500, problem
        doc = await now_is(floor.hub.db, "paused" if passes else "on")
        assert [(each["name"], each["until"]) for each in doc["notes"]["pauses"]] == [("Ann", None)]
        status, answer = await wanted(floor, live, "paused")  # again, as one does
        assert (status, len(answer["part"]["pauses"])) == (200, 1)
        await now_is(floor.hub.db, "paused")
        assert (await wanted(floor, live, "running"))[0] == 200
        await now_is(floor.hub.db, "on")
    audited = await floor.hub.db["audit"].find({"what": "call.recording"}).sort("_id", 1).to_list()
    assert [each["facts"]["state"] for each in audited] == ["paused", "paused", "running"]


async def test_what_changed_while_the_pbx_was_not_heard_is_not_guessed(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor
) -> None:
    """Somebody else paused it meanwhile: unknown, until the PBX says something again; then the pause is true."""
    async with recorded(pbx, ami, floor.hub.db) as live:
        await cable.cut()
        trunk = await channel_of(ami, "trunk")
        await ami.ask({"Action": "MixMonitorMute", "Channel": trunk, "Direction": "both", "State": "1"})
        await cable.mend()
        await now_is(floor.hub.db, "unknown")
        _, listed = await floor.agent.call("GET", "/api/calls?state=live")
        assert [each["part"]["recording_now"] for each in listed["items"]] == ["unknown"]
        assert (await wanted(floor, live, "paused"))[0] == 200
        await now_is(floor.hub.db, "paused")
    await until(lambda: floor.hub.db["calls"].find_one({"state": "ended", "part.recording_now": None}))


async def test_a_call_that_is_not_recorded_says_so(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """409 with a reason and in words; no pause stands on the call, only in the audit log."""
    async with recorded(pbx, ami, floor.hub.db, "4006") as live:
        for state in ("paused", "running"):
            status, problem = await wanted(floor, live, state)
            assert (status, problem["reason"], problem["detail"]) == (409, "not-recorded", "this call is not recorded")
        assert (await now_is(floor.hub.db, None)).get("notes", {}).get("pauses", []) == []
        _, message = await floor.supervisor.call("GET", f"/api/messages/{live['message']}")
        assert message["call"].get("pauses", []) == []
    assert await floor.hub.db["audit"].count_documents({"what": "call.recording"}) == 2


@pytest.mark.fault
@pytest.mark.timeout(300)
@pytest.mark.parametrize("passes", [True, False], ids=["after the PBX did it", "before it was told"])
async def test_a_hub_killed_as_it_pauses(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, mongo_url: str, db: Database, tmp_path: Path, passes: bool
) -> None:
    """Between the wish and the PBX's answer; the hub that takes over has it done, and claims only what the PBX says."""
    await floor.hub.stop()
    first, second = (hub_process(mongo_url, db.name, tmp_path, cable.port, name) for name in ("one", "two"))
    await first.start()
    await until(lambda: owned(db))
    killed = asyncio.Event()

    async def kills() -> None:
        await first.kill()
        killed.set()

    async with recorded(pbx, ami, db) as live, elsewhere(first, floor.agent) as ann:
        before = await db["leases"].find_one({"_id": "account:pbx"})
        cable.when("MixMonitorMute", kills, passes=passes)
        path = f"/api/calls/{live['message']}/recording"
        await dies_of(lambda: ann.call("POST", path, {"state": "paused"}), killed)
        await second.start()
        await until(lambda: taken(db, before), 120)
        doc = await now_is(db, "paused")
        assert [(each["name"], each["until"]) for each in doc["notes"]["pauses"]] == [("Ann", None)]
        said = await db["call_events"].find({"fields.Event": "MixMonitorMute"}).sort("n", -1).to_list()
        assert (said[0]["fields"]["State"], "Mainstem" in said[0]["fields"]) == ("1", False)
        assert await db["audit"].count_documents({"what": "call.recording", "facts.state": "paused"}) == 1
        async with elsewhere(second, floor.agent) as ann_there:
            for state, so in (("paused", "paused"), ("running", "on")):
                status, _ = await ann_there.call("POST", path, {"state": state})
                assert status == 200
                await now_is(db, so)
    done = await until(lambda: db["calls"].find_one({"state": "ended"}))
    assert (done["part"]["recording_now"], [bool(each["until"]) for each in done["notes"]["pauses"]]) == (None, [True])
    await second.stop()
