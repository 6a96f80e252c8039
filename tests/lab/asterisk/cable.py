"""The way to AMI, to be cut and mended; also at the very moment at which an action goes over it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.lab.ports import free_port

_CHUNK = 65536


@dataclass(eq=False)
class _Plan:
    """What happens when an action comes by."""

    action: bytes
    act: Callable[[], Awaitable[object]]
    passes: bool


class Cable:
    """A TCP proxy on a port that stays the same. `mend` it first; `cut` it in the end."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.delay_s = 0.0
        """So long it takes until a new connection carries anything."""
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._plans: list[_Plan] = []

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Cut all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in list(self._ends):
            end.transport.abort()
        if others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=5)

    def when(self, action: str, act: Callable[[], Awaitable[object]], *, passes: bool = True) -> None:
        """Once, when this action comes by: have the PBX take it or not, keep its answer back, and act."""
        self._plans.append(_Plan(f"Action: {action}\r\n".encode(), act, passes))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.sleep(self.delay_s)
        try:
            back, to = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, to}
        down = asyncio.ensure_future(_pass_on(back, writer))
        try:
            await self._up(reader, to, back, down)
        finally:
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)
            for end in (writer, to):
                end.transport.abort()
            self._ends -= {writer, to}

    async def _up(
        self,
        reader: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        down: asyncio.Future[None],
    ) -> None:
        while data := await _read(reader):
            plan = next((each for each in self._plans if each.action in data), None)
            if plan is None:
                to.write(data)
                continue
            self._plans.remove(plan)
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)
            if plan.passes:
                to.write(data)
                while answer := await _read(back):
                    if b"Response: " in answer:
                        break
            await plan.act()
            return


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await _read(reader):
        writer.write(data)
    writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(_CHUNK)
    except OSError:
        return b""
