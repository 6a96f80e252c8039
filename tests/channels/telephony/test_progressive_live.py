"""Two agents work a progressive list on a real Asterisk. (S2.9.9-06)"""

from __future__ import annotations

from channels.telephony.ami import Ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.lists import sits, started_progressive
from tests.conftest import SignIn
from tests.lab.asterisk.plays import channels, quiet
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, RINGING, agent, carrier, pause

NUMBERS = [f"+861390013900{n}" for n in range(4)]
PICKS_UP = (RINGING, ANSWER, ACKED, BYED)


async def test_each_number_is_dialled_once_and_never_more_than_agents_are_free(
    pbx: Asterisk, ami: Ami, floor: Floor, signed_in: SignIn
) -> None:
    """Nobody dials by hand; both agents get calls, one at a time each, until the list is done."""
    listed = await started_progressive(floor, NUMBERS)
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
