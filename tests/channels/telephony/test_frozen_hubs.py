"""A hub that stood still for longer than others wait dials nothing late: each number is dialled once. (S2.9.9-06)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami
from hub.store.client import Database
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.hubs import elsewhere, hub_process, owned
from tests.channels.telephony.lists import Dialled, all_true, done, prepared
from tests.channels.telephony.test_callback_faults import planned
from tests.faults.house import HubProcess
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import all_hung_up
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BUSY, BYED, RINGING, agent, carrier

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]

NUMBERS = ["+8613900139401", "+8613900139402"]
PICKS_UP = (RINGING, ANSWER, ACKED, BYED)
DONE_S = 180.0
SLOW_S = 1.5
"""The way from the first hub to the PBX: it is stopped while it signs in to dial."""


@asynccontextmanager
async def beside(
    mongo_url: str, db: Database, folder: Path, cable: Cable, pbx: Asterisk
) -> AsyncIterator[tuple[HubProcess, HubProcess]]:
    """A hub with a slow line, which runs, and another one that can be started."""
    cable.delay_s = SLOW_S
    first = hub_process(mongo_url, db.name, folder, cable.port, "one")
    second = hub_process(mongo_url, db.name, folder, pbx.ami, "two")
    await first.start()
    yield first, second
    for hub in (first, second):
        assert await hub.stop() == 0


def asked_over(cable: Cable) -> asyncio.Event:
    """Set when a call is asked for over this line."""
    asked = asyncio.Event()

    async def note() -> None:
        asked.set()

    cable.when("Originate", note)
    return asked


async def found(what: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for it without a pause: what follows must not be late."""
    async with asyncio.timeout(60):
        while not (it := await what()):
            await asyncio.sleep(0)
    return it


async def test_a_frozen_hub_does_not_dial_what_another_has_dialled(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, mongo_url: str, db: Database, tmp_path: Path
) -> None:
    """Stopped between the intent and the call; another asks the PBX, and dials; then the first goes on."""
    listed, dialled = await prepared(floor, db, NUMBERS), Dialled(ami)
    asked = asked_over(cable)
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, RINGING, BUSY):
        async with beside(mongo_url, db, tmp_path, cable, pbx) as (first, second):
            await found(lambda: db["call_entries"].find_one({"list": listed, "state": "calling"}))
            first.freeze()
            await second.start()
            await until(lambda: _dialled(dialled, 1), DONE_S)
            first.thaw()
            await first.until_ready()
            await until(lambda: done(db, listed), DONE_S)
    assert not asked.is_set()
    await all_true(db, listed, dialled, NUMBERS)


async def _dialled(dialled: Dialled, count: int) -> bool:
    return len(dialled.numbers()) >= count


async def test_a_frozen_hub_does_not_dial_a_callback_late(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, mongo_url: str, db: Database, tmp_path: Path
) -> None:
    """The agent asks a second hub, talks, and the callback is done; then the first goes on and says that it is too late."""
    callback, dialled = await planned(floor), Dialled(ami)
    await floor.hub.stop()
    asked, path = asked_over(cable), f"/api/callbacks/{callback}/call"
    with agent(pbx, "1001", *PICKS_UP), carrier(pbx, *PICKS_UP):
        async with (
            beside(mongo_url, db, tmp_path, cable, pbx) as (first, second),
            elsewhere(first, floor.agent) as ann, elsewhere(second, floor.agent) as ann_there,
        ):  # fmt: skip
            await until(lambda: owned(db))
            late = asyncio.ensure_future(ann.call("POST", path, {}))
            await found(lambda: db["callbacks"].find_one({"_id": callback, "dialled": {"$ne": None}}))
            first.freeze()
            await second.start()
            status, answer = await ann_there.call("POST", path, {})
            assert status == 202, answer
            await until(lambda: db["callbacks"].find_one({"_id": callback, "state": "done"}), 60)
            await all_hung_up(ami)
            first.thaw()
            status, problem = await asyncio.wait_for(late, 60)
            assert (status, problem["code"]) == (502, "channel-transient"), problem
    assert not asked.is_set()
    assert len(dialled.numbers()) == 1
    doc = await db["callbacks"].find_one({"_id": callback})
    assert doc is not None
    assert (doc["state"], doc["dialled"]) == ("done", answer["linkedid"])
