"""A call list worked through on a real Asterisk. (S2.9.9-06, -10, -11)"""

from __future__ import annotations

from typing import Any

from channels.telephony.ami import Ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.lists import started
from tests.lab.asterisk.plays import channel_of, quiet
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, CANCELLED, RINGING, agent, carrier, hang_up, pause

NUMBERS = ["139 0013 9000", "139 0013 9001", "139 0013 9002"]
PICKS_UP = (RINGING, ANSWER, ACKED)
AGAIN = {"after_min": 30, "most": 3}
RETRIES = {"busy": AGAIN, "no_answer": AGAIN}


async def dialled(floor: Floor, listed: str) -> tuple[Any, Any]:
    """The next entry, dialled; with what the dialling said."""
    _, answer = await floor.agent.call("POST", f"/api/call-lists/{listed}/next")
    entry = answer["entry"]
    status, call = await floor.agent.call("POST", f"/api/call-lists/{listed}/entries/{entry['id']}/dial")
    assert status == 202, call
    return entry, call


async def moved_on(floor: Floor, entry: Any) -> Any:
    """The entry, once its call has moved it on without a word of the agent."""
    where = {"_id": entry["id"], "state": {"$ne": "calling"}}
    return await until(lambda: floor.hub.db["call_entries"].find_one(where))


async def call_of(floor: Floor, linkedid: str) -> Any:
    """The document of a call, over, with its message."""
    where = {"linkedids": linkedid, "live": False, "message": {"$ne": None}}
    return await until(lambda: floor.hub.db["calls"].find_one(where))


async def test_a_list_of_three_is_worked_through(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9-06: answered and wrapped up; busy, and not answered: due again by the rule, though nobody said so."""
    listed = await started(floor, NUMBERS, retries=RETRIES)
    with (
        agent(pbx, "1001", *PICKS_UP, BYED),
        carrier(pbx, RINGING, ANSWER, ACKED, pause(1), hang_up()),
    ):
        entry, call = await dialled(floor, listed)
        assert (await moved_on(floor, entry))["state"] == "talked"
        await quiet(ami)
    done = await call_of(floor, call["linkedid"])
    assert (done["part"]["number"], done["part"]["outcome"]) == ("+8613900139000", "answered")
    path = f"/api/call-lists/{listed}/entries/{entry['id']}/result"
    status, said = await floor.agent.call("POST", path, {"outcome": "order", "note": "two boxes"})
    assert (status, said["state"], said["result"]) == (200, "done", "order"), said
    _, message = await floor.supervisor.call("GET", f"/api/messages/{done['message']}")
    assert (message["call"]["wrap_up"]["outcome"], message["call"]["wrap_up"]["note"]) == ("order", "two boxes")

    with agent(pbx, "1001", *PICKS_UP, BYED), carrier(pbx, BUSY):
        entry, call = await dialled(floor, listed)
        after = await moved_on(floor, entry)
        await quiet(ami)
    assert (after["number"], after["state"], after["attempts"][0]["outcome"]) == ("+8613900139001", "waiting", "busy")

    with agent(pbx, "1001", *PICKS_UP, BYED), carrier(pbx, RINGING, CANCELLED):
        entry, call = await dialled(floor, listed)
        await channel_of(ami, "trunk", "Ringing")
        rings = {"linkedids": call["linkedid"], "state": "ringing", "message": {"$ne": None}, "users": floor.agent.user}
        live = await until(lambda: floor.hub.db["calls"].find_one(rings))
        status, answer = await floor.agent.call("POST", f"/api/calls/{live['message']}/hangup")
        assert status == 200, answer
        after = await moved_on(floor, entry)
        await quiet(ami)
    assert (after["number"], after["state"], after["attempts"][0]["outcome"]) == (
        "+8613900139002",
        "waiting",
        "no_answer",
    )

    _, answer = await floor.agent.call("POST", f"/api/call-lists/{listed}/next")
    assert (answer["entry"], answer["why"]) == (None, "none_due")
    _, shown = await floor.supervisor.call("GET", f"/api/call-lists/{listed}")
    assert (shown["entries"], shown["results"], shown["attempts"]) == ({"done": 1, "waiting": 2}, {"order": 1}, 3)


async def test_an_own_phone_that_is_not_answered_is_no_attempt(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Nobody was called: the agent still has the entry, as before, and may dial again."""
    listed = await started(floor, NUMBERS, retries=RETRIES)
    with agent(pbx, "1001", BUSY):
        entry, _ = await dialled(floor, listed)
        after = await moved_on(floor, entry)
        await quiet(ami)
    assert (after["state"], after["attempts"], after["agent"]["id"]) == ("taken", [], floor.agent.user)
    with agent(pbx, "1001", *PICKS_UP, BYED), carrier(pbx, BUSY):
        again, _ = await dialled(floor, listed)
        after = await moved_on(floor, again)
        await quiet(ami)
    assert (again["id"], after["state"], len(after["attempts"])) == (entry["id"], "waiting", 1)
