"""A TCP proxy on loopback: carries each connection on to a server behind it, until it is cut. What may happen to what
passes is for those who stand on it: `chaos_proxy`, `tripwire`, `asterisk.cable`."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(eq=False)
class Line:
    """One connection, both ways."""

    from_client: asyncio.StreamReader
    to_client: asyncio.StreamWriter
    from_server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    down: asyncio.Future[None] | None = None

    def close(self) -> None:
        """What was written still arrives."""
        for end in (self.to_client, self.to_server):
            end.close()

    def abort(self) -> None:
        """As a broken wire does."""
        for end in (self.to_client, self.to_server):
            end.transport.abort()

    async def hold_back(self) -> None:
        """Nothing comes down by itself any more."""
        if self.down is not None:
            self.down.cancel()
            await asyncio.gather(self.down, return_exceptions=True)


class Proxy:
    """Use as `async with Proxy(port) as proxy`, then connect to `proxy.port`; it stays the same after a `cut`."""

    def __init__(self, target: int, port: int = 0) -> None:
        self.target = target
        self.port = port
        self.lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Cut all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self.lines):
            line.abort()
        if others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=5)

    async def _lets_in(self) -> bool:
        """Whether a new connection is carried on."""
        return True

    async def _up(self, line: Line) -> None:
        """Client to server; the connection ends with it."""
        while data := await read(line.from_client):
            line.to_server.write(data)

    async def _down(self, line: Line) -> None:
        """Server to client; the connection ends with it."""
        while data := await read(line.from_server):
            line.to_client.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            if not await self._lets_in():
                raise ConnectionRefusedError
            line = Line(reader, writer, *await asyncio.open_connection("127.0.0.1", self.target))
        except BaseException as error:
            writer.transport.abort()
            if isinstance(error, OSError):
                return
            raise
        await self._carry(line)

    async def _carry(self, line: Line) -> None:
        self.lines.add(line)
        line.down = asyncio.ensure_future(self._down_to_the_end(line))
        try:
            with contextlib.suppress(OSError):
                await self._up(line)
        finally:
            await line.hold_back()
            self.lines.discard(line)
            line.close()

    async def _down_to_the_end(self, line: Line) -> None:
        with contextlib.suppress(OSError):
            await self._down(line)
        line.close()


async def read(reader: asyncio.StreamReader) -> bytes:
    """What came next; nothing at the end, however it came."""
    try:
        return await reader.read(65536)
    except OSError:
        return b""
