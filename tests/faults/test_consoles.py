"""Consoles of six people on two hubs while mail flows, colleagues work, connections break and a hub is killed: in the end
each console's picture, kept by events alone, is what a fresh read gives."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from crm_core.ground.events import EVERYONE, SUPERVISORS, Room, queue_room, user_room
from crm_core.ground.ids import new_id
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import QueueSettings, Settings
from hub.store.client import Client, Database, database
from hub.supervise import end_tasks
from tests.conftest import PASSWORD
from tests.faults.console_view import Api, ConsoleProgram, read_view
from tests.faults.house import HubProcess, deliver, make_mails
from tests.lab.ports import free_port

pytestmark = pytest.mark.fault

COUNT = 1000
HERE = FarEnd("local", "test")
QUEUES = ("support", "general")
PEOPLE: dict[str, tuple[str, ...]] = {
    "sue": ("support",),
    "sam": ("support",),
    "gus": ("general",),
    "bea": ("support", "general"),
    "sup": (),
    "ann": (),  # sees what is assigned to her, or where she is mentioned
}
TAKEN = frozenset({200, 201, 404, 409, 412, 422, 503})


@dataclass
class Colleague:
    """Somebody with a token."""

    login: str
    user: str
    token: str

    def rooms(self) -> set[Room]:
        """By the rule, and not as the hub says."""
        rooms = {EVERYONE, user_room(self.user), *map(queue_room, PEOPLE[self.login])}
        return rooms | ({SUPERVISORS} if self.login == "sup" else set())


async def make_people(mongo_url: str, name: str, folder: Path) -> list[Colleague]:
    """Users, tokens and queues, as the commands would make them."""
    queues = {queue: QueueSettings(name=queue.title()) for queue in QUEUES}
    hub = Hub(Settings(port=0, data=folder, mongo_url=SecretStr(mongo_url), database=name, queues=queues))
    await hub.open()
    people = []
    for login in PEOPLE:
        roles = ["SU"] if login == "sup" else ["SA"]
        user = await hub.identity.staff.create_user(login, login.title(), PASSWORD, far=HERE, roles=roles)
        token, _ = await hub.identity.tokens.create(user, "console", ["write"], by=user, far=HERE)
        people.append(Colleague(login, user, token))
    for queue in QUEUES:
        await hub.desk.queues.change(queue, {"members": [p.user for p in people if queue in PEOPLE[p.login]]})
    await hub.close()
    return people


@pytest.fixture
async def place(mongo_url: str, client: Client) -> AsyncIterator[tuple[str, Database]]:
    """A database name on the shared server."""
    name = f"t_{new_id()}"
    yield name, database(client, name)
    await client.drop_database(name)


class Worker:
    """A colleague who does this and that with what their console shows."""

    def __init__(self, console: ConsoleProgram, people: list[Colleague], seed: int) -> None:
        self._console, self._people, self._chance = console, people, random.Random(seed)
        self._moves: list[tuple[str, str]] = []
        self.done = 0

    async def run(self) -> None:
        """One act after another, until cancelled."""
        acts = [self._change] * 8 + [self._write] * 4 + [self._split, self._join, self._undo]
        while True:
            await asyncio.sleep(self._chance.uniform(0.05, 0.25))
            if rows := [*self._console.view.rows]:
                with contextlib.suppress(aiohttp.ClientError):  # that hub is dead: the next act goes to the other
                    await self._chance.choice(acts)(self._chance.choice(rows))

    async def _call(self, method: str, path: str, body: Any) -> Any:
        status, answer = await self._console.api.call(method, f"/api/conversations/{path}", body)
        assert status in TAKEN, (path, body, status, answer)
        self.done += status in (200, 201)
        return answer if status in (200, 201) else None

    async def _change(self, conversation: str) -> None:
        changes: list[dict[str, Any]] = [
            {"assignee": self._chance.choice([None, *(p.user for p in self._people)])},
            {"queue": self._chance.choice(QUEUES)},
            {"state": self._chance.choice(["open", "pending", "closed"])},
        ]
        await self._call("PATCH", conversation, self._chance.choice(changes))

    async def _write(self, conversation: str) -> None:
        kind = self._chance.choice(["note", "note", "reply"])
        text = self._chance.choice(["Seen.", "Look at this, @ann", "Asked the workshop."])
        await self._call("POST", f"{conversation}/messages", {"kind": kind, "text": text})

    async def _split(self, conversation: str) -> None:
        if known := [*self._console.view.messages.get(conversation, ())]:
            await self._moved(f"{conversation}/split", {"messages": [self._chance.choice(known)]})

    async def _join(self, conversation: str) -> None:
        await self._moved(f"{conversation}/join", {"into": self._chance.choice([*self._console.view.rows])})

    async def _moved(self, path: str, body: Any) -> None:
        if (answer := await self._call("POST", path, body)) is not None:
            self._moves.append((answer["conversations"][0], answer["move"]))

    async def _undo(self, _: str) -> None:
        if self._moves:
            conversation, move = self._moves.pop(self._chance.randrange(len(self._moves)))
            await self._call("POST", f"{conversation}/undo", {"move": move})


def nearly_in_order(mails: list[EmailMessage], chance: random.Random) -> list[EmailMessage]:
    """Shuffled, but so that the mails of a thread come within a minute or so of each other, as they do."""
    return sorted(mails, key=lambda mail: int(mail["Subject"].split()[1]) + chance.uniform(0, 12))


async def cut_at_random(consoles: list[ConsoleProgram], chance: random.Random) -> None:
    """Somebody's network fails, again and again."""
    while True:
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        chance.choice(consoles).cut()


