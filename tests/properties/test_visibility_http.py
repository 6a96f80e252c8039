"""Who sees what, through a running hub over HTTP: for random queues, assignees and people shown by name, no list, count,
search, event, thread or file shows what `conversation_rooms` puts out of sight, and all of them show what is in sight."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from crm_core.ground.events import EVERYONE, SUPERVISORS, Room, queue_room, user_room
from crm_core.ground.ids import new_id
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.model.conversation import conversation_rooms
from hub.model.envelope import Attachment
from hub.settings import QueueSettings, Settings
from hub.store.client import Doc
from hub.store.unit import Unit
from hub.stream.conversations import save_conversation
from tests.conftest import PASSWORD
from tests.lab.envelopes import mail

QUEUES = ("support", "general", "sales")
STATES = ("open", "open", "pending", "closed")
ALL = "state=open,pending,snoozed,closed"
HERE = FarEnd("local", "test")
EMPTIED = ("messages", "conversations", "events", "threads", "outbox", "search", "files")


@dataclass
class Person:
    """Somebody who asks over HTTP."""

    login: str
    user: str
    token: str
    queues: set[str] = field(default_factory=set)

    def rooms(self) -> set[Room]:
        """By the rule, and not as the hub says."""
        rooms = {EVERYONE, user_room(self.user), *map(queue_room, self.queues)}
        return rooms | ({SUPERVISORS} if self.login == "sup" else set())


class House:
    """A running hub with five people; `fill` gives it other conversations and other members for each example."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.db = hub, hub.db
        self.people: list[Person] = []
        self.since = 0

    async def open(self) -> None:
        """Start, and let everybody in."""
        await self.hub.start()
        self.http = aiohttp.ClientSession(self.hub.url)
        for login in ("sup", "ada", "ben", "cy", "dan"):
            roles = ["SU"] if login == "sup" else ["SA"]
            user = await self.hub.identity.staff.create_user(login, login, PASSWORD, far=HERE, roles=roles)
            token, _ = await self.hub.identity.tokens.create(user, "test", ["write"], by=user, far=HERE)
            self.people.append(Person(login, user, token))

    async def close(self) -> None:
        """Stop, and leave nothing."""
        await self.http.close()
        await self.db.client.drop_database(self.db.name)
        await self.hub.stop()

    async def fill(self, seed: int) -> None:
        """Up to ten conversations of one to three mails, each with a file, wherever chance puts them."""
        chance = random.Random(seed)
        self.since = await self.hub.feed.newest()
        for name in EMPTIED:
            await self.db[name].delete_many({})
        for queue in QUEUES:
            members = [p for p in self.people[1:] if chance.random() < 0.4]
            for person in self.people:
                (person.queues.add if person in members else person.queues.discard)(queue)
            await self.hub.desk.queues.change(queue, {"members": [p.user for p in members]})
        for number in range(chance.randint(1, 10)):
            await self._conversation(chance, f"{seed}-{number}")
        newest = await self.hub.feed.newest()
        async with asyncio.timeout(20):
            await self.hub.feed.reached(newest)
            while (await self.db["bookmarks"].find_one({"_id": "search"}) or {"seq": 0})["seq"] < newest:
                await asyncio.sleep(0.02)

    async def _conversation(self, chance: random.Random, name: str) -> None:
        first = f"<{name}.0@x>"
        for part in range(chance.randint(1, 3)):
            own = f"<{name}.{part}@x>"
            files = (Attachment(f"{name}.txt", "text/plain", f"file of {own}".encode()),)
            refers = (first,) if part else ()
            envelope = mail(own, f"c{name}@example.com", refers=refers, queue=chance.choice(QUEUES), attachments=files)
            envelope.text = f"granite {name} {part}"
            stored = await self.hub.stream.ingest(envelope)
        person, shown = chance.choice(self.people), chance.choice(self.people)
        changes: Doc = {"state": chance.choice(STATES), "queue": chance.choice([None, *QUEUES])}
        if chance.random() < 0.4:
            changes["assignee"] = {"id": person.user, "name": person.login}
        if chance.random() < 0.3:
            changes["viewers"] = [shown.user]

        async def work(unit: Unit) -> None:
            where = {"_id": stored["conversation"]}
            before = await unit.db["conversations"].find_one(where, session=unit.session)
            assert before is not None
            await save_conversation(unit, before, changes)

        await self.hub.units.run(work)

    # -- asking ----------------------------------------------------------------------------------------------

    async def get(self, who: Person, path: str) -> tuple[int, Any]:
        """Status and answer, as JSON where it is."""
        headers = {"Authorization": f"Bearer {who.token}"}
        async with self.http.get(path, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def items(self, who: Person, path: str) -> list[Any]:
        """All items of a paged list."""
        found: list[Any] = []
        cursor = ""
        while True:
            status, page = await self.get(who, f"{path}{cursor}")
            assert status == 200, (path, page)
            assert not page.get("partial")
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&after={page['next']}"


Opened = tuple[asyncio.Runner, House]


@pytest.fixture(scope="module")
def house(mongo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """One hub for all examples: making people takes longer than asking them."""
    runner = asyncio.Runner()
    folder: Path = tmp_path_factory.mktemp("hub")
    queues = {queue: QueueSettings(name=queue.title()) for queue in QUEUES}

    async def opened() -> House:
        made = House(
            Hub(Settings(port=0, data=folder, mongo_url=SecretStr(mongo_url), database=f"t_{new_id()}", queues=queues))
        )
        await made.open()
        return made

    made = runner.run(opened())
    yield runner, made
    runner.run(made.close())
    runner.close()


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """These tests run their own loop, so the general check has nothing to look at."""
    yield


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None, suppress_health_check=[*HealthCheck])
def test_nothing_out_of_sight_is_shown_by_any_door(house: Opened, seed: int) -> None:
    """Lists, counts, search, events, threads, single messages, far ids and files agree with the rule of the rooms."""
    runner, made = house

    async def example() -> None:
        await made.fill(seed)
        docs = await made.db["conversations"].find({"state": {"$ne": "merged"}}).to_list()
        messages = await made.db["messages"].find().to_list()
        for who in made.people:
            seen = [doc for doc in docs if conversation_rooms(doc) & who.rooms()]
            ids = {doc["_id"] for doc in seen}
            await _lists(made, who, seen)
            await _counts(made, who, seen)
            await _finds(made, who, ids, messages)
            await _events(made, who, ids)
            for doc in docs:
                await _one(made, who, doc["_id"], doc["_id"] in ids)
            for message in messages:
                await _message(made, who, message, message["conversation"] in ids)

    runner.run(example())


async def _lists(made: House, who: Person, seen: list[Doc]) -> None:
    async def listed(question: str) -> list[str]:
        return sorted(c["id"] for c in await made.items(who, f"/api/conversations?limit=3&{question}"))

    def wanted(keep: Any) -> list[str]:
        return sorted(doc["_id"] for doc in seen if keep(doc))

    assert await listed(ALL) == wanted(lambda d: True)
    assert await listed("state=open&assignee=none") == wanted(lambda d: d["state"] == "open" and not d["assignee"])
    assert await listed(f"{ALL}&channel=email") == wanted(lambda d: True)
    assert await listed(f"{ALL}&q=granite") == wanted(lambda d: True)
    for queue in QUEUES:
        assert await listed(f"{ALL}&queue={queue}") == wanted(lambda d, q=queue: d["queue"] == q)
    for other in made.people:
        assert await listed(f"{ALL}&assignee={other.user}") == wanted(
            lambda d, o=other: (d["assignee"] or {}).get("id") == o.user
        )


async def _counts(made: House, who: Person, seen: list[Doc]) -> None:
    status, counts = await made.get(who, "/api/conversations/counts")
    assert status == 200
    open_ones = [doc for doc in seen if doc["state"] == "open"]
    by_queue = Counter(doc["queue"] for doc in open_ones)
    # What is seen only because it was shown by name is in no count of a view.
    free = [d for d in open_ones if not d["assignee"] and (who.login == "sup" or d["queue"] in who.queues)]
    assert counts["mine"] == sum((doc["assignee"] or {}).get("id") == who.user for doc in open_ones)
    assert counts["unassigned"] == len(free)
    assert counts["queues"] == {q: by_queue[q] for q in (QUEUES if who.login == "sup" else who.queues)}


async def _finds(made: House, who: Person, ids: set[str], messages: list[Doc]) -> None:
    hits = await made.items(who, "/api/search?q=granite&kind=message&limit=5")
    assert {h["id"] for h in hits} == {m["_id"] for m in messages if m["conversation"] in ids}
    hits = await made.items(who, "/api/search?q=example&limit=5")
    assert {h["conversation"] for h in hits if "conversation" in h} <= ids
    assert {h["id"] for h in hits if h["kind"] == "conversation"} == ids


async def _events(made: House, who: Person, ids: set[str]) -> None:
    after, told = made.since, set[str]()
    while True:
        status, page = await made.get(who, f"/api/events?after={after}&limit=7")
        assert (status, page["stale"]) == (200, None)
        for event in page["items"]:
            match event["data"].get("conversation"):
                case {"id": conversation} | str(conversation):
                    assert conversation in ids, event
                    told.add(conversation)
        if page["next"] <= after or (len(page["items"]) == 0 and page["next"] >= made.hub.feed.position):
            break
        after = page["next"]
    assert told == ids


async def _one(made: House, who: Person, conversation: str, allowed: bool) -> None:
    status = 200 if allowed else 404
    assert (await made.get(who, f"/api/conversations/{conversation}"))[0] == status
    assert (await made.get(who, f"/api/conversations/{conversation}/messages"))[0] == status
    if allowed:
        return
    headers = {"Authorization": f"Bearer {who.token}"}
    path = f"/api/conversations/{conversation}"
    for method, more, body in (
        ("PATCH", "", {"assignee": "me"}),
        ("POST", "/messages", {"kind": "note", "text": "mine now"}),
        ("POST", "/join", {"into": conversation}),
        ("POST", "/split", {"messages": ["m"]}),
    ):
        async with made.http.request(method, path + more, json=body, headers=headers) as answer:
            assert answer.status == 404, (method, more, await answer.text())


async def _message(made: House, who: Person, message: Doc, allowed: bool) -> None:
    status = 200 if allowed else 404
    assert (await made.get(who, f"/api/messages/{message['_id']}"))[0] == status
    _, found = await made.get(who, f"/api/messages?external_id={message['external_id']}")
    assert [m["id"] for m in found["items"]] == ([message["_id"]] if allowed else [])
    for file in message["attachments"]:
        assert (await made.get(who, f"/api/files/{file['id']}"))[0] == status
