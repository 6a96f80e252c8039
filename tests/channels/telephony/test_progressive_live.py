"""Two agents work a progressive list on a real Asterisk. (S2.9.9-06)"""

from __future__ import annotations

from typing import Any

from channels.telephony.ami import Ami
from hub.store.unit import Units
from tests.channels.telephony.conftest import Floor, until
from tests.conftest import SignedIn, SignIn
from tests.lab.asterisk.plays import channels, quiet
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, RINGING, agent, carrier, pause
from workers.task import Work
from workers.tasks.call_lists import fill_call_list

NUMBERS = [f"+861390013900{n}" for n in range(4)]
PICKS_UP = (RINGING, ANSWER, ACKED, BYED)


async def started(floor: Floor) -> str:
    """A list of four with a second between calls, filled by a worker's turn; whoever is busy is not called again."""
    body = {"name": "Care", "queue": "support", "numbers": NUMBERS, "mode": "progressive", "pace_s": 1}
    body["retries"] = {"no_answer": {"after_min": 30, "most": 3}}
    status, listed = await floor.supervisor.call("POST", "/api/call-lists", body)
    assert status == 201, listed
    await floor.supervisor.call("PATCH", f"/api/call-lists/{listed['id']}", {"state": "running"})

    async def nothing(*_: Any) -> None:
        return None

    units = Units(floor.hub.client, floor.hub.db)
    work = Work(settings=floor.hub.settings, db=floor.hub.db, units=units, tell=nothing, send=nothing)
    await fill_call_list(work, listed["id"], floor.supervisor.user)
    return str(listed["id"])


async def sits(who: SignedIn, listed: str) -> None:
    """Available, and ready at the list."""
    await who.call("PUT", "/api/me/presence", {"state": "available"})
    status, seat = await who.call("PUT", f"/api/call-lists/{listed}/seat", {"state": "ready"})
    assert (status, seat["state"]) == (200, "ready"), seat


async def test_each_number_is_dialled_once_and_never_more_than_agents_are_free(
    pbx: Asterisk, ami: Ami, floor: Floor, signed_in: SignIn
) -> None:
    """Nobody dials by hand; both agents get calls, one at a time each, until the list is done."""
    listed = await started(floor)
    other = await signed_in("bob", roles=["SP"], queues=["support"])
    await floor.hub.db["record_user"].update_one({"_id": other.user}, {"$set": {"extension": "1002"}})
    outside: list[int] = []

    async def done() -> bool:
        there = [each["Channel"] for each in await channels(ami)]
        outside.append(sum(name.startswith("PJSIP/trunk-") for name in there))
        for phone in ("1001", "1002"):
            assert sum(name.startswith(f"PJSIP/{phone}-") for name in there) <= 1, there
        _, shown = await floor.supervisor.call("GET", f"/api/call-lists/{listed}")
        return bool(shown["state"] == "done")

    with (
        agent(pbx, "1001", *PICKS_UP),
        agent(pbx, "1002", *PICKS_UP),
        carrier(pbx, RINGING, pause(1), BUSY),
    ):
        for who in (floor.agent, other):
            await sits(who, listed)
        await until(done, 90)
        await quiet(ami)
    assert max(outside) in (1, 2)
    entries = await floor.hub.db["call_entries"].find({"list": listed}).sort("n", 1).to_list()
    assert [(each["number"], each["result"], len(each["attempts"])) for each in entries] == [
        (number, "busy", 1) for number in NUMBERS
    ]
    assert {each["attempts"][0]["by"]["id"] for each in entries} == {floor.agent.user, other.user}
    over = {"live": False, "merged_into": None}
    calls = await floor.hub.db["calls"].find(over).to_list()
    assert sorted(call["part"]["number"] for call in calls) == NUMBERS
    assert sorted(entry["linkedid"] for entry in entries) == sorted(call["linkedids"][0] for call in calls)
