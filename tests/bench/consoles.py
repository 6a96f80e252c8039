"""Memory for each connected console: what the hub's process grows by, beside a bare python-socketio server."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.bench.bare_socketio import NAMESPACE
from tests.bench.child import child
from tests.bench.figures import Figure
from tests.bench.ground import Ground, hire, prepared, serving
from tests.bench.machine import resident_kb

SIZES = (1000, 2500, 5000)
_MOST = 2.0
_SETTLE_S = 2.0


async def run(ground: Ground) -> list[Figure]:
    """Measure, one process after the other, growing step by step."""
    sizes = [ground.count(size, 50 * (place + 1)) for place, size in enumerate(SIZES)]
    async with prepared(ground, "consoles") as hub:
        tokens = (await hire(hub, {"support": sizes[-1]}))["support"]
    async with serving(ground, "consoles") as server:
        assert server.process is not None
        auth: list[dict[str, Any]] = [{"token": token} for token in tokens]
        ours, took_s = await _grow(server.port, server.process.pid, "ready", auth, sizes)
    async with child("bare_socketio") as bare:
        port = (await bare.ask(do="listen"))["port"]
        theirs, _ = await _grow(port, bare.pid, None, [{} for _ in tokens], sizes)
    return [
        Figure(
            bench="consoles", name=f"memory of one of {size:,} consoles", measured=ours[size], unit="kB",
            floor=theirs[size], budget=f"<= {_MOST:.0f}x the floor", met=ours[size] <= _MOST * theirs[size],
            note=f"the hub let in {size / took_s[size]:,.0f} a second, each with a sign-in of its own",
        )
        for size in sizes
    ]  # fmt: skip


async def _grow(
    port: int, pid: int, ready: str | None, auth: list[dict[str, Any]], sizes: list[int]
) -> tuple[dict[int, float], dict[int, float]]:
    """kB for each console, and seconds until all were in, at each size."""
    kb, took_s, inside, spent = dict[int, float](), dict[int, float](), 0, 0.0
    async with child("clients") as consoles:
        await consoles.ask(do="connect", port=port, namespace=NAMESPACE, ready=ready, auth=auth[:1])
        await asyncio.sleep(_SETTLE_S)
        before, inside = resident_kb(pid), 1
        for size in sizes:
            answer = await consoles.ask(
                do="connect", patience_s=300, port=port, namespace=NAMESPACE, ready=ready, auth=auth[inside:size]
            )
            inside, spent = size, spent + answer["took_s"]
            await asyncio.sleep(_SETTLE_S)
            kb[size], took_s[size] = (resident_kb(pid) - before) / (size - 1), spent
    return kb, took_s
