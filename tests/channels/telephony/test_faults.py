"""What happens when the PBX cannot be heard, or the hub dies, in the middle of calls."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from channels.telephony.ami import Ami
from hub.store.client import Database, Doc
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.hubs import hub_process, owned, taken
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import ADA, all_hung_up, channel_of, ended, members
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import TALKS, Caller, agent, call, pause

BOB = Caller("13900139000", "Bob")
CUT_S = 3.0


@pytest.fixture
def ami_port(cable: Cable) -> int:
    """The hub goes through the cable."""
    return cable.port


async def test_after_a_cut_the_state_is_true_within_seconds(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor
) -> None:
    """One call ended unseen, one goes on, one began: no ghost, none missing, and the gap is shown (S2.9.9)."""
    async with members(ami, "1001", "1002"):
        with (
            agent(pbx, "1001", *TALKS),
            agent(pbx, "1002", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(4), ADA.hangs_up) as short,
        ):
            await channel_of(ami, "1001")
            with call(pbx, "4000", BOB.dials, BOB.is_answered, pause(60), BOB.hangs_up):
                await channel_of(ami, "1002")
                await until(lambda: _states(floor.hub.db, ["talking", "talking"]))
                await cable.cut()
                await ended(short)
                carol = Caller("13700137000", "Carol")
                with call(pbx, "4000", carol.dials, carol.is_answered, pause(60), carol.hangs_up):
                    await asyncio.sleep(CUT_S)
                    await cable.mend()
                    await until(lambda: _ends_like(floor.hub.db))
                    calls = await _calls(floor.hub.db)
    assert {doc["party"]["key"]: doc["state"] for doc in calls} | {"phone:+8613700137000": ""} == {
        "phone:+8613800138000": "ended", "phone:+8613900139000": "talking", "phone:+8613700137000": "",
    }  # fmt: skip
    by_party = {doc["party"]["key"]: doc for doc in calls}
    assert by_party["phone:+8613800138000"]["part"]["blind"] is True
    assert by_party["phone:+8613800138000"]["part"]["outcome"] == "answered"
    assert by_party["phone:+8613900139000"]["part"]["blind"] is False
    assert by_party["phone:+8613700137000"]["live"] is True
    _, accounts = await floor.supervisor.call("GET", "/api/accounts")
    [account] = accounts["items"]
    assert (account["state"], account["gap"]["ended"]) == ("connected", 1)
    assert account["gap"]["from"] < account["gap"]["until"]
    assert "1 calls ended" in account["detail"]
    await all_hung_up(ami)
    await until(lambda: _states(floor.hub.db, ["ended", "ended", "ended"]))


async def _calls(db: Database) -> list[Doc]:
    return await db["calls"].find({}).sort("began_at", 1).to_list()


async def _states(db: Database, wanted: list[str]) -> bool:
    return [doc["state"] for doc in await _calls(db)] == wanted


async def _ends_like(db: Database) -> bool:
    states = [doc["state"] for doc in await _calls(db)]
    return len(states) == 3 and states[:2] == ["ended", "talking"]


async def test_a_pbx_that_is_started_anew_leaves_no_ghost(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """All its calls died with it; new ones are heard at once."""
    with call(pbx, "4000", ADA.dials, ADA.is_answered, pause(60), ADA.hangs_up):
        await until(lambda: _states(floor.hub.db, ["waiting"]))
        pbx.stop(kill=True)
        pbx.start()
        await until(lambda: _states(floor.hub.db, ["ended"]))
    [doc] = await _calls(floor.hub.db)
    assert (doc["part"]["blind"], doc["part"]["outcome"]) == (True, "no_answer")
    with call(pbx, "4000", BOB.dials, BOB.is_answered, pause(0.5), BOB.hangs_up) as bob:
        await ended(bob)
        await until(lambda: _states(floor.hub.db, ["ended", "ended"]))


@pytest.mark.fault
async def test_a_killed_hub_is_taken_over_in_the_middle_of_a_call(
    pbx: Asterisk, ami: Ami, db: Database, mongo_url: str, tmp_path: Path
) -> None:
    """The call is one message with its whole life; what was told is not told again."""
    hubs = [hub_process(mongo_url, db.name, tmp_path, pbx.ami, name) for name in ("one", "two")]
    await hubs[0].start()
    await until(lambda: owned(db))
    await hubs[1].start()
    async with members(ami, "1001"):
        with agent(pbx, "1001", *TALKS), call(pbx, "4000", ADA.dials, ADA.is_answered, pause(14), ADA.hangs_up) as ada:
            await until(lambda: _states(db, ["talking"]))
            before = await db["leases"].find_one({"_id": "account:pbx"})
            await hubs[0].kill()
            await until(lambda: taken(db, before))
            await ended(ada)
            await until(lambda: _states(db, ["ended"]))
    [doc] = await _calls(db)
    [message] = await db["messages"].find({}).to_list()
    names = [event["name"] async for event in db["events"].find({"name": {"$regex": "^call"}}).sort("_id", 1)]
    await hubs[1].stop()
    assert message["_id"] == doc["message"]
    assert (message["call"]["outcome"], message["call"]["blind"]) == ("answered", False)
    assert 9 < message["call"]["talk_s"]["1001"] < 15
    assert [names.count(name) for name in ("call.ringing", "call.answered", "call.ended")] == [1, 1, 1], names
    places = [event["n"] async for event in db["call_events"].find({}).sort("n", 1)]
    assert places == list(range(1, len(places) + 1))
