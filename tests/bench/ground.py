"""What a benchmark stands on: a private MongoDB in a fresh folder, hubs over it, people who may sign in."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from hub.identity.far_end import FarEnd
from hub.identity.person_record import NewPerson, make_person
from hub.main import Hub
from hub.settings import QueueSettings, Settings
from hub.store.embedded import EmbeddedMongo
from hub.store.unit import Unit
from tests.faults.house import HubProcess
from tests.lab.ports import free_port

PASSWORD = "correct horse battery staple"
_HERE = FarEnd("local", "bench")
_PEOPLE_IN_ONE_UNIT = 50


@dataclass(frozen=True, slots=True)
class Ground:
    """Where one benchmark runs. `mongod`: the server's process. `scale` 1 is the real thing; less is for trying."""

    mongo_url: str
    mongod: int
    folder: Path
    scale: float

    def count(self, full: int, least: int = 1) -> int:
        """How many of something at this scale."""
        return max(least, round(full * self.scale))

    def settings(self, database: str, queues: Sequence[str] = ()) -> Settings:
        """Of a hub on a free port, with these queues."""
        return Settings(
            port=0,
            data=self.folder,
            mongo_url=SecretStr(self.mongo_url),
            database=database,
            queues={queue: QueueSettings(name=queue.title()) for queue in queues},
        )

    def hub(self, database: str) -> HubProcess:
        """A `mainstem serve` in a process of its own, with a mail door for queue `support`; not started."""
        return HubProcess(self.mongo_url, database, self.folder, door=free_port())


@asynccontextmanager
async def fresh_ground(scale: float) -> AsyncIterator[Ground]:
    """A MongoDB of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
        server = EmbeddedMongo(Path(folder))
        try:
            url = await server.start()
            assert server.pid is not None
            yield Ground(url, server.pid, Path(folder), scale)
        finally:
            await server.stop()


@asynccontextmanager
async def serving(ground: Ground, database: str) -> AsyncIterator[HubProcess]:
    """A hub process that is ready."""
    hub = ground.hub(database)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.kill()


async def hire(hub: Hub, members: Mapping[str, int]) -> dict[str, list[str]]:
    """Make so many agents for each queue (and the queue); returns their tokens by queue.

    They sign in by token, so no password is made for them: that alone would take minutes for thousands.
    """
    await hub.desk.queues.seed({queue: QueueSettings(name=queue.title()) for queue in members})
    roles = [doc["_id"] async for doc in hub.db["record_role"].find({"code": "SA"}, {"_id": 1})]
    tokens: dict[str, list[str]] = {}
    for queue, count in members.items():
        users: list[str] = []
        for start in range(0, count, _PEOPLE_IN_ONE_UNIT):
            names = [f"{queue}-{n}" for n in range(start, min(count, start + _PEOPLE_IN_ONE_UNIT))]
            users += await _make(hub, names, roles)
        await hub.desk.queues.change(queue, {"members": users})
        tokens[queue] = [await _token(hub, user) for user in users]
    return tokens


async def _make(hub: Hub, names: Sequence[str], roles: Sequence[str]) -> list[str]:
    async def work(unit: Unit) -> list[str]:
        people = [NewPerson(login=n, name=n.title(), roles=list(roles), department=None, locale="zh") for n in names]
        return [await make_person(unit, hub.ground.registry, person) for person in people]

    return await hub.units.run(work)


async def _token(hub: Hub, user: str) -> str:
    token, _ = await hub.identity.tokens.create(user, "bench", ["read", "write"], by=user, far=_HERE)
    return token


@asynccontextmanager
async def prepared(ground: Ground, database: str, queues: Sequence[str] = ()) -> AsyncIterator[Hub]:
    """A hub that is open but does not run: enough to make people and rows."""
    hub = Hub(ground.settings(database, queues))
    try:
        await hub.open()
        yield hub
    finally:
        await hub.close()
