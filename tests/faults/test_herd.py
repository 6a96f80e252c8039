"""Two hundred consoles lose their hub at once. They come back spread over the time the hub told them (or, where it died
without a word, over their own pauses), and each has every event exactly once, in order."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
from pydantic import SecretStr
from socketio.exceptions import SocketIOError

from hub.console.line import NAMESPACE
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import QueueSettings, Settings
from hub.supervise import end_tasks
from tests.conftest import PASSWORD
from tests.faults.house import HubProcess
from tests.lab.envelopes import mail
from tests.lab.ports import free_port

pytestmark = pytest.mark.fault

CONSOLES = 200
SPREAD_S = 5.0
"""As `hub.main.hub` tells: a stopping hub sends its consoles away for 0 to 5 seconds."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0
BEFORE, MEANWHILE, AFTER = 20, 30, 20


@dataclass
class Herdling:
    """One console. It behaves as the browser's does: resumes after what it saw, waits as told, else with jitter.

    Attributes:
        seqs: places of the messages it was told of, in the order heard.
        told: the seconds to stay away, as the hub said; None where it said nothing.
        back: when it was ready again after the loss (loop time).
    """

    url: str
    token: str
    http: aiohttp.ClientSession
    seqs: list[int] = field(default_factory=list)
    seen: int | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    told: float | None = None
    lost_at: float = 0.0
    tried_at: float = 0.0
    back: float = 0.0
    stale: int = 0

    async def run(self) -> None:
        """Live, until cancelled."""
        for attempt in itertools.count():
            if await self._connect():
                await self.lost.wait()
                if not self.tried_at:
                    self.lost_at = asyncio.get_running_loop().time()
                pause = self.told if self.told is not None else self._pause(0)
            else:
                pause = self._pause(attempt)
            await self._hang_up()
            await asyncio.sleep(pause)

    def _pause(self, attempt: int) -> float:
        ceiling = min(LONGEST_PAUSE_S, 2.0 ** min(attempt, 4))
        return FIRST_PAUSE_S + random.random() * max(0.0, ceiling - FIRST_PAUSE_S)

    async def _connect(self) -> bool:
        self.ready.clear()
        self.lost.clear()
        io = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=self.http)
        io.on("*", self._hear, namespace=NAMESPACE)
        io.on("disconnect", lambda *_: self.lost.set(), namespace=NAMESPACE)
        auth = {"token": self.token} | ({} if self.seen is None else {"after": self.seen})
        self._io = io
        if self.lost_at and not self.tried_at:
            self.tried_at = asyncio.get_running_loop().time()
        try:
            await io.connect(self.url, auth=auth, namespaces=[NAMESPACE], transports=["websocket"], wait_timeout=5)
        except SocketIOError:
            return False
        return True

    def _hear(self, name: str, data: Any = None) -> None:
        match name:
            case "ready":
                self.seen = max(self.seen or 0, data["seq"])
                self.back = asyncio.get_running_loop().time()
                self.ready.set()
            case "closing":
                self.told = data["wait_s"]
            case "stale":
                self.stale += 1
            case _ if data.get("seq") is not None:
                self.seen = data["seq"]
                if name == "message.appended":
                    self.seqs.append(data["seq"])

    async def _hang_up(self) -> None:
        await self._io.disconnect()
        await self._io.shutdown()


@dataclass
class Herd:
    """The consoles, and whoever writes into the stream beside the hub they stand on."""

    process: HubProcess
    beside: Hub
    consoles: list[Herdling]
    written: list[int] = field(default_factory=list)

    async def write(self, count: int) -> None:
        """So many messages, each in a conversation that all of them see."""
        for _ in range(count):
            number = len(self.written)
            stored = await self.beside.stream.ingest(
                mail(f"<{number}@herd.example>", f"c{number}@example.com", queue="support")
            )
            self.written.append(stored["seq"])

    async def until(self, holds: Any, within_s: float) -> None:
        """Wait until it holds for every console."""
        async with asyncio.timeout(within_s):
            while not all(holds(console) for console in self.consoles):
                await asyncio.sleep(0.05)

    async def all_heard(self) -> None:
        """Wait until each has as many as were written."""
        await self.until(lambda console: len(console.seqs) >= len(self.written), 60)


