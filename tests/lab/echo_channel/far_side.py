"""The far side: a TCP server with one line of JSON per request and per answer.

{"do": "login", "secret": S}         -> {"ok": true} | {"error": "denied"}
{"do": "send", "id": I, "to", "text"} -> {"ok": true, "far_id": N}, or what `answers` says; a repeat is kept twice
{"do": "find", "id": I}               -> {"found": N | null}
{"do": "mark", "id", "places", "seen", "deleted"} -> {"ok": true}, or what `answers` says of the id
{"do": "listen", "after": N}          -> {"id", "from", "text", "n"} for each message to us, for ever
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Line = dict[str, Any]


@dataclass
class FarSide:
    """Keeps what it was sent, in order, and can be told to misbehave.

    Attributes:
        taken: every message it took, repeats included.
        marked: every mark it was told, repeats included.
        answers: message id -> answers to give instead of taking it, one a try: `transient`, `permanent`, `close`
            (takes it and hangs up without a word), `hang` (takes it and says nothing), `slow` (takes it, answers after 0.5 s).
        may_be_asked: whether it answers `find`.
    """

    secret: str = "hush"
    taken: list[Line] = field(default_factory=list)
    marked: list[Line] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    may_be_asked: bool = True
    asked: list[str] = field(default_factory=list)
    most_listeners: int = 0
    inbound: list[Line] = field(default_factory=list)
    on_take: Callable[[Line], None] = lambda _: None
    port: int = 0
    _server: asyncio.Server | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _lines: dict[asyncio.StreamWriter, asyncio.StreamReader] = field(default_factory=dict)
    _listening: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def listeners(self) -> int:
        """Who listens now. Whoever hung up is none, also while we are still about to notice."""
        return sum(not self._lines[each].at_eof() for each in self._listening)

    async def start(self) -> None:
        """Listen on the same port as before, or on a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._lines):
            writer.close()
        async with self._news:
            self._news.notify_all()
        await self._server.wait_closed()
        while self._lines:
            await asyncio.sleep(0.01)

    async def say(self, message_id: str, text: str, sender: str = "ada@example.com") -> None:
        """A message from the far side to us."""
        async with self._news:
            self.inbound.append({"id": message_id, "from": sender, "text": text, "n": len(self.inbound) + 1})
            self._news.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines[writer] = reader
        try:
            if json.loads(await reader.readline()) != {"do": "login", "secret": self.secret}:
                await _write(writer, {"error": "denied"})
                return
            await _write(writer, {"ok": True})
            while line := await reader.readline():
                if not await self._answer(json.loads(line), writer):
                    return
        except (ConnectionError, ValueError):
            return
        finally:
            del self._lines[writer]
            writer.close()

    async def _answer(self, ask: Line, writer: asyncio.StreamWriter) -> bool:
        if ask["do"] == "listen":
            await self._listen(ask["after"], writer)
            return False
        if ask["do"] == "mark":
            return await self._mark(ask, writer)
        if ask["do"] == "find":
            self.asked.append(ask["id"])
            found = [n for n, message in enumerate(self.taken) if message["id"] == ask["id"]]
            await _write(writer, {"found": found[0] if found else None} if self.may_be_asked else {"error": "unknown"})
            return True
        return await self._take(ask, writer)

    async def _mark(self, ask: Line, writer: asyncio.StreamWriter) -> bool:
        todo = self.answers[ask["id"]]
        if todo and todo.pop(0) == "transient":
            await _write(writer, {"error": "transient", "why": "transient trouble"})
            return True
        self.marked.append(ask)
        await _write(writer, {"ok": True})
        return True

    async def _take(self, ask: Line, writer: asyncio.StreamWriter) -> bool:
        todo = self.answers[ask["id"]] or self.answers["*"]
        answer = todo.pop(0) if todo else "ok"
        if answer in ("transient", "permanent"):
            await _write(writer, {"error": answer, "why": f"{answer} trouble"})
            return True
        self.taken.append(ask)
        self.times.append(asyncio.get_running_loop().time())
        self.on_take(ask)
        if answer == "close":
            return False
        if answer == "slow":
            await asyncio.sleep(0.5)
        if answer == "hang":
            while not writer.transport.is_closing():
                await asyncio.sleep(0.05)
            return False
        await _write(writer, {"ok": True, "far_id": f"far-{len(self.taken)}"})
        return True

    async def _listen(self, after: int, writer: asyncio.StreamWriter) -> None:
        self._listening.add(writer)
        self.most_listeners = max(self.most_listeners, self.listeners)
        try:
            while not writer.is_closing():
                for message in self.inbound[after:]:
                    await _write(writer, message)
                    after = message["n"]
                async with self._news:
                    try:
                        await asyncio.wait_for(self._news.wait(), 0.05)
                    except TimeoutError:
                        if writer.transport.is_closing():
                            return
                await _write(writer, {"beat": True})
        finally:
            self._listening.discard(writer)


async def _write(writer: asyncio.StreamWriter, line: Line) -> None:
    writer.write(json.dumps(line).encode() + b"\n")
    await writer.drain()
