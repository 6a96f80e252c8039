"""The call centre's figures from calls of a real Asterisk: the live board, and what is counted afterwards (S2.9.9-08)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from channels.telephony.ami import Ami
from crm_core.ground.clock import now
from hub.desk.floor.fact_reader import FactReader
from tests.channels.telephony.conftest import Floor, until
from tests.lab.asterisk.plays import ADA, ended, held, members, overflow
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, CANCELLED, RINGING, agent, call, pause


async def board(floor: Floor) -> Any:
    """The queue support as a supervisor sees it."""
    _, answer = await floor.supervisor.call("GET", "/api/wallboard")
    return next((queue for queue in answer["queues"] if queue["queue"] == "support"), None)


async def shows(floor: Floor, state: str) -> Any:
    """The one call on the board, once it is in this state."""

    async def found() -> Any:
        queue = await board(floor)
        calls = list(queue["calls"].values()) if queue else []
        return (queue, calls[0]) if [each["state"] for each in calls] == [state] else None

    return await until(found)


async def facts(floor: Floor, kind: str, count: int) -> list[Any]:
    """So many facts of a kind, once they are there, in order of time."""

    async def found() -> Any:
        docs = await floor.hub.db["call_facts"].find({"kind": kind}).sort("at", 1).to_list()
        return docs if len(docs) >= count else None

    docs: list[Any] = await until(found)
    assert len(docs) == count
    return docs


def seconds(one: str, other: datetime) -> float:
    """How far apart they are."""
    return abs((datetime.fromisoformat(one) - other).total_seconds())


async def test_the_board_follows_a_call_and_its_waiting_times_are_true(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9-08: nobody is there, a phone rings for a second, somebody talks; then the figures of today stand."""
    with (
        agent(pbx, "1001", RINGING, pause(1.2), ANSWER, ACKED, BYED),
        call(pbx, "4000", ADA.dials, ADA.is_answered, pause(8), ADA.hangs_up) as sipp,
    ):
        _, waits = await shows(floor, "waiting")
        assert seconds(waits["joined_at"], now()) < 2
        assert waits["number"].endswith("13800138000")
        async with members(ami, "1001"):
            queue, rings = await shows(floor, "ringing")
            assert (rings["agent"], rings["joined_at"]) == (floor.agent.user, waits["joined_at"])
            assert queue["agents"][floor.agent.user]["state"] == "ringing"
            queue, talks = await shows(floor, "talking")
            assert queue["agents"][floor.agent.user]["state"] == "on_call"
            await ended(sipp)
            done = await floor.call("ended")
    [visit] = await facts(floor, "visit", 1)
    waited = (done["part"]["answered_at"] - done["part"]["queues"][0]["joined_at"]).total_seconds()
    assert visit["m"]["wait_s"] == round(waited, 3)
    assert (
        abs((datetime.fromisoformat(talks["since"]) - datetime.fromisoformat(rings["since"])).total_seconds() - 1.2) < 1
    )
    [handling] = await facts(floor, "handling", 1)
    assert (handling["user"], handling["m"]["handled"]) == (floor.agent.user, 1)
    assert abs(handling["m"]["talk_s"] - done["part"]["talk_s"]["1001"]) < 0.01

    async def counted() -> bool:
        queue = await board(floor)
        today = queue["today"]
        return (today["offered"], today["answered"], today["handled"], queue["calls"]) == (1, 1, 1, {})

    await until(counted)


async def test_who_gives_up_is_counted_as_waiting_so_long(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Nobody is there; after three seconds the caller has had enough, and that is what the figures say."""
    with call(pbx, "4000", ADA.dials, ADA.is_answered, pause(3), ADA.hangs_up) as sipp:
        await shows(floor, "waiting")
        await ended(sipp)
        await floor.call("ended")
    [visit] = await facts(floor, "visit", 1)
    assert (visit["outcome"], visit["queue"], visit["user"], visit["m"]["short"]) == ("abandoned", "support", "", 1)
    assert abs(visit["m"]["wait_s"] - 3) < 1


async def test_a_phone_that_stops_because_the_caller_gave_up_missed_nothing(
    pbx: Asterisk, ami: Ami, floor: Floor
) -> None:
    """It rang until then; of a phone that rings in vain while the caller waits on, `overflow` below tells."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1.2), ADA.hangs_up) as sipp,
        ):
            await ended(sipp)
            await floor.call("ended")
    [handling] = await facts(floor, "handling", 1)
    assert (handling["m"]["rung"], handling["m"]["missed"], handling["outcome"]) == (1, 0, "no_answer")


async def test_an_overflow_is_two_stays_and_nobody_gave_up(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """The phone of the first queue rang in vain; one of the second answered."""
    await overflow(pbx, ami)
    visits = await facts(floor, "visit", 2)
    assert [(each["queue"], each["outcome"]) for each in visits] == [("support", "passed_on"), ("overflow", "answered")]
    handlings = {each["extension"]: each["m"] for each in await facts(floor, "handling", 2)}
    assert (handlings["1001"]["missed"], handlings["1002"]["handled"]) == (1, 1)


async def test_time_on_hold_is_no_time_of_talk(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """About 0.6 s of hold, in a talk of 1.6 s."""
    await held(pbx, ami)
    [handling] = await facts(floor, "handling", 1)
    assert 0.3 < handling["m"]["hold_s"] < 1.6
    assert handling["m"]["talk_s"] > 0.5


async def test_a_rebuild_from_the_calls_gives_the_same_facts(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """What was counted while they went on is what their documents say."""
    await overflow(pbx, ami)
    await floor.call("ended")
    await facts(floor, "handling", 2)

    async def kept() -> list[Any]:
        return await floor.hub.db["call_facts"].find({}, {"changed_at": 0, "n": 0}).sort("_id", 1).to_list()

    before = await kept()
    await floor.hub.db["call_facts"].delete_many({})
    assert await FactReader(floor.hub.db).rebuild() == 1
    assert await kept() == before
