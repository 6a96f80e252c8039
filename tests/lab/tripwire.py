"""A TCP proxy with wires: when certain bytes pass, something is done, just before or just after they are handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from typing_extensions import override

from tests.lab.proxy import Line, Proxy, read

Way = Literal["up", "down"]


@dataclass
class Wire:
    """`act` is called once, when `text` passes that way; `before` it is handed on, or after."""

    way: Way
    text: bytes
    act: Callable[[], None]
    before: bool = True
    touched: bool = False


class Tripwire(Proxy):
    """A proxy with one wire."""

    wire: Wire | None = None

    @override
    async def _up(self, line: Line) -> None:
        await self._pass("up", line.from_client, line.to_server)

    @override
    async def _down(self, line: Line) -> None:
        await self._pass("down", line.from_server, line.to_client)

    async def _pass(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await read(reader):
            wire = self._trips(way, data)
            if wire and wire.before:
                wire.act()
            writer.write(data)
            await writer.drain()
            if wire and not wire.before:
                wire.act()

    def _trips(self, way: Way, data: bytes) -> Wire | None:
        wire = self.wire
        if wire is None or wire.touched or wire.way != way or wire.text not in data:
            return None
        wire.touched = True
        return wire
