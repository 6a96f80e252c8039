"""SIP of phones in browsers: `/ws/sip` carries their frames to the PBX and back.

One origin and one certificate, the PBX's socket stays private, and the sign-in decides who may be which phone: a
session of ours, from a page of ours, for the person's own extension, as long as all of that holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict

import aiohttp
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web

from crm_core.ground.errors import Conflict, Forbidden, MainstemError, SignInNeeded, Throttled, Unavailable
from hub.desk.phones import Phones, Seat
from hub.desk.sip_frame import MOST_BYTES, refusal
from hub.identity.caller import Caller
from hub.identity.identity import Identity
from hub.settings import Settings
from hub.web.described import described
from hub.web.far_side import Proxies, far_end
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("phones")
log = logging.getLogger(__name__)

PROTOCOL = "sip"
_REACHED_S = 5.0
_BEAT_S = 20.0
_LOOK_S = 15.0
"""So often it is asked whether the sign-in still stands and the extension is still the person's."""
_MOST_SOCKETS = 8
"""Of one person; the PBX keeps the newest as the phone."""
_SIGNED_OUT = 4001
_LEAVE_S = 2.0
_FAREWELL = aiohttp.ClientWSTimeout(ws_close=0.5)
"""Asterisk does not answer when a socket is closed."""

Socket = web.WebSocketResponse | ClientWebSocketResponse


class SipLines:
    """The open sockets of this hub."""

    def __init__(self, phones: Phones, identity: Identity, settings: Settings) -> None:
        self._phones = phones
        self._identity = identity
        self._proxies = Proxies(settings.trusted_proxies, settings.public_url)
        self._open: defaultdict[str, set[web.WebSocketResponse]] = defaultdict(set)

    async def close(self) -> None:
        """Let go of all: this hub is going, another one serves."""
        sockets = [each for mine in self._open.values() for each in mine]
        await asyncio.gather(*(each.close(code=WSCloseCode.SERVICE_RESTART) for each in sockets))

    async def carry(self, request: web.Request, caller: Caller) -> web.WebSocketResponse:
        """Connect to the PBX first, and only then answer the browser.

        Raises:
            Forbidden: not our page, or no session.
            Conflict: the person has no phone in the browser.
            Throttled: too many at once.
            Unavailable: the PBX does not answer there.
        """
        seat = await self._admitted(request, caller)
        async with aiohttp.ClientSession() as session, await _reach(session, seat) as pbx:
            browser = web.WebSocketResponse(
                protocols=(PROTOCOL,), max_msg_size=MOST_BYTES, heartbeat=_BEAT_S, timeout=_LEAVE_S
            )
            await browser.prepare(request)
            self._open[caller.user].add(browser)
            try:
                async with self._phones.connected(seat, caller, far_end(request)):
                    await self._join(browser, pbx, seat, caller)
            finally:
                self._open[caller.user].discard(browser)
                if not self._open[caller.user]:
                    del self._open[caller.user]
        return browser

    async def _admitted(self, request: web.Request, caller: Caller) -> Seat:
        origin = request.headers.get("Origin")
        if caller.by_token or origin is None or not self._proxies.is_own_origin(request, origin):
            raise Forbidden("phones in the browser are pages of this console, signed in by a session")
        if PROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", "").replace(" ", "").split(","):
            raise Forbidden("this socket speaks the subprotocol sip and nothing else")
        if len(self._open.get(caller.user, ())) >= _MOST_SOCKETS:
            raise Throttled("your phone is open in too many places", retry_after=5)
        seat = await self._phones.seat(caller)
        if seat is None:
            raise Conflict("you have no extension for a phone in the browser")
        return seat

    async def _join(
        self, browser: web.WebSocketResponse, pbx: ClientWebSocketResponse, seat: Seat, caller: Caller
    ) -> None:
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(browser, seat, caller, over))
            group.create_task(_pump(pbx, browser))
            await _pump(browser, pbx, seat.extension)
            over.set()

    async def _watch(self, browser: web.WebSocketResponse, seat: Seat, caller: Caller, over: asyncio.Event) -> None:
        """Close when the sign-in ends, or the extension is another person's."""
        while not over.is_set():
            if not await self._holds(seat, caller):
                log.info("phone signed out", extra={"user": caller.user, "extension": seat.extension})
                await browser.close(code=_SIGNED_OUT)
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await over.wait()

    async def _holds(self, seat: Seat, caller: Caller) -> bool:
        try:
            await self._identity.expires_at(caller)
            now = await self._phones.seat(caller)
        except SignInNeeded:
            return False
        except MainstemError:
            return True  # nobody can be asked now
        return now is not None and (now.account, now.extension) == (seat.account, seat.extension)


@routes.get("/ws/sip", may=SIGNED_IN)
@described(answer={})
async def carry_sip(who: Caller, request: web.Request, lines: SipLines) -> web.StreamResponse:
    """The websocket (subprotocol `sip`) of the phone in your browser."""
    return await lines.carry(request, who)


class _Reached:
    """A connection that ends with its block."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def __aenter__(self) -> ClientWebSocketResponse:
        return self._socket

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()


async def _reach(session: aiohttp.ClientSession, seat: Seat) -> _Reached:
    try:
        async with asyncio.timeout(_REACHED_S):
            socket = await session.ws_connect(
                seat.line.url, protocols=(PROTOCOL,), max_msg_size=MOST_BYTES, heartbeat=_BEAT_S, timeout=_FAREWELL
            )
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("the PBX takes no phone in a browser now", extra={"account": seat.account, "why": str(error)})
        raise Unavailable("the PBX does not answer now; the phone tries again", retry_after=2) from error
    return _Reached(socket)


async def _pump(source: Socket, sink: Socket, extension: str | None = None) -> None:
    """Carry frames until one side is gone, then close the other. With an extension: what its phone may say."""
    try:
        async for message in source:
            if message.type is not WSMsgType.TEXT:
                break
            if extension is not None and (why := refusal(message.data, extension)):
                log.warning("a phone in a browser was refused", extra={"extension": extension, "why": why})
                await source.close(code=WSCloseCode.POLICY_VIOLATION, message=why.encode()[:120])
                break
            with contextlib.suppress(ConnectionError):
                await sink.send_str(message.data)
    finally:
        await sink.close()
