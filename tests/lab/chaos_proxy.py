"""A TCP proxy before an IMAP server that does to a connection what networks and servers do.

It looks at the client's commands, so that it can answer IDLE in the server's place. Faults are planned (`plan`) and used
up one per occasion, or made at once (`cut`).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

Fault = Literal[
    "bye-to-idle",  # IDLE is answered with BYE
    "close-at-idle",  # the line is closed instead of an answer to IDLE
    "hang-at-idle",  # IDLE is never answered
    "bye-in-idle",  # BYE while the client waits
    "close-in-idle",  # the line is closed while the client waits, without BYE
    "hang-in-idle",  # from then on nothing passes, either way
    "hang",  # nothing passes any more
    "reset",  # RST
    "cut-in-literal",  # the line breaks in the middle of a mail
    "refuse",  # the connection is closed before a word
]
IDLE_FAULTS = frozenset(
    {"bye-to-idle", "close-at-idle", "hang-at-idle", "bye-in-idle", "close-in-idle", "hang-in-idle"}
)


@dataclass(eq=False)
class _Line:
    """One connection, both ways."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    idle_tag: bytes = b""
    silent: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self, *, reset: bool = False) -> None:
        self.ended.set()
        for writer in (self.client, self.server):
            sock = writer.get_extra_info("socket")
            if reset and sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if reset else writer.close()


class ChaosProxy:
    """Use as `async with ChaosProxy(port) as proxy`, then connect to `proxy.port`.

    Attributes:
        done: how often each fault was made.
        most_at_once: connections.
    """

    def __init__(self, target: int, port: int = 0) -> None:
        self.target = target
        self.port = port
        self.done: Counter[str] = Counter()
        self.most_at_once = 0
        self._planned: deque[Fault] = deque()
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for line in list(self._lines):
            line.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def plan(self, *faults: Fault) -> None:
        """Make these faults, in order, each at its next occasion."""
        self._planned.extend(faults)

    @property
    def waiting(self) -> int:
        """Planned faults that had no occasion yet."""
        return len(self._planned)

    def cut(self, *, reset: bool = False) -> None:
        """Cut all connections now."""
        for line in list(self._lines):
            line.close(reset=reset)

    def _next(self, *fitting: str) -> Fault | None:
        if self._planned and self._planned[0] in fitting:
            self.done[self._planned[0]] += 1
            return self._planned.popleft()
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._next("refuse"):
            writer.close()
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        line = _Line(writer, to_server)
        self._lines.add(line)
        self.most_at_once = max(self.most_at_once, len(self._lines))
        ways = [asyncio.ensure_future(self._up(line, reader)), asyncio.ensure_future(self._down(line, from_server))]
        try:
            await line.ended.wait()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._lines.discard(line)
            line.close()

    async def _up(self, line: _Line, reader: asyncio.StreamReader) -> None:
        """Client to server."""
        while data := await _read(reader):
            if line.silent:
                continue
            words = data.split()
            if len(words) == 2 and words[1].upper() == b"IDLE":
                line.idle_tag = words[0]
                if fault := self._next("bye-to-idle", "close-at-idle", "hang-at-idle"):
                    await self._make(line, fault)
                    continue
            elif fault := self._next("reset", "hang"):
                await self._make(line, fault)
                continue
            line.server.write(data)
        line.close()

    async def _down(self, line: _Line, reader: asyncio.StreamReader) -> None:
        """Server to client."""
        while data := await _read(reader):
            if line.silent:
                continue
            if b"BODY[] {" in data and self._next("cut-in-literal"):
                line.client.write(data[: len(data) // 2])
                await asyncio.sleep(0)
                line.close()
                return
            line.client.write(data)
            if line.idle_tag and data.startswith(b"+"):
                line.idle_tag = b""
                if fault := self._next("bye-in-idle", "close-in-idle", "hang-in-idle"):
                    await self._make(line, fault)
        line.close()

    async def _make(self, line: _Line, fault: Fault) -> None:
        if fault.startswith("hang"):
            line.silent = True
        elif fault.startswith("bye"):
            line.client.write(b"* BYE idle for too long\r\n")
            await line.client.drain()
            line.close()
        else:
            line.close(reset=fault == "reset")


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65536)
    except OSError:
        return b""
