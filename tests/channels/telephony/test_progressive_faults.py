"""Progressive dialling while hubs die and lines break: each number is dialled once, none is forgotten. (S2.9.9-06)"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from channels.telephony.ami import Ami
from hub.store.client import Database
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.hubs import hub_process
from tests.channels.telephony.lists import Dialled, all_true, done, prepared, sits, started_progressive
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, RINGING, agent, carrier, pause

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]

NUMBERS = [f"+861390013910{n}" for n in range(4)]
PICKS_UP = (RINGING, ANSWER, ACKED, BYED)
DONE_S = 180.0


@pytest.fixture
def ami_port(cable: Cable) -> int:
    """The hub goes through the cable."""
    return cable.port


async def test_a_call_of_which_no_answer_came_is_not_dialled_again(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor
) -> None:
    """The line breaks as the PBX takes the call, and is mended when the call is over: what came of it the PBX says."""
    listed, dialled, cut = await started_progressive(floor, NUMBERS[:2]), Dialled(ami), asyncio.Event()

    async def cuts() -> None:
        await cable.cut()
        cut.set()

    cable.when("Originate", cuts)
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, BUSY):
        await sits(floor.agent, listed)
        await asyncio.wait_for(cut.wait(), 60)
        await until(lambda: _row(ami, "1001", ":BUSY"))
        [entry] = await floor.hub.db["call_entries"].find({"list": listed, "state": "calling"}).to_list()
        assert await floor.hub.db["calls"].find_one({"linkedids": entry["linkedid"]}) is None
        await cable.mend()
        await until(lambda: done(floor.hub.db, listed), DONE_S)
    await all_true(floor.hub.db, listed, dialled, NUMBERS[:2])


async def _row(ami: Ami, phone: str, ends: str) -> bool:
    rows = await ami.listing({"Action": "DBGetTree", "Family": "mainstem-dialled"}, "DBGetTreeResponse")
    return any(each["Key"].endswith(f"/{phone}") and each["Val"].endswith(ends) for each in rows)


async def test_a_call_that_goes_on_when_the_line_is_mended_is_the_entrys_own(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor
) -> None:
    """Nobody heard that the PBX took it; the agent is given nothing else meanwhile, and the call becomes known."""
    listed, dialled = await started_progressive(floor, NUMBERS[:2]), Dialled(ami)
    cable.when("Originate", cable.cut)
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, pause(8), BUSY):
        await sits(floor.agent, listed)
        await until(_has(dialled), 60)
        await cable.mend()
        await until(lambda: floor.hub.db["calls"].find_one({"live": True}), 60)
        await until(lambda: done(floor.hub.db, listed), DONE_S)
    await all_true(floor.hub.db, listed, dialled, NUMBERS[:2])


def _has(dialled: Dialled) -> Callable[[], Awaitable[bool]]:
    async def has() -> bool:
        return bool(dialled.numbers())

    return has


@pytest.mark.parametrize("passes", [True, False], ids=["after the PBX took the call", "before it got it"])
async def test_a_hub_killed_as_it_dials(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, mongo_url: str, db: Database, tmp_path: Path, passes: bool
) -> None:
    """Killed between the intent and the answer; a second hub goes on, from what the PBX says."""
    listed, dialled, killed = await prepared(floor, db, NUMBERS), Dialled(ami), asyncio.Event()
    first, second = (hub_process(mongo_url, db.name, tmp_path, cable.port, name) for name in ("one", "two"))

    async def kills() -> None:
        await first.kill()
        killed.set()

    cable.when("Originate", kills, passes=passes)
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, BUSY):
        await first.start()
        await asyncio.wait_for(killed.wait(), 60)
        await second.start()
        await until(lambda: done(db, listed), DONE_S)
        await second.stop()
    await all_true(db, listed, dialled, NUMBERS)


async def test_hubs_killed_again_and_again_dial_each_number_once(
    pbx: Asterisk, ami: Ami, floor: Floor, mongo_url: str, db: Database, tmp_path: Path
) -> None:
    """At whatever moment: no number twice, none forgotten, no seat stuck."""
    listed, dialled, chance, kills = await prepared(floor, db, NUMBERS), Dialled(ami), random.Random(11), 0
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, pause(0.5), BUSY):
        while not await done(db, listed):
            hub = hub_process(mongo_url, db.name, tmp_path, pbx.ami, f"hub-{kills}")
            await hub.start()
            if kills == 5:
                await until(lambda: done(db, listed), DONE_S)
                await hub.stop()
            else:
                before = len(dialled.numbers())
                await until(partial(_more, db, listed, dialled, before), DONE_S)
                await asyncio.sleep(chance.uniform(0, 1.5))  # anywhere in the life of a call
                await hub.kill()
                kills += 1
    assert kills >= 2
    await all_true(db, listed, dialled, NUMBERS)


async def _more(db: Database, listed: str, dialled: Dialled, before: int) -> bool:
    return len(dialled.numbers()) > before or await done(db, listed)
