"""A piece of network that a test can cut: forwards bytes between a browser and a hub."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit


class Link:
    """Listens on a port of its own. Cut, it breaks what stands and refuses what comes, like a pulled cable."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._ways: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._whole = True
        self.url = ""

    @classmethod
    async def open(cls, hub_url: str) -> Link:
        """A link to the hub."""
        far = urlsplit(hub_url)
        link = cls(far.hostname or "127.0.0.1", far.port or 80)
        link._server = await asyncio.start_server(link._carry, "127.0.0.1", 0)
        link.url = f"http://127.0.0.1:{link._server.sockets[0].getsockname()[1]}"
        return link

    def cut(self) -> None:
        """Break every connection and let none through."""
        self._whole = False
        for way in tuple(self._ways):
            way.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    async def close(self) -> None:
        """End for good."""
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carriers.add(task)
        task.add_done_callback(self._carriers.discard)
        if not self._whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._far)
        self._ways |= {writer, far_writer}
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, far_writer))
            both.create_task(_pump(far_reader, writer))
        self._ways -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort() if reader.exception() else writer.close()
