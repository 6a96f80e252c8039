"""The floor of the consoles: python-socketio as it comes, one room, nothing else. Orders: `listen`, `emit`."""

from __future__ import annotations

import time
from typing import Any

import socketio
from aiohttp import web

from tests.bench.child import run
from tests.bench.machine import allow_many_files

NAMESPACE = "/console"
_sio = socketio.AsyncServer(async_mode="aiohttp", namespaces=[NAMESPACE])


@_sio.on("connect", namespace=NAMESPACE)  # type: ignore[untyped-decorator]
async def _connect(sid: str, _environ: dict[str, Any], _auth: object) -> None:
    await _sio.enter_room(sid, "all", namespace=NAMESPACE)


async def listen(_order: dict[str, Any]) -> dict[str, Any]:
    """Serve on a free port."""
    app = web.Application()
    _sio.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return {"port": runner.addresses[0][1]}


async def emit(order: dict[str, Any]) -> dict[str, Any]:
    """Emit `times` events with `data` to the room; `at` is when it began (monotonic)."""
    at = time.monotonic()
    for _ in range(order["times"]):
        await _sio.emit(order["name"], order["data"], room="all", namespace=NAMESPACE)
    return {"at": at}


if __name__ == "__main__":
    allow_many_files()
    run({"listen": listen, "emit": emit})
