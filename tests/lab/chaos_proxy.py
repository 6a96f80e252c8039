"""A TCP proxy before an IMAP server that does to a connection what networks and servers do.

It looks at the client's commands, so that it can answer IDLE in the server's place. Faults are planned (`plan`) and used
up one per occasion, or made at once (`cut`).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from typing import Literal

from typing_extensions import override

from tests.lab.proxy import Line, Proxy, read

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


class ChaosProxy(Proxy):
    """A proxy that does what was planned.

    Attributes:
        done: how often each fault was made.
        most_at_once: connections.
    """

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.done: Counter[str] = Counter()
        self.most_at_once = 0
        self._planned: deque[Fault] = deque()
        self._idle: set[Line] = set()
        """Those whose client has asked to wait and has no answer yet."""
        self._silent: set[Line] = set()

    def plan(self, *faults: Fault) -> None:
        """Make these faults, in order, each at its next occasion."""
        self._planned.extend(faults)

    @property
    def waiting(self) -> int:
        """Planned faults that had no occasion yet."""
        return len(self._planned)

    def tear(self, *, reset: bool = False) -> None:
        """Cut all connections now; new ones may come."""
        for line in list(self.lines):
            _end(line, reset=reset)

    def _next(self, *fitting: str) -> Fault | None:
        if self._planned and self._planned[0] in fitting:
            self.done[self._planned[0]] += 1
            return self._planned.popleft()
        return None

    @override
    async def _lets_in(self) -> bool:
        return not self._next("refuse")

    @override
    async def _up(self, line: Line) -> None:
        self.most_at_once = max(self.most_at_once, len(self.lines))
        while data := await read(line.from_client):
            if line in self._silent:
                continue
            words = data.split()
            if len(words) == 2 and words[1].upper() == b"IDLE":
                self._idle.add(line)
                if fault := self._next("bye-to-idle", "close-at-idle", "hang-at-idle"):
                    await self._make(line, fault)
                    continue
            elif fault := self._next("reset", "hang"):
                await self._make(line, fault)
                continue
            line.to_server.write(data)

    @override
    async def _down(self, line: Line) -> None:
        while data := await read(line.from_server):
            if line in self._silent:
                continue
            if b"BODY[] {" in data and self._next("cut-in-literal"):
                line.to_client.write(data[: len(data) // 2])
                await asyncio.sleep(0)
                return
            line.to_client.write(data)
            if data.startswith(b"+") and line in self._idle:
                self._idle.discard(line)
                if fault := self._next("bye-in-idle", "close-in-idle", "hang-in-idle"):
                    await self._make(line, fault)

    async def _make(self, line: Line, fault: Fault) -> None:
        if fault.startswith("hang"):
            self._silent.add(line)
        elif fault.startswith("bye"):
            line.to_client.write(b"* BYE idle for too long\r\n")
            await line.to_client.drain()
            line.close()
        else:
            _end(line, reset=fault == "reset")


def _end(line: Line, *, reset: bool) -> None:
    for end in (line.to_client, line.to_server):
        sock = end.get_extra_info("socket")
        if reset and sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.abort() if reset else line.close()
