"""What goes out to a console: frames, encoded once for all who get them, and the line that each console has."""

from __future__ import annotations

import asyncio
from typing import Any, NewType

from aiohttp import web
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from pydantic_core import to_json

NAMESPACE = "/console"

Frame = NewType("Frame", object)
"""One encoded packet, shared by all who get it."""


def frame(name: str, body: Any) -> Frame:
    """An event ready to be sent: encoded now, and once."""
    json = to_json([name, body], fallback=str, inf_nan_mode="null", bytes_mode="base64").decode()
    return Frame(EnginePacket(MESSAGE, data=f"2{NAMESPACE},{json}"))


FAREWELL = Frame(EnginePacket(MESSAGE, data=f"1{NAMESPACE},"))
"""Socket.IO's DISCONNECT: the client does not come back by itself."""


class Line:
    """The way out to one console: an unbounded queue which its owner bounds, and a socket."""

    __slots__ = ("_queue", "_request", "socket")

    def __init__(self, socket: Any, request: web.Request) -> None:
        self.socket = socket
        self._queue: asyncio.Queue[Any] = socket.queue
        self._request = request

    def put(self, packet: Frame) -> int:
        """Send; returns how many packets wait now."""
        self._queue.put_nowait(packet)
        return self._queue.qsize()

    @property
    def waiting(self) -> int:
        """How many packets the client has not taken yet."""
        return self._queue.qsize()

    def clear(self) -> None:
        """Drop what waits."""
        while not self._queue.empty():
            self._queue.get_nowait()
            self._queue.task_done()

    def end(self) -> None:
        """Let the websocket's writer send what waits and then close."""
        self._queue.put_nowait(None)

    def abort(self) -> None:
        """Cut the connection without waiting for anybody."""
        if (transport := self._request.transport) is not None:
            transport.abort()
