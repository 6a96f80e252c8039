"""A process full of consoles. Orders: `connect`, `forget`, `until`, `leave`."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.bench.child import run
from tests.bench.machine import allow_many_files
from tests.bench.wire import Wire

_AT_ONCE = 50
_wires: list[Wire] = []


async def connect(order: dict[str, Any]) -> dict[str, Any]:
    """Open one connection per entry of `auth`, at most 50 at a time, and wait until the server has let all in."""
    started = time.monotonic()
    gate = asyncio.Semaphore(_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one(auth: dict[str, Any]) -> Wire:
        async with gate:
            port, namespace = order["port"], order["namespace"]
            _, wire = await loop.create_connection(
                lambda: Wire(port, namespace, auth, order["ready"]), "127.0.0.1", port
            )
            await asyncio.wait_for(wire.joined, 30)
            return wire

    _wires.extend(await asyncio.gather(*(one(auth) for auth in order["auth"])))
    return {"connected": len(_wires), "took_s": time.monotonic() - started}


async def forget(_order: dict[str, Any]) -> dict[str, Any]:
    """Count from nothing again."""
    for wire in _wires:
        wire.events = wire.stale = 0
    return {}


async def until(order: dict[str, Any]) -> dict[str, Any]:
    """Wait until `total` events have come, and each console has `each`; `at` is when the last one came (monotonic)."""
    deadline = time.monotonic() + order["within_s"]
    total, each = order.get("total", 0), order.get("each", 0)
    while time.monotonic() < deadline:
        if sum(w.events for w in _wires) >= total and min(w.events for w in _wires) >= each:
            break
        await asyncio.sleep(0.001)
    return {
        "total": sum(w.events for w in _wires),
        "least": min(w.events for w in _wires),
        "stale": sum(w.stale for w in _wires),
        "at": max(w.last_at for w in _wires),
    }


async def leave(_order: dict[str, Any]) -> dict[str, Any]:
    """Hang up."""
    for wire in _wires:
        wire.close()
    _wires.clear()
    return {}


if __name__ == "__main__":
    allow_many_files()
    run({"connect": connect, "forget": forget, "until": until, "leave": leave})