@contextlib.asynccontextmanager
async def running(*coroutines: Any) -> AsyncIterator[None]:
    """Run these beside the block; one that fails fails the test."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        await end_tasks(tasks)
    failures = [task.exception() for task in tasks if not task.cancelled() and task.exception()]
    assert not failures, failures


async def until(condition: Any, within_s: float) -> None:
    """Wait until an awaited condition holds."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def kill_the_owner(hubs: list[HubProcess], db: Database, folder: Path) -> None:
    """kill -9 the hub that holds the door, let the other take it, and start the first again."""
    lease = await db["leases"].find_one({"_id": "account:support"})
    assert lease is not None
    logs = {hub.port: (folder / f"hub-{hub.port}.log").read_text() for hub in hubs}
    victim = next(hub for hub in hubs if f'"hub": "{lease["hub"]}"' in logs[hub.port])
    await victim.kill()
    stored = await db["messages"].count_documents({"direction": "inbound"})

    async def goes_on() -> bool:
        return await db["messages"].count_documents({"direction": "inbound"}) > stored + 20

    await until(goes_on, 15)
    await victim.start()


async def check_sight(console: ConsoleProgram, who: Colleague, db: Database) -> None:
    """Each event that the console was sent was for one of its rooms, and told only of what the person could see then."""
    events = {e["_id"]: e async for e in db["events"].find({"_id": {"$in": [seq for seq, _ in console.heard]}})}
    mentioned: set[str] = set()
    for seq, name in console.heard:
        event = events[seq]
        assert event["name"] == name
        assert who.rooms() & {*event["rooms"]}, f"{who.login} was sent {event}"
        told = event["data"].get("conversation")
        if isinstance(told, dict) and who.login != "sup":
            mine = told["queue"] in PEOPLE[who.login] or (told["assignee"] or {}).get("id") == who.user
            if not mine:
                mentioned.add(told["id"])
    assert mentioned <= (shown := await shown_by_name(who, db)), f"{who.login} was shown {mentioned - shown}"


async def shown_by_name(who: Colleague, db: Database) -> set[str]:
    """The conversations in which somebody was ever mentioned, and those that grew out of them."""
    notices = db["events"].find({"name": "notice.raised", "rooms": user_room(who.user)})
    shown = {notice["data"]["about"]["conversation"] async for notice in notices}
    async for move in db["moves"].find().sort("_id", 1):
        if shown & {*move["conversations"]}:
            shown |= {*move["conversations"]}
    return shown


async def check_store(db: Database) -> None:
    """Nothing lost, nothing doubled, and each conversation says of its messages what is so."""
    inbound = [m["external_id"] async for m in db["messages"].find({"direction": "inbound"}, {"external_id": 1})]
    assert len(inbound) == len(set(inbound)) == COUNT
    count = {"$group": {"_id": "$conversation", "count": {"$sum": 1}, "last": {"$max": "$seq"}}}
    held = {d["_id"]: (d["count"], d["last"]) async for d in await db["messages"].aggregate([count])}
    said = {
        d["_id"]: (d["message_count"], d["last_seq"])
        async for d in db["conversations"].find({"state": {"$ne": "merged"}})
    }
    assert held == said


async def test_consoles_that_drop_and_resume_on_two_hubs_end_equal_to_a_fresh_read(
    mongo_url: str, place: tuple[str, Database], tmp_path: Path
) -> None:
    name, db = place
    people = await make_people(mongo_url, name, tmp_path)
    mails, door = nearly_in_order(make_mails(COUNT, 5), random.Random(6)), free_port()
    hubs = [HubProcess(mongo_url, name, tmp_path, door) for _ in range(2)]
    urls = [hub.url for hub in hubs]
    try:
        await asyncio.gather(*(hub.start() for hub in hubs))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            consoles = [ConsoleProgram(p.login, Api(http, p.token, urls), http) for p in people]
            workers = [Worker(console, people, n) for n, console in enumerate(consoles)]
            async with running(*(console.run() for console in consoles)):
                async with running(*(worker.run() for worker in workers), cut_at_random(consoles, random.Random(5))):
                    sending = asyncio.ensure_future(deliver(mails, door, at_once=8, within_s=60))
                    await until(lambda: _stored(db, COUNT // 4), 30)
                    await kill_the_owner(hubs, db, tmp_path)
                    await sending
                    await until(lambda: _worked(workers, 120), 60)
                await settle(consoles, db)
            for console, who in zip(consoles, people, strict=True):
                assert not console.faults
                assert console.connects > 2
                assert console.heard
                await check_sight(console, who, db)
        await check_store(db)
        code, said = await hubs[0].command("reconcile", "support")
        assert (code, said.strip().splitlines()[-1]) == (0, "support: missing 0 doubled 0")
    finally:
        for hub in hubs:
            await hub.kill()


async def _worked(workers: list[Worker], acts: int) -> bool:
    return sum(worker.done for worker in workers) > acts


async def _stored(db: Database, count: int) -> bool:
    return await db["messages"].count_documents({"direction": "inbound"}) >= count


async def settle(consoles: list[ConsoleProgram], db: Database) -> None:
    """Nothing is on its way any more; then each console equals a fresh read."""

    async def still() -> bool:
        return not await db["outbox"].count_documents({"state": {"$in": ["queued", "sending"]}})

    await until(still, 60)
    for console in consoles:
        wrong = "not compared"

        async def equal(one: ConsoleProgram = console) -> bool:
            nonlocal wrong
            wrong = one.view.differs_from(await read_view(one.api)) if one.quiet else "still catching up"
            return not wrong

        try:
            await until(equal, 60)
        except TimeoutError:
            pytest.fail(f"{console.name}: {wrong}")
