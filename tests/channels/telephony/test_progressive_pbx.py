"""Asterisk dies under a progressive list, and comes back: the list goes on by itself. (S2.9.9-06)"""

from __future__ import annotations

from typing import Any

import pytest

from channels.telephony.ami import Ami, open_ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.lists import Dialled, done, sits, started_progressive
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, RINGING, agent, carrier, pause

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]

NUMBERS = [f"+861390013920{n}" for n in range(4)]
PICKS_UP = (RINGING, ANSWER, ACKED, BYED)
WITHIN_S = 180.0


async def test_a_pbx_that_is_started_anew_goes_on_with_the_list(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """The call that died with it was not answered, by the hub's word; the others are dialled once, and nobody has to press
    anything."""
    listed, before = await started_progressive(floor, NUMBERS), Dialled(ami)
    db = floor.hub.db

    async def second_rings() -> Any:
        return len(before.numbers()) == 2 and await db["calls"].find_one(
            {"live": True, "state": "ringing", "part.direction": "outbound"}
        )

    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, pause(2), BUSY):
        await sits(floor.agent, listed)
        await until(second_rings, WITHIN_S)
        pbx.stop(kill=True)
        await until(lambda: db["call_seats"].find_one({"why": "calling"}), WITHIN_S)
        pbx.start()
        async with await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as anew:
            after = Dialled(anew)
            late = {"list": listed, "state": {"$in": ["taken", "calling", "talked"]}}

            async def over() -> bool:
                waits = await db["call_entries"].count_documents({"list": listed, "state": "waiting"})
                return waits == 1 and await db["call_entries"].find_one(late) is None

            await until(over, WITHIN_S)
            assert sorted(before.numbers() + after.numbers()) == NUMBERS
    entries = await db["call_entries"].find({"list": listed}).sort("n", 1).to_list()
    assert [each["attempts"][-1]["outcome"] for each in entries] == ["busy", "no_answer", "busy", "busy"]
    assert [len(each["attempts"]) for each in entries] == [1] * 4


async def test_a_pbx_that_is_away_pauses_nobody(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """The seat says what it waits for, and the list begins when the PBX is there."""
    pbx.stop(kill=True)
    listed = await started_progressive(floor, NUMBERS[:1])
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, BUSY):
        await sits(floor.agent, listed)
        await until(lambda: seat_that_waits(floor, "pbx"), WITHIN_S)
        pbx.start()
        await until(lambda: done(floor.hub.db, listed), WITHIN_S)


async def seat_that_waits(floor: Floor, why: str) -> Any:
    """The agent's seat, where it waits for this."""
    return await floor.hub.db["call_seats"].find_one({"_id": floor.agent.user, "state": "ready", "why": why})
