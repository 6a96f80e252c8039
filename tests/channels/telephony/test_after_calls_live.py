"""After-call work and wrap-ups, lost callers and callbacks, blocked callers: on a real Asterisk (S2.9.9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.telephony.ami import Ami, open_ami
from channels.telephony.blocking import FAMILY
from crm_core.ground.clock import now
from hub.main import Hub
from hub.settings import Settings
from hub.store.client import Database
from tests.channels.telephony.conftest import Floor, until
from tests.conftest import SignIn
from tests.lab.asterisk.plays import ADA, all_hung_up, ended, members, quiet
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    CANCELLED,
    RINGING,
    agent,
    call,
    carrier,
    hang_up,
    pause,
)


async def paused(ami: Ami) -> str | None:
    """The reason of the pause of 1001 in the queue; None while it is rung."""
    [member] = await ami.listing({"Action": "QueueStatus", "Queue": "support"}, "QueueMember")
    return member["PausedReason"] if member["Paused"] == "1" else None


async def presence(floor: Floor) -> str:
    """The agent's state."""
    _, state = await floor.agent.call("GET", "/api/me/presence")
    return str(state["state"])


async def is_(floor: Floor, ami: Ami, state: str, reason: str | None) -> bool:
    return await presence(floor) == state and await paused(ami) == reason


async def short_call(pbx: Asterisk, floor: Floor) -> Any:
    """A queue call that 1001 answers and ends."""
    steps = (RINGING, ANSWER, ACKED, pause(0.5), hang_up())
    with agent(pbx, "1001", *steps), call(pbx, "4000", ADA.dials, ADA.is_answered, BYED) as ada:
        await ended(ada)
        where = {"state": "ended", "part.outcome": "answered"}
        return await until(lambda: floor.hub.db["calls"].find_one(where, sort=[("began_at", -1)]))


async def ready(floor: Floor, wrap_up_s: int) -> None:
    """The agent is available, and the queue gives so much time after a call."""
    await floor.hub.desk.queues.change("support", {"wrap_up_s": wrap_up_s})
    await floor.agent.call("PUT", "/api/me/presence", {"state": "available"})


async def test_after_a_queue_call_the_agent_wraps_up_and_is_free_when_done(
    pbx: Asterisk, ami: Ami, floor: Floor, signed_in: SignIn
) -> None:
    """S2.9.9: presence, the pause in the queue, the outcome on the message; finishing ends all of it at once."""
    await ready(floor, 600)
    async with members(ami, "1001"):
        done = await short_call(pbx, floor)
        await until(lambda: is_(floor, ami, "wrap_up", "mainstem-wrap-up"))
        path = f"/api/calls/{done['message']}/wrap-up"
        status, answer = await floor.agent.call("POST", path, {"outcome": "nonsense"})
        assert (status, answer["errors"][0]["path"]) == (422, "outcome")
        colleague = await signed_in("cy", roles=["SP"], queues=["support"])
        status, _ = await colleague.call("POST", path, {"outcome": "resolved"})
        assert status == 403
        status, answer = await floor.agent.call("POST", path, {"outcome": "resolved", "note": "wants a brochure"})
        assert (status, answer["part"]["wrap_up"]["outcome"]) == (200, "resolved"), answer
        await until(lambda: is_(floor, ami, "available", None))
    _, message = await floor.agent.call("GET", f"/api/messages/{done['message']}")
    said = message["call"]["wrap_up"]
    assert (said["outcome"], said["note"], said["by"]) == ("resolved", "wants a brochure", floor.agent.user)
    assert (message["call"]["outcome"], message["call"]["state"]) == ("answered", "ended")
    _, found = await floor.agent.call("GET", f"/api/calls?linkedid={done['call']}")
    assert found["items"][0]["part"]["wrap_up"]["outcome"] == "resolved"
    assert [e["actor"] async for e in floor.hub.db["audit"].find({"what": "call.wrapped-up"})] == [floor.agent.user]


