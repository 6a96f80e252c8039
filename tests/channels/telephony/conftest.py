"""A real Asterisk for the whole run, and a hub with that PBX as its account."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from channels.telephony.ami import Ami, open_ami
from hub.main import Hub
from hub.settings import AccountSettings, QueueSettings, Settings
from tests.conftest import SignedIn, SignIn
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import all_hung_up, channels
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tests.lab.asterisk.sid import install, installed, why_not

WITHIN_S = 90.0


def need_asterisk() -> None:
    """Have the program installed; on a build machine it must be there."""
    if not installed():
        if (reason := why_not()) is not None:
            assert os.environ.get("CI") != "true", reason
            pytest.skip(reason)
        install()


@pytest.fixture(scope="session")
def pbx() -> Iterator[Asterisk]:
    """One Asterisk for all tests."""
    need_asterisk()
    with Asterisk() as server:
        yield server


@pytest.fixture
async def ami(pbx: Asterisk) -> AsyncIterator[Ami]:
    """A connection of the test's own, to steer the PBX."""
    async with await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as connection:
        yield connection
    await _leave_nothing(pbx)


async def _leave_nothing(pbx: Asterisk) -> None:
    """What a failed test left in the PBX would fail those after it: its calls, and its phones in queues."""
    async with await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as ami:
        if await channels(ami):
            await all_hung_up(ami)
        for each in await ami.listing({"Action": "QueueStatus"}, "QueueMember"):
            await ami.tell({"Action": "QueueRemove", "Queue": each["Queue"], "Interface": each["Location"]})


def account_settings(port: int, **more: Any) -> AccountSettings:
    """The telephony account of a PBX whose AMI is at this port."""
    fields = {"host": "127.0.0.1", "port": port, "username": USER, "secret": SECRET, "queue": "support", "ping_s": 0.5}
    return AccountSettings(channel="telephony", **{**fields, **more})


@pytest.fixture
async def cable(pbx: Asterisk) -> AsyncIterator[Cable]:
    """A way to the PBX of this run that can be cut; a test that overrides `ami_port` has its hub go there."""
    async with Cable(pbx.ami) as cable:
        yield cable


@pytest.fixture
def ami_port(pbx: Asterisk) -> int:
    """Where the hub reaches AMI; a test may put something in between."""
    return pbx.ami


@pytest.fixture
def settings(settings_of: Callable[[int], Settings], ami_port: int) -> Settings:
    """Of a hub with the PBX as its account."""
    return settings_of(ami_port)


@pytest.fixture
def settings_of(mongo_url: str, prepared_database: str, tmp_path: Any) -> Callable[[int], Settings]:
    """Settings of a hub whose PBX is at a port."""

    def make(port: int) -> Settings:
        return Settings(
            port=0,
            data=tmp_path,
            mongo_url=SecretStr(mongo_url),
            database=prepared_database,
            queues={"general": QueueSettings(name="General"), "support": QueueSettings(name="Support")},
            accounts={"pbx": account_settings(port)},
        )

    return make


async def until(what: Callable[[], Awaitable[Any]], within_s: float = WITHIN_S) -> Any:
    """Wait until something is true; returns it."""
    async with asyncio.timeout(within_s):
        while not (found := await what()):
            await asyncio.sleep(0.03)
    return found


class Floor:
    """A hub with an agent at extension 1001, and what its store and events say."""

    def __init__(self, hub: Hub, agent: SignedIn, supervisor: SignedIn) -> None:
        self.hub = hub
        self.agent = agent
        self.supervisor = supervisor

    async def connected(self) -> None:
        """Wait until the account's connection stands."""

        async def stands() -> bool:
            _, answer = await self.supervisor.call("GET", "/api/accounts")
            return bool(answer["items"][0]["state"] == "connected")

        await until(stands)

    async def call(self, state: str | None = None) -> Any:
        """The newest call, once it is in a state."""

        async def found() -> Any:
            doc = await self.hub.db["calls"].find_one({}, sort=[("began_at", -1)])
            return doc if doc and state in (None, doc["state"]) else None

        return await until(found)

    async def events(self, name: str) -> list[Any]:
        """What was announced under a name."""
        return await self.hub.db["events"].find({"name": name}).sort("_id", 1).to_list()


@pytest.fixture
async def floor(hub: Hub, signed_in: SignIn) -> Floor:
    """The hub, connected, with its people."""
    agent = await signed_in("ann", roles=["SP"], queues=["support"])
    supervisor = await signed_in("sue", roles=["SU"])
    await hub.db["record_user"].update_one({"_id": agent.user}, {"$set": {"extension": "1001"}})
    floor = Floor(hub, agent, supervisor)
    await floor.connected()
    return floor
