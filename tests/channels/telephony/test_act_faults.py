"""Conferences and supervision while hubs die and lines break: nobody is called in secret, nobody is lost (S2.9.9-08)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami
from hub.store.client import Database, Doc
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.hubs import dies_of, elsewhere, hub_process, owned, taken
from tests.faults.house import HubProcess
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, members
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent, call, pause

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

TALKS_ON = (RINGING, ANSWER, ACKED, BYED)
Hubs = tuple[HubProcess, HubProcess]
Act = Callable[[], Awaitable[Any]]


@pytest.fixture
def ami_port(cable: Cable) -> int:
    """The hub goes through the cable."""
    return cable.port


@pytest.fixture
async def hubs(cable: Cable, floor: Floor, mongo_url: str, db: Database, tmp_path: Path) -> AsyncIterator[Hubs]:
    """One that has the PBX, and one to be started; what `floor` began is stopped, its people remain."""
    await floor.hub.stop()
    first, second = (hub_process(mongo_url, db.name, tmp_path, cable.port, name) for name in ("one", "two"))
    await first.start()
    await until(lambda: owned(db))
    yield first, second
    for each in (first, second):
        if each.process is not None:
            await each.stop()


@asynccontextmanager
async def talks(pbx: Asterisk, ami: Ami, db: Database) -> AsyncIterator[Doc]:
    """Ada talks with extension 1001; the phones 1002 and 1003 answer."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *TALKS_ON),
            agent(pbx, "1002", *TALKS_ON),
            agent(pbx, "1003", *TALKS_ON),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(120), ADA.hangs_up),
        ):
            try:
                yield await until(lambda: db["calls"].find_one({"state": "talking", "message": {"$ne": None}}), 60)
            finally:
                await all_hung_up(ami)


async def killed(cable: Cable, hubs: Hubs, action: str, passes: bool, db: Database, act: Act) -> None:
    """The first hub dies as that action goes by; the second takes the PBX."""
    before, gone = await db["leases"].find_one({"_id": "account:pbx"}), asyncio.Event()

    async def kills() -> None:
        await hubs[0].kill()
        gone.set()

    cable.when(action, kills, passes=passes)
    await dies_of(act, gone)
    await hubs[1].start()
    await until(lambda: taken(db, before), 120)


async def there(ami: Ami) -> list[str]:
    """Whose phones are in the PBX now."""
    found = [each["Channel"].partition("/")[2].rpartition("-")[0] for each in await channels(ami)]
    return sorted(name for name in found if "@" not in name)


async def who(ami: Ami, *names: str) -> bool:
    return await there(ami) == sorted(names)


async def talking(db: Database, *extensions: str) -> Any:
    """The one call, with exactly these phones talking in it."""
    doc = await db["calls"].find_one({"live": True, "told": {"$ne": False}}, sort=[("began_at", 1)])
    return doc if doc and sorted(doc["talking"]) == sorted(extensions) and doc["state"] == "talking" else None


@pytest.mark.parametrize(
    ("action", "passes"),
    [("Redirect", False), ("Redirect", True), ("Originate", False), ("Originate", True)],
    ids=["before the bridge", "in the bridge", "before the third is called", "as the third is called"],
)
async def test_a_hub_killed_as_it_makes_a_conference(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, hubs: Hubs, db: Database, action: str, passes: bool
) -> None:
    """The two go on talking; the third is there or is not, as the PBX has it; asked again, it comes. One call, one message."""
    async with talks(pbx, ami, db) as live, elsewhere(hubs[0], floor.agent) as ann:
        path = f"/api/calls/{live['message']}/conference"
        await killed(cable, hubs, action, passes, db, lambda: ann.call("POST", path, {"to": "1002"}))
        called = (action, passes) == ("Originate", True)
        phones = ("1001", "1002") if called else ("1001",)
        await until(lambda: who(ami, "trunk", *phones), 60)
        doc = await until(lambda: talking(db, *phones), 60)
        assert [(each["to"], each["name"]) for each in doc["notes"]["invited"]] == [("1002", "Ann")]
        if not called:
            async with elsewhere(hubs[1], floor.agent) as ann_there:
                status, answer = await ann_there.call("POST", path, {"to": "1002"})
                assert status == 200, answer
            await until(lambda: talking(db, "1001", "1002"), 60)
    await until(lambda: _over(db), 60)
    assert await db["messages"].count_documents({"kind": "call"}) == 1


async def _over(db: Database) -> bool:
    return await db["calls"].find_one({"live": True}) is None


async def test_a_line_cut_as_a_conference_is_made(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, db: Database
) -> None:
    """Everything is cut as the two are led into the bridge: they go on, and when the line is back the third is asked again."""
    async with talks(pbx, ami, db) as live:
        cable.when("Redirect", cable.cut)
        path = f"/api/calls/{live['message']}/conference"
        status, problem = await floor.agent.call("POST", path, {"to": "1002"})
        assert status >= 500, problem
        await until(lambda: who(ami, "trunk", "1001"))
        await cable.mend()
        await until(lambda: talking(db, "1001"), 60)
        await floor.connected()
        status, answer = await floor.agent.call("POST", path, {"to": "1002"})
        assert status == 200, answer
        await until(lambda: talking(db, "1001", "1002"), 60)
    await until(lambda: _over(db), 60)
    assert await db["messages"].count_documents({"kind": "call"}) == 1


@pytest.mark.parametrize("passes", [False, True], ids=["before the PBX was asked", "as it rings the phone"])
async def test_a_hub_killed_as_a_supervisor_listens(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, hubs: Hubs, db: Database, passes: bool
) -> None:
    """Who wanted to listen is in the audit log; nobody listens whom the PBX was not asked for; asked again, one does."""
    await db["record_user"].update_one({"_id": floor.supervisor.user}, {"$set": {"extension": "1003"}})
    async with talks(pbx, ami, db) as live, elsewhere(hubs[0], floor.supervisor) as sue:
        path = f"/api/calls/{live['message']}/listen"
        await killed(cable, hubs, "Originate", passes, db, partial(sue.call, "POST", path))
        [entry] = await db["audit"].find({"what": "call.listen"}).to_list()
        assert (entry["actor"], entry["facts"]["agent"]) == (floor.supervisor.user, "1001")
        await until(lambda: who(ami, "trunk", "1001", *(["1003"] if passes else [])), 60)
        doc = await until(lambda: talking(db, "1001"), 60)
        assert await db["calls"].count_documents({}) == 1, doc
        async with elsewhere(hubs[1], floor.supervisor) as sue_there:
            status, answer = await sue_there.call("POST", path)
            assert (status, answer.get("agent")) == (200, "1001"), answer
        await until(lambda: who(ami, "trunk", "1001", "1003"), 60)
        assert await talking(db, "1001")
    await until(lambda: _over(db), 60)
    assert await db["calls"].count_documents({}) == 1