async def test_after_call_work_never_lasts_longer_than_the_queue_gives(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Also where more was asked for; a pause of the agent's own stays."""
    await ready(floor, 3)
    async with members(ami, "1001"):
        done = await short_call(pbx, floor)
        await until(lambda: is_(floor, ami, "wrap_up", "mainstem-wrap-up"))
        body = {"outcome": "resolved", "seconds": 3000}
        status, _ = await floor.agent.call("POST", f"/api/calls/{done['message']}/wrap-up", body)
        assert status == 200
        await until(lambda: is_(floor, ami, "available", None))
        [work] = await floor.hub.db["after_calls"].find({}).to_list()
        assert (work["until"] - work["began_at"]).total_seconds() == 3


async def test_who_says_to_be_available_is_done(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """The presence of the agent ends the work too, and the phone is rung again."""
    await ready(floor, 600)
    async with members(ami, "1001"):
        await short_call(pbx, floor)
        await until(lambda: is_(floor, ami, "wrap_up", "mainstem-wrap-up"))
        await floor.agent.call("PUT", "/api/me/presence", {"state": "available"})
        await until(lambda: is_(floor, ami, "available", None))


async def test_after_call_work_survives_a_restart_of_the_hub(
    pbx: Asterisk, ami: Ami, floor: Floor, settings: Settings, db: Database
) -> None:
    """The due time stands in the store: the next hub ends it, and lets the phone ring again."""
    await ready(floor, 5)
    async with members(ami, "1001"):
        await short_call(pbx, floor)
        await until(lambda: is_(floor, ami, "wrap_up", "mainstem-wrap-up"))
        await floor.hub.stop()
        assert await paused(ami) == "mainstem-wrap-up"
        second = Hub(settings)
        await second.start()
        try:

            async def free() -> bool:
                doc = await db["presence"].find_one({"_id": floor.agent.user})
                return bool(doc and doc["state"] == "available" and await paused(ami) is None)

            await until(free)
        finally:
            await second.stop()


async def test_a_lost_caller_waits_once_and_is_closed_when_reached(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: two abandoned calls, one callback; dialled from the list, answered, done by itself."""
    async with members(ami, "1001"):
        for _ in range(2):
            with (
                agent(pbx, "1001", RINGING, CANCELLED),
                call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1), ADA.hangs_up) as ada,
            ):
                await ended(ada)
                await quiet(ami)

    async def both() -> Any:
        _, page = await floor.agent.call("GET", "/api/callbacks?queue=support")
        return page["items"] if page["items"] and len(page["items"][0]["calls"]) == 2 else None

    [lost] = await until(both)
    assert (lost["kind"], lost["number"], lost["name"], lost["due"]) == ("lost", "+8613800138000", "Ada", True)
    with agent(pbx, "1001", RINGING, ANSWER, ACKED, BYED), carrier(pbx, RINGING, ANSWER, ACKED, BYED):
        status, dialled = await floor.agent.call("POST", f"/api/callbacks/{lost['id']}/call", {})
        assert (status, dialled["account"]) == (202, "pbx"), dialled
        live = await floor.call("talking")
        assert live["part"]["number"] == "+8613800138000"

        async def done() -> Any:
            _, page = await floor.agent.call("GET", "/api/callbacks?state=done")
            return page["items"]

        [closed] = await until(done)
        await all_hung_up(ami)
    assert (closed["id"], closed["closed_because"]) == (lost["id"], "reached")
    assert (closed["assignee"]["id"], closed["dialled"]) == (floor.agent.user, dialled["linkedid"])
    status, _ = await floor.agent.call("POST", f"/api/callbacks/{lost['id']}/call", {})
    assert status == 409


async def test_a_lost_caller_who_calls_again_and_is_answered_waits_no_more(
    pbx: Asterisk, ami: Ami, floor: Floor
) -> None:
    """Reached is reached, whoever called."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1), ADA.hangs_up) as ada,
        ):
            await ended(ada)
            await quiet(ami)
        await until(lambda: floor.hub.db["callbacks"].find_one({"state": "open"}))
        await short_call(pbx, floor)
        closed = await until(lambda: floor.hub.db["callbacks"].find_one({"state": "done"}))
    assert closed["closed_because"] == "reached"
    assert await floor.hub.db["callbacks"].count_documents({}) == 1


async def test_a_blocked_caller_is_refused_by_the_pbx(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: in any spelling; still one message, `rejected` and `blocked`; unblocked, the next call comes through."""
    body = {"number": "0086 138-0013-8000", "reason": "threats"}
    status, _ = await floor.agent.call("POST", "/api/blocked-callers", body)
    assert status == 403
    status, blocked = await floor.supervisor.call("POST", "/api/blocked-callers", body)
    assert (status, blocked["number"], blocked["told"]) == (201, "+8613800138000", True), blocked
    with call(pbx, "4000", ADA.dials, ADA.is_refused(403)) as ada:
        await ended(ada)
    done = await floor.call("ended")
    assert (done["part"]["outcome"], done["part"]["blocked"], done["part"]["direction"]) == (
        "rejected",
        True,
        "inbound",
    )
    assert await floor.hub.db["messages"].count_documents({"kind": "call"}) == 1
    assert await floor.hub.db["callbacks"].count_documents({}) == 0
    status, _ = await floor.supervisor.call("DELETE", f"/api/blocked-callers/{blocked['id']}")
    assert status == 204
    async with members(ami, "1001"):
        done = await short_call(pbx, floor)
    assert (done["part"]["outcome"], done["part"]["blocked"]) == ("answered", False)
    whats = [e["what"] async for e in floor.hub.db["audit"].find({"what": {"$regex": "^caller"}}).sort("_id", 1)]
    assert whats == ["caller.blocked", "caller.unblocked"]


async def test_a_block_ends_at_its_time(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """By the PBX's own clock: nobody need tell it."""
    until_ = (now() + timedelta(seconds=2)).isoformat()
    status, _ = await floor.supervisor.call("POST", "/api/blocked-callers", {"number": "13800138000", "until": until_})
    assert status == 201
    await until(lambda: _after(until_))
    async with members(ami, "1001"):
        done = await short_call(pbx, floor)
    assert done["part"]["outcome"] == "answered"
    status, answer = await floor.supervisor.call(
        "POST", "/api/blocked-callers", {"number": "13800138000", "until": until_}
    )
    assert (status, answer["errors"][0]["path"]) == (422, "until")
    await floor.supervisor.call("DELETE", "/api/blocked-callers/pbx%7C+8613800138000")


async def _after(moment: str) -> bool:
    return datetime.now(UTC) > datetime.fromisoformat(moment) + timedelta(seconds=1)


async def test_the_pbx_is_told_again_when_it_is_back(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """What was blocked, or let in, while it was away: the lists are the same after the next connection."""
    await ami.ask({
        "Action": "Originate", "Channel": f"Local/s@{FAMILY}-list/n", "Application": "Wait", "Data": "1",
        "Async": "true", "Variable": "__MAINSTEM_LIST=12345:0",
    })  # fmt: skip
    await until(lambda: _list(ami))
    pbx.stop()
    status, blocked = await floor.supervisor.call("POST", "/api/blocked-callers", {"number": "010-8888 1234"})
    assert (status, blocked["told"]) == (201, False)
    pbx.start()

    async with await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as again:
        wanted = {"+861088881234", "861088881234", "00861088881234", "1088881234", "01088881234"}

        async def same() -> bool:
            return await _list(again) == wanted

        await until(same)
        await floor.supervisor.call("DELETE", f"/api/blocked-callers/{blocked['id']}")
        assert await _list(again) == set()


async def _list(ami: Ami) -> set[str]:
    found = await ami.listing({"Action": "DBGetTree", "Family": FAMILY}, "DBGetTreeResponse")
    return {each["Key"].rpartition("/")[2] for each in found}


@pytest.mark.parametrize("number", ["", "abc", "13"])
async def test_only_numbers_are_blocked(floor: Floor, number: str) -> None:
    status, answer = await floor.supervisor.call("POST", "/api/blocked-callers", {"number": number})
    assert (status, answer["errors"][0]["path"]) == (422, "number")
