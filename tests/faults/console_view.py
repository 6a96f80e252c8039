"""A console as a program: it keeps a picture of its conversations by events alone, as the console on a screen does.

The rules are those of the event classes. An older copy never replaces a newer one (`revision`). A conversation that comes
into sight, or from which messages came or went (`moved`), has its thread read again by REST. `gone` takes it away. After
`stale`, and after a change of rights, everything is read afresh.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from hub.console.line import NAMESPACE

PAGE = 100
_GATHER_S = 0.3
"""So long a thread that must be read again waits for what may follow."""
ALL_STATES = "open,pending,snoozed,closed"


class Row(NamedTuple):
    """What a list shows of a conversation."""

    last_seq: int
    message_count: int
    state: str
    queue: str | None
    assignee: str | None
    revision: int


def row_of(conversation: Mapping[str, Any]) -> Row:
    """The row of a conversation as the API gives it."""
    c, assignee = conversation, conversation["assignee"]
    who = assignee["id"] if assignee else None
    return Row(c["last_seq"], c["message_count"], c["state"], c["queue"], who, c["revision"])


@dataclass
class View:
    """Rows by conversation, and the revisions of their messages by id. `unread`: threads that must be read by REST."""

    rows: dict[str, Row] = field(default_factory=dict)
    messages: dict[str, dict[str, int]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def apply(self, name: str, data: Mapping[str, Any]) -> None:
        """One event; those about other things change nothing."""
        match name:
            case "message.appended":
                self._keep(data["conversation"], alone=data["conversation"]["message_count"] == 1)
                self._note(data["conversation"]["id"], data["message"])
            case "message.amended":
                if data["message"]["id"] not in self.messages.get(data["conversation"], {}):
                    self.unread.add(data["conversation"])
                else:
                    self._note(data["conversation"], data["message"])
            case "conversation.changed" if data.get("gone"):
                self.drop(data["id"])
            case "conversation.changed":
                self._keep(data["conversation"])
                if data["moved"]:
                    self.unread.add(data["conversation"]["id"])

    def take(self, conversation: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> None:
        """What REST says of one conversation: the whole of it."""
        self._keep(conversation)
        self.messages[conversation["id"]] = {m["id"]: m["revision"] for m in messages}
        self.unread.discard(conversation["id"])

    def drop(self, conversation: str) -> None:
        """It is out of sight."""
        self.rows.pop(conversation, None)
        self.messages.pop(conversation, None)
        self.unread.discard(conversation)

    def _keep(self, conversation: Mapping[str, Any], *, alone: bool = False) -> None:
        key, row = conversation["id"], row_of(conversation)
        if key not in self.rows and not alone:
            self.unread.add(key)
        if key not in self.rows or self.rows[key].revision <= row.revision:
            self.rows[key] = row
        self.messages.setdefault(key, {})

    def _note(self, conversation: str, message: Mapping[str, Any]) -> None:
        known = self.messages[conversation]
        known[message["id"]] = max(known.get(message["id"], 0), message["revision"])

    def differs_from(self, other: View) -> str:
        """What is not the same, in a few words; empty when nothing is."""
        pictures: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
        pictures = [("row", self.rows, other.rows), ("messages", self.messages, other.messages)]
        for what, mine, theirs in pictures:
            for key in {*mine, *theirs}:
                one, two = mine.get(key), theirs.get(key)
                if one != two:
                    return f"{what} of {key}: by events {one}, afresh {two}"
        return f"unread {self.unread}" if self.unread | other.unread else ""


class Api:
    """REST in somebody's name, through whichever hub answers."""

    def __init__(self, http: aiohttp.ClientSession, token: str, urls: Sequence[str]) -> None:
        self._http, self.token, self.urls = http, token, list(urls)

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer of one try at one hub, chosen by chance; raises `ClientError` where that hub is away."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = random.choice(self.urls) + path
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def read(self, path: str, within_s: float = 30) -> Any:
        """The answer of a GET, tried until a hub gives one; None where nothing is found."""
        async with asyncio.timeout(within_s):
            while True:
                try:
                    status, answer = await self.call("GET", path)
                except aiohttp.ClientError:
                    status, answer = 503, None
                if status in (200, 404):
                    return answer if status == 200 else None
                assert status == 503, answer
                await asyncio.sleep(0.05)

    async def thread(self, conversation: str) -> list[Any] | None:
        """All messages of a conversation; None where it is out of sight."""
        found: list[Any] = []
        after = 0
        while True:
            page = await self.read(f"/api/conversations/{conversation}/messages?after={after}&limit={PAGE}")
            if page is None:
                return None
            found += page["items"]
            if len(page["items"]) < PAGE:
                return found
            after = page["items"][-1]["seq"]

    async def conversations(self) -> list[Any]:
        """All conversations in sight."""
        found: list[Any] = []
        cursor = ""
        while True:
            page = await self.read(f"/api/conversations?state={ALL_STATES}&limit={PAGE}{cursor}")
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&after={page['next']}"


