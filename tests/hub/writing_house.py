"""A hub with one mailbox whose mail goes to a sink, a few people to write to, and a worker's turn in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from crm_core.access.actor import system
from hub.main import Hub
from hub.settings import AccountSettings, Settings
from hub.store.unit import Units
from tests.conftest import SignedIn
from tests.lab.smtp_sink import SmtpSink
from workers.task import Work
from workers.tasks.mailings import send_mailing

KEY = SecretStr("a key for tests only")


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    """The far mail server."""
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
def settings(settings: Settings, sink: SmtpSink) -> Settings:
    """The usual settings with one mailbox; the address of the hub is that of a public one."""
    mailbox = AccountSettings.model_validate(
        {
            "channel": "email",
            "queue": "support",
            "addresses": ["support@demo.local", "sales@demo.local"],
            "smtp_host": "127.0.0.1",
            "smtp_port": sink.port,
            "tls": "none",
        }
    )
    more = {"accounts": {"mail": mailbox}, "secret_key": KEY, "public_url": None, "company": "Lanjing"}
    return settings.model_copy(update=more)


class Town:
    """People of all kinds, made with few words."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.region = ""

    async def found(self) -> None:
        """The region that every customer lies in."""
        region = {"code": "CN", "name": "China", "level": "country"}
        self.region = (await self.hub.records.create(system(), "region", region))["id"]

    async def add(self, key: str, **fields: Any) -> str:
        """A record; `mail` is its one address."""
        if mail := fields.pop("mail", None):
            fields["mails"] = [{"kind": "work", "address": mail}]
        if key == "customer":
            fields = {"kind": "direct", "status": "prospect", "region": self.region} | fields
        owner = await self.hub.db["record_user"].find_one({}, sort=[("_id", 1)])
        assert owner is not None, "sign somebody in first: a record needs an owner"
        fields.setdefault("owner", owner["_id"])
        return str((await self.hub.records.create(system(), key, fields))["id"])


@pytest.fixture
async def town(hub: Hub) -> Town:
    """The town of the running hub."""
    town = Town(hub)
    await town.found()
    return town


async def turn(hub: Hub, run: str) -> str | None:
    """One turn of a worker on a run, with a connection of its own."""

    async def tell(done: int, total: int | None, text: str) -> None:
        return None

    async def send(task: str, job: str) -> None:
        return None

    units = Units(hub.ground.client, hub.db)
    return await send_mailing(Work(settings=hub.settings, db=hub.db, units=units, tell=tell, send=send), run)


async def until(condition: Callable[[], Awaitable[Any]] | Callable[[], Any], within_s: float = 30) -> Any:
    """Wait until the condition gives something."""
    async with asyncio.timeout(within_s):
        while True:
            found = condition()
            found = await found if asyncio.iscoroutine(found) else found
            if found:
                return found
            await asyncio.sleep(0.05)


async def call(who: SignedIn, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
    """A call that must have this status."""
    status, answer = await who.call(method, path, body, **headers)
    assert status == expect, (status, answer)
    return answer
