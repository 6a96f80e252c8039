"""A hub of the feed and console parts only, on a port of its own, and clients that note what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import socketio
from aiohttp import web

from crm_core.access.actor import Actor
from crm_core.ground.errors import SignInNeeded
from crm_core.ground.events import Event, Room
from hub.console.asks import Asks
from hub.console.connect import Door
from hub.console.console import Console
from hub.console.consoles import Consoles
from hub.console.is_typing import show_typing
from hub.console.keeping import Keeper
from hub.console.line import NAMESPACE
from hub.console.server import Wire
from hub.console.watching import Watching, unwatch, watch
from hub.desk.presence import Presence
from hub.feed.hints import Hints
from hub.feed.replay import Replay
from hub.feed.tail import Feed
from hub.identity.caller import ALL_SCOPES, Caller
from hub.store.announced import Announced
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS
from hub.store.unit import Unit, Units
from hub.supervise import Backoff, Supervisor


def caller(
    user: str, *queues: str, supervisor: bool = False, admin: bool = False, scopes: frozenset[str] = ALL_SCOPES
) -> Caller:
    """A person without record rights."""
    return Caller(
        user=user,
        login=user,
        name=user.title(),
        admin=admin,
        supervisor=supervisor,
        queues=frozenset(queues),
        actor=Actor(user=user),
        sign_in=f"sign-in-{user}",
        scopes=scopes,
    )


@dataclass(frozen=True, kw_only=True)
class Said(Event, name="test.said"):
    """Something for given rooms, perhaps about a conversation."""

    n: int = 0
    conversation: str | None = None
    filler: str = ""
    _rooms: frozenset[Room]

    def rooms(self) -> frozenset[Room]:
        return self._rooms


async def say(units: Units, *events: Event) -> None:
    """Commit events in one unit."""

    async def work(unit: Unit) -> None:
        for event in events:
            unit.announce(event)

    await units.run(work)


async def add_conversation(db: Database, conversation: str, **fields: Any) -> Doc:
    """A conversation as far as visibility goes."""
    doc = {"_id": conversation, "state": "open", "queue": None, "assignee": None, "viewers": [], **fields}
    await db[CONVERSATIONS].insert_one(doc)
    return doc


class People:
    """Who may come in, by token; stands in for sessions and tokens, which have tests of their own."""

    def __init__(self) -> None:
        self.known: dict[str, Caller] = {}
        self.ends: dict[str, datetime | None] = {}

    def add(self, *callers: Caller) -> None:
        self.known |= {c.user: c for c in callers}

    async def identify(self, cookie: str | None, token: str | None) -> Caller:
        found = self.known.get(token or cookie or "")
        if found is None:
            raise SignInNeeded("sign in first")
        return found

    async def expires_at(self, caller: Caller) -> datetime | None:
        if caller.user not in self.known:
            raise SignInNeeded("ended")
        return self.ends.get(caller.user)


@dataclass
class Hearing:
    """One client: what it heard, in order."""

    io: socketio.AsyncClient
    heard: list[tuple[str, Any]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, name: str) -> list[Any]:
        """The payloads of one event."""
        return [data for heard, data in self.heard if heard == name]

    def seqs(self) -> list[int]:
        """The places of the events of the stream, in the order heard."""
        return [data["seq"] for name, data in self.heard if name not in ("ready", "stale", "closing") and data["seq"]]

    async def until(self, what: Callable[[], Any], within_s: float = 15) -> None:
        """Wait until it holds."""
        async with asyncio.timeout(within_s):
            while not what():
                await asyncio.sleep(0.005)

    async def heard_seq(self, seq: int) -> None:
        """Wait for the event at this place of the stream."""
        await self.until(lambda: seq in self.seqs()[-50:])

    async def ask(self, name: str, payload: Any) -> Any:
        """Ask and wait for the acknowledgement."""
        return await self.io.call(name, payload, namespace=NAMESPACE, timeout=10)

    async def leave(self) -> None:
        """Hang up."""
        await self.io.disconnect()
        await self.io.shutdown()


class Lab:
    """One hub."""

    def __init__(self, db: Database, *, queue_limit: int = 1000, replay_limit: int = 5000) -> None:
        self.db = db
        self.announced = Announced()
        self.units = Units(db.client, db, self.announced)
        self.people = People()
        self.supervisor = Supervisor()
        self.hints = Hints(db)
        self.feed = Feed(db, self.hints, self.announced)
        self.replay = Replay(db, self.feed, replay_limit)
        self.wire = Wire(self.supervisor)
        self.consoles = Consoles(self.feed, self.wire, queue_limit)
        self.door = Door(self.wire, self.feed, self.replay, self.consoles, self.people, self.supervisor)
        self.presence = Presence(self.units)
        self.watching = Watching(db, self.hints)
        self.keeper = Keeper(self.consoles, self.people, self.presence, self.watching)
        self.asks = Asks()
        self.asks.on("typing")(show_typing)
        self.asks.on("watch")(watch)
        self.asks.on("unwatch")(unwatch)
        self.clients: list[Hearing] = []
        self.url = ""

    async def start(self) -> None:
        await self.feed.start()
        self.supervisor.keep("feed", self.feed.run, backoff=Backoff(first=0.05, most=0.5))
        await self.keeper.start(self.db, self.supervisor)
        async with asyncio.timeout(60):
            await self.feed.following.wait()
        parts: dict[type, Any] = {Consoles: self.consoles, Watching: self.watching, Hints: self.hints}
        self.asks.serve(self.consoles, parts)
        app = web.Application()
        self.wire.attach(app)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        for client in self.clients:
            await client.leave()
        await self.wire.stop()
        await self._runner.cleanup()
        await self.supervisor.stop()

    async def connect(
        self, user: str, after: int | None = None, *, transports: Iterable[str] = ("websocket",), wait: bool = True
    ) -> Hearing:
        """A console of this person, ready."""
        io = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        hearing = Hearing(io)

        def note(name: str, data: Any = None) -> None:
            hearing.heard.append((name, data))

        io.on("*", note, namespace=NAMESPACE)
        io.on("disconnect", lambda *_: hearing.ended.set(), namespace=NAMESPACE)
        auth: dict[str, Any] = {"token": user} | ({} if after is None else {"after": after})
        self.clients.append(hearing)
        await io.connect(self.url, auth=auth, namespaces=[NAMESPACE], transports=list(transports), wait_timeout=10)
        if wait:
            await hearing.until(lambda: hearing.of("ready"))
        return hearing

    def console(self, user: str) -> Console:
        """The one console of this person."""
        (found,) = [c for c in self.consoles if c.caller.user == user]
        return found