@pytest.fixture
async def herd(mongo_url: str, tmp_path: Path, db: Any) -> AsyncIterator[Herd]:
    """A hub process with its consoles, live."""
    beside = Hub(
        Settings(
            port=0,
            data=tmp_path,
            mongo_url=SecretStr(mongo_url),
            database=db.name,
            queues={"support": QueueSettings(name="Support")},
        )
    )
    await beside.open()
    beside.ground.supervisor.keep("writers", beside.units.tend)
    beside.ground.supervisor.keep("commit", beside.streaming.commit.run)
    here = FarEnd("local", "test")
    user = await beside.identity.staff.create_user("sup", "Sup", PASSWORD, far=here, roles=["SU"])
    token, _ = await beside.identity.tokens.create(user, "console", ["write"], by=user, far=here)
    process = HubProcess(mongo_url, db.name, tmp_path, free_port())
    await process.start()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        consoles = [Herdling(process.url, token, http) for _ in range(CONSOLES)]
        tasks = [asyncio.get_running_loop().create_task(console.run()) for console in consoles]
        herd = Herd(process, beside, consoles)
        await herd.until(lambda console: console.ready.is_set(), 60)
        yield herd
        await end_tasks(tasks)
        for console in consoles:
            await console._hang_up()
    await process.kill()
    await beside.ground.supervisor.stop()
    await beside.close()


def _check(herd: Herd) -> None:
    assert len(herd.written) == BEFORE + MEANWHILE + AFTER
    wrong = [console for console in herd.consoles if console.seqs != herd.written]
    assert not wrong, f"{len(wrong)} consoles miss or repeat something, first: {wrong[0].seqs} of {herd.written}"
    assert sum(console.stale for console in herd.consoles) == 0


async def _back(herd: Herd, gone_at: float) -> None:
    await herd.until(lambda console: console.ready.is_set() and console.back > gone_at, 60)


async def test_a_stopping_hub_spreads_its_consoles_and_none_misses_anything(herd: Herd) -> None:
    """S: deploy of one hub. The times it tells fill the whole window evenly, and the consoles keep to them."""
    await herd.write(BEFORE)
    await herd.all_heard()
    gone_at = asyncio.get_running_loop().time()
    await herd.process.stop()
    await herd.write(MEANWHILE)
    await herd.process.start()
    await _back(herd, gone_at)
    await herd.write(AFTER)
    await herd.all_heard()
    _check(herd)

    told = [console.told for console in herd.consoles if console.told is not None]
    assert len(told) == CONSOLES
    assert all(0 <= wait <= SPREAD_S for wait in told)
    in_each = [sum(second <= wait < second + 1 for wait in told) for second in range(int(SPREAD_S))]
    assert min(in_each) > 10, in_each
    assert max(in_each) < 80, in_each  # 40 of 200 in each of five seconds, by chance seldom above 65
    early = [c for c in herd.consoles if c.tried_at - c.lost_at < (c.told or 0) - 0.05]
    assert not early


async def test_after_a_killed_hub_all_consoles_resume_where_they_were(herd: Herd) -> None:
    """kill -9: nobody is told anything; the consoles' own pauses have jitter over their whole span."""
    await herd.write(BEFORE)
    await herd.all_heard()
    gone_at = asyncio.get_running_loop().time()
    await herd.process.kill()
    await herd.write(MEANWHILE)
    await herd.process.start()
    await _back(herd, gone_at)
    await herd.write(AFTER)
    await herd.all_heard()
    _check(herd)
    assert all(console.told is None for console in herd.consoles)
