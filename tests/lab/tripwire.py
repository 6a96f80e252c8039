"""A TCP proxy with wires: when certain bytes pass, something is done, just before or just after they are handed on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

Way = Literal["up", "down"]


@dataclass
class Wire:
    """`act` is called once, when `text` passes that way; `before` it is handed on, or after."""

    way: Way
    text: bytes
    act: Callable[[], None]
    before: bool = True
    touched: bool = False


class Tripwire:
    """Use as `async with Tripwire(port) as proxy`, then connect to `proxy.port`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.wire: Wire | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._ended.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        ways: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._pass("up", reader, to_server)),
            asyncio.ensure_future(self._pass("down", from_server, writer)),
            asyncio.ensure_future(self._ended.wait()),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in ways:
            each.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each_writer in (writer, to_server):
            each_writer.close()
            with contextlib.suppress(OSError):
                await each_writer.wait_closed()

    async def _pass(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                wire = self._trips(way, data)
                if wire and wire.before:
                    wire.act()
                writer.write(data)
                await writer.drain()
                if wire and not wire.before:
                    wire.act()
        except OSError:
            pass
        finally:
            writer.close()

    def _trips(self, way: Way, data: bytes) -> Wire | None:
        wire = self.wire
        if wire is None or wire.touched or wire.way != way or wire.text not in data:
            return None
        wire.touched = True
        return wire
