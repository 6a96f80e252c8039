"""A console's connection, as little of it as there can be: Engine.IO 4 and Socket.IO over a raw websocket.

A full client would cost more than the server that is measured. This one counts frames and keeps none, so one process
holds 5,000 of them and is no faster and no slower for one server than for another.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from typing import Any, cast

_HANDSHAKE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_TEXT, _CLOSE, _PING = 1, 8, 9


class Wire(asyncio.Protocol):
    """One connection to `namespace`. `events` counts events of the stream, `last_at` (monotonic, seconds) is of the newest.

    Args:
        ready: the start of the event that says that the server has let us in; None where the acknowledgement says so.
    """

    def __init__(self, port: int, namespace: str, auth: dict[str, Any], ready: str | None) -> None:
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.events = 0
        self.stale = 0
        self.last_at = 0.0
        self._port = port
        self._open = f"40{namespace},{json.dumps(auth)}".encode()
        self._opened = f"40{namespace},".encode()
        self._event = f"42{namespace},[".encode()
        self._ready = f'42{namespace},["{ready}"'.encode() if ready else None
        self._stale = f'42{namespace},["stale"'.encode()
        self._closing = f'42{namespace},["closing"'.encode()
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the websocket."""
        self._transport = line = cast(asyncio.WriteTransport, transport)  # uvloop's is no subclass
        key = base64.b64encode(os.urandom(16)).decode()
        line.write(_HANDSHAKE.format(port=self._port, key=key).encode())

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody may wait for what cannot come any more."""
        if not self.joined.done():
            self.joined.set_exception(ConnectionError(f"the server hung up: {error or bytes(self._buffer[:200])!r}"))

    def data_received(self, data: bytes) -> None:
        """Cut the bytes into frames."""
        buffer = self._buffer
        buffer += data
        if not self._upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.close()
                return
            self._upgraded = True
            del buffer[: end + 4]
        self._frames(buffer)

    def _frames(self, buffer: bytearray) -> None:
        start, size = 0, len(buffer)
        while size - start >= 2:
            length, body = buffer[start + 1] & 127, start + 2
            if length == 126:
                length, body = int.from_bytes(buffer[start + 2 : start + 4], "big"), start + 4
            elif length == 127:
                length, body = int.from_bytes(buffer[start + 2 : start + 10], "big"), start + 10
            if size < body + length:
                break
            self._hear(buffer[start] & 15, bytes(buffer[body : body + min(length, 64)]))
            start = body + length
        del buffer[:start]

    def _hear(self, kind: int, beginning: bytes) -> None:
        if kind == _TEXT and beginning.startswith(self._event):
            self._count(beginning)
        elif kind == _TEXT and beginning == b"2":
            self._say(_TEXT, b"3")
        elif kind == _TEXT and beginning[:1] == b"0":
            self._say(_TEXT, self._open)
        elif kind == _TEXT and self._ready is None and beginning.startswith(self._opened):
            self.joined.set_result(None)
        elif kind == _PING:
            self._say(10, beginning)
        elif kind == _CLOSE:
            self.close()

    def _count(self, beginning: bytes) -> None:
        if self._ready is not None and beginning.startswith(self._ready):
            if not self.joined.done():
                self.joined.set_result(None)
        elif beginning.startswith((self._stale, self._closing)):
            self.stale += 1
        else:
            self.events += 1
            self.last_at = time.monotonic()

    def _say(self, kind: int, body: bytes) -> None:
        """Send a frame, masked as clients must (with zeros: the mask hides nothing on loopback)."""
        assert self._transport is not None
        assert len(body) < 65536
        length = bytes([128 | len(body)]) if len(body) < 126 else bytes([254]) + len(body).to_bytes(2, "big")
        self._transport.write(bytes([128 | kind]) + length + bytes(4) + body)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
