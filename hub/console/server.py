"""The typed wrapper around python-socketio; nobody else imports it.

Rooms and fan-out are our own (`consoles.py`): a frame is encoded once and put straight into each console's queue, with
no task per recipient. The library does the handshake, the transports and the acknowledgements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import socketio
from aiohttp import web
from engineio.async_drivers import aiohttp as engine_driver
from socketio.exceptions import ConnectionRefusedError as Refused

from crm_core.ground.errors import MainstemError
from hub.console.library_log import LibraryLog
from hub.console.line import NAMESPACE, Line
from hub.problems import problem
from hub.supervise import Supervisor

COOKIE = "mainstem_session"
_MOST_INBOUND_BYTES = 64 * 1024
_PING_EVERY_S = 20
_PONG_WITHIN_S = 20
_ABORT_AFTER_S = 5.0
_LAST_WORDS_S = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody at the door: the cookie of a browser, or what the client gave as `auth`."""

    sid: str
    cookie: str | None
    auth: dict[str, Any]
    line: Line


class _TextPacket(socketio.packet.Packet):  # type: ignore[misc]
    """Consoles send text only: collecting announced binary parts would let a client fill the memory."""

    def decode(self, encoded_packet: str) -> int:
        """Read a packet; refuses binary ones."""
        if super().decode(encoded_packet):
            raise ValueError("binary packets are not taken")
        return 0


class _PlainWebSocket(engine_driver.WebSocket):  # type: ignore[misc]
    """Without compression: it would cost 300 kB a console, and the work of packing each frame again for each."""

    async def __call__(self, environ: dict[str, Any]) -> web.StreamResponse:
        request: web.Request = environ["aiohttp.request"]
        self._sock = web.WebSocketResponse(max_msg_size=_MOST_INBOUND_BYTES, compress=False)
        await self._sock.prepare(request)
        await self.handler(self)
        return self._sock


class Wire:
    """The Socket.IO server of one hub."""

    def __init__(self, supervisor: Supervisor, public_url: str | None = None) -> None:
        self._supervisor = supervisor
        self._public_origin = _origin(public_url)
        self._background: set[asyncio.Task[Any]] = set()
        self._strangers: set[str] = set()
        self._ending: set[str] = set()
        self._sio = socketio.AsyncServer(
            async_mode="aiohttp",
            namespaces=[NAMESPACE],
            serializer=_TextPacket,
            async_handlers=False,  # one console's asks are answered in order; it waits, nobody else does
            cors_allowed_origins=self._same_origin,
            max_http_buffer_size=_MOST_INBOUND_BYTES,
            ping_interval=_PING_EVERY_S,
            ping_timeout=_PONG_WITHIN_S,
            http_compression=False,
            logger=LibraryLog(),
            engineio_logger=LibraryLog(),
        )
        engine = self._sio.eio
        engine._async = {**engine._async, "websocket": _PlainWebSocket}  # noqa: SLF001 - the library has no option for it
        self._start_background = engine.start_background_task
        engine.start_background_task = self._own_background

    def attach(self, app: web.Application) -> None:
        """Serve under `/socket.io/`."""
        self._sio.attach(app)

    def on_arrival(self, handler: Callable[[Arrival], Awaitable[None]]) -> None:
        """Who decides about arrivals; a `MainstemError` refuses, and its problem document goes to the client."""

        async def connect(sid: str, environ: dict[str, Any], auth: object) -> None:
            request: web.Request = environ["aiohttp.request"]
            socket = self._sio.eio.sockets[self._sio.manager.eio_sid_from_sid(sid, NAMESPACE)]
            given = cast(dict[str, Any], auth) if isinstance(auth, dict) else {}
            arrival = Arrival(sid, request.cookies.get(COOKIE), given, Line(socket, request))
            try:
                await handler(arrival)
            except MainstemError as error:
                raise Refused(error.title, problem(error)) from None
            environ.clear()  # the parsed headers of the request are kept for nobody
            environ["aiohttp.request"] = request

        self._sio.on("connect", connect, namespace=NAMESPACE)

    def on_leave(self, handler: Callable[[str], None]) -> None:
        """Who is told that a console is gone, whatever the reason."""

        def disconnect(sid: str, _reason: str) -> None:
            handler(sid)

        self._sio.on("disconnect", disconnect, namespace=NAMESPACE)

    def on_ask(self, handler: Callable[[str, str, object], Awaitable[dict[str, Any] | None]]) -> None:
        """Who answers asks: gets console, name and payload; the answer is the acknowledgement."""

        async def ask(name: str, sid: str, *payload: object) -> dict[str, Any] | None:
            return await handler(sid, name, payload[0] if payload else {})

        self._sio.on("*", ask, namespace=NAMESPACE)

    def hang_up(self, line: Line) -> None:
        """End a connection after what waits is sent; cut it when that takes too long."""
        if line.socket.upgraded:
            line.end()
        else:
            self._supervisor.errand("console.hang-up", line.socket.close(wait=False))
        self._ending.add(line.socket.sid)
        asyncio.get_running_loop().call_later(_ABORT_AFTER_S, self._cut, line)

    def _cut(self, line: Line) -> None:
        self._ending.discard(line.socket.sid)
        if line.socket.sid in self._sio.eio.sockets:
            line.abort()

    def sweep(self, most_waiting: int) -> None:
        """Cut connections that never became consoles, or whose queue the library itself has filled. Call now and then."""
        engine, manager = self._sio.eio, self._sio.manager
        strangers = {sid for sid in engine.sockets if manager.sid_from_eio_sid(sid, NAMESPACE) is None}
        flooded = {sid for sid, socket in engine.sockets.items() if socket.queue.qsize() > most_waiting}
        for sid in (strangers & self._strangers) | flooded:
            self._supervisor.errand("console.sweep", self._drop(sid))
        self._strangers = strangers

    async def _drop(self, sid: str) -> None:
        socket = self._sio.eio.sockets.pop(sid, None)
        environ = self._sio.environ.get(sid)
        if socket is not None:
            await socket.close(wait=False, abort=True)
            socket.queue.put_nowait(None)
        if environ and (transport := environ["aiohttp.request"].transport) is not None:
            transport.abort()

    async def stop(self) -> None:
        """Close every connection (those that were hung up may finish within a second) and end the library's own tasks."""
        deadline = asyncio.get_running_loop().time() + _LAST_WORDS_S
        while self._ending & self._sio.eio.sockets.keys():
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.02)
        for sid in list(self._sio.eio.sockets):
            await self._drop(sid)
        for task in list(self._background):
            task.cancel()
        if self._background:
            await asyncio.wait(self._background, timeout=2)

    def _own_background(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = self._start_background(target, *args, **kwargs)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _same_origin(self, origin: str | None, environ: dict[str, Any]) -> bool:
        """A page of another site may not open a socket with our cookie."""
        if origin is None:
            return True
        return urlsplit(origin).netloc == environ.get("HTTP_HOST") or origin == self._public_origin


def _origin(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
