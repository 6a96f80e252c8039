"""Consoles of agents, each a whole Socket.IO client: when a screen pop was there. Orders: `connect`, `forget`, `until`."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import socketio

from tests.bench.bare_socketio import NAMESPACE
from tests.bench.child import run
from tests.bench.machine import allow_many_files

_AT_ONCE = 20
_consoles: list[socketio.AsyncClient] = []
_pops: dict[str, dict[str, Any]] = {}


def _came(frame: dict[str, Any]) -> None:
    at, data = time.time(), frame["data"]
    pbx, heard, told = (_seconds(data["stamps"][name]) for name in ("pbx", "heard", "told"))
    _pops[data["ring"]] = {
        "call": data["call"]["call"], "known": len(data["candidates"]), "way_ms": 1000 * (at - pbx),
        "hub_ms": 1000 * (told - heard), "before_ms": 1000 * (heard - pbx), "after_ms": 1000 * (at - told),
    }  # fmt: skip


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


async def connect(order: dict[str, Any]) -> dict[str, Any]:
    """One console for each token."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(token: str) -> None:
        client = socketio.AsyncClient(reconnection=False)
        client.on("call.ringing", _came, namespace=NAMESPACE)
        async with gate:
            address = f"http://127.0.0.1:{order['port']}"
            await client.connect(
                address, auth={"token": token}, namespaces=[NAMESPACE], transports=["websocket"], wait_timeout=60
            )
        _consoles.append(client)

    await asyncio.gather(*(one(token) for token in order["tokens"]))
    return {"connected": len(_consoles)}


async def forget(_order: dict[str, Any]) -> dict[str, Any]:
    """Count from nothing again."""
    _pops.clear()
    return {}


async def until(order: dict[str, Any]) -> dict[str, Any]:
    """Wait until so many `calls` have popped up somewhere; all that came."""
    deadline = time.monotonic() + order["within_s"]
    while len({pop["call"] for pop in _pops.values()}) < order["calls"] and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    return {"pops": list(_pops.values())}


if __name__ == "__main__":
    allow_many_files()
    run({"connect": connect, "forget": forget, "until": until})
