"""Asks STUN and TURN servers what a browser would ask (RFC 8489, RFC 8656). Keeps nothing there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aioice.stun import Class, Message, Method
from aioice.turn import TurnClientProtocol, TurnClientTcpProtocol, TurnClientUdpProtocol

from channels.telephony.ice_uri import IceUri

_KEPT_S = 60
"""An allocation that could not be given back is gone after so long."""
_CHANNEL_S = 60


async def bind(server: IceUri) -> None:
    """One binding request. Raises `OSError`, `aioice.stun.TransactionError`."""
    async with _reached(server) as line:
        await line.request(Message(Method.BINDING, Class.REQUEST))


async def allocate(server: IceUri, name: str, password: str) -> tuple[str, int]:
    """Have a TURN server open an address for us, and close it again; the address. Raises as `bind`."""
    async with _reached(server, name, password) as line:
        place = await line.connect()
        await line.delete()
        return place


@asynccontextmanager
async def _reached(
    server: IceUri, name: str | None = None, password: str | None = None
) -> AsyncIterator[TurnClientProtocol]:
    loop, place = asyncio.get_running_loop(), (server.host, server.port)
    transport: asyncio.BaseTransport
    line: TurnClientProtocol
    if server.transport == "udp":
        transport, line = await loop.create_datagram_endpoint(
            lambda: TurnClientUdpProtocol(place, name, password, _KEPT_S, _CHANNEL_S), remote_addr=place
        )
    else:
        transport, line = await loop.create_connection(
            lambda: TurnClientTcpProtocol(place, name, password, _KEPT_S, _CHANNEL_S),
            *place,
            ssl=ssl.create_default_context() if server.secure else None,
        )
    try:
        yield line
    finally:
        transport.close()