async def read_view(api: Api) -> View:
    """The same picture, from REST alone."""
    view = View()
    for conversation in await api.conversations():
        messages = await api.thread(conversation["id"])
        if messages is not None:
            view.take(conversation, messages)
    return view


class ConsoleProgram:
    """Connects, applies, resumes at another hub. `run` it until it is cancelled.

    Attributes:
        seen: the last `seq` it had; given as `after` when it connects again.
        heard: every event of the stream it was sent, in order: place and name.
        faults: what should never happen, in words.
    """

    def __init__(self, name: str, api: Api, http: aiohttp.ClientSession) -> None:
        self.name, self.api, self.view = name, api, View()
        self.seen: int | None = None
        self.heard: list[tuple[int, str]] = []
        self.faults: list[str] = []
        self.connects = 0
        self._http = http
        self._io: Any = None
        self._loaded = False
        self._busy = False
        self._queue: asyncio.Queue[tuple[Any, str, Any]] = asyncio.Queue()

    async def run(self) -> None:
        """Live."""
        try:
            while True:
                if await self._connect():
                    await self._follow()
                await self._hang_up()
                await asyncio.sleep(random.uniform(0, 0.1))
        finally:
            await self._hang_up()

    @property
    def quiet(self) -> bool:
        """Connected, and nothing waits to be applied or read."""
        return self._io is not None and self._loaded and not self._busy and self._queue.empty() and not self.view.unread

    def cut(self) -> None:
        """Drop the connection as a network does: without a word, and with whatever was on its way."""
        socket = self._io.eio.ws if self._io is not None else None
        if socket is not None and not socket.closed:
            socket._writer.transport.abort()

    async def _connect(self) -> bool:
        io = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=self._http)
        io.on("*", lambda name, data=None: self._receive(io, name, data), namespace=NAMESPACE)
        io.on("disconnect", lambda *_: self._receive(io, "lost", None), namespace=NAMESPACE)
        auth = {"token": self.api.token} | ({} if self.seen is None else {"after": self.seen})
        self._io = io
        try:
            url = random.choice(self.api.urls)
            await io.connect(url, auth=auth, namespaces=[NAMESPACE], transports=["websocket"], wait_timeout=5)
        except SocketIOError:
            return False
        self.connects += 1
        return True

    async def _hang_up(self) -> None:
        io, self._io = self._io, None
        if io is not None:
            await io.disconnect()
            await io.shutdown()

    def _receive(self, io: Any, name: str, data: Any) -> None:
        if io is not self._io:  # a connection that was given up may still speak; nobody listens
            return
        if name == "ready":
            self.seen = max(self.seen or 0, data["seq"])
        elif name == "stale":
            self.seen = data["seq"]
        elif data is not None and data.get("seq") is not None:
            if self.seen is not None and data["seq"] <= self.seen:
                self.faults.append(f"{self.name} was sent {data['seq']} after {self.seen}")
            self.seen = data["seq"]
            self.heard.append((data["seq"], name))
        self._queue.put_nowait((io, name, data))

    async def _follow(self) -> None:
        """Until the connection is lost, or everything has to be read afresh."""
        while True:
            if self._queue.empty() and self.view.unread:
                await asyncio.sleep(_GATHER_S)
                await self._read_again()
                continue
            io, name, data = await self._queue.get()
            self._busy = True
            try:
                if name == "lost":
                    if io is self._io:
                        return
                    continue
                if name == "stale" or (name == "closing" and data["why"] == "rights-changed"):
                    self.view = await read_view(self.api)
                    return
                await self._take(name, data)
            finally:
                self._busy = False

    async def _take(self, name: str, data: Any) -> None:
        if name == "ready" and not self._loaded:  # what is read from here on can miss nothing
            self.view = await read_view(self.api)
            self._loaded = True
        elif name not in ("ready", "closing"):
            self.view.apply(name, data["data"])

    async def _read_again(self) -> None:
        for key in [*self.view.unread]:
            conversation = await self.api.read(f"/api/conversations/{key}")
            messages = await self.api.thread(key) if conversation and conversation["id"] == key else None
            if messages is None:
                self.view.drop(key)
            else:
                self.view.take(conversation, messages)
