"""People who search, in a process of their own. Orders: `sign_in`, `begin`, `end`."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from tests.bench.asking import signed_in
from tests.bench.child import run
from tests.bench.texts import Writer

_open = AsyncExitStack()
_sessions: list[aiohttp.ClientSession] = []
_running: list[asyncio.Task[list[float]]] = []
_stop = asyncio.Event()


async def sign_in(order: dict[str, Any]) -> dict[str, Any]:
    """One sign-in for all."""
    _sessions.append(await _open.enter_async_context(signed_in(order["url"])))
    return {}


async def begin(order: dict[str, Any]) -> dict[str, Any]:
    """Let `people` search until `end`, each with a pause of `pause_s` after an answer."""
    _stop.clear()
    _running.extend(asyncio.create_task(_search(seed, order["pause_s"])) for seed in range(order["people"]))
    return {}


async def end(_order: dict[str, Any]) -> dict[str, Any]:
    """Stop; how many searches there were."""
    _stop.set()
    done = await asyncio.gather(*_running)
    _running.clear()
    return {"searches": sum(len(times) for times in done)}


async def _search(seed: int, pause_s: float) -> list[float]:
    writer, times = Writer(100 + seed), list[float]()
    ask = writer.english_question if seed % 2 else writer.chinese_question
    while not _stop.is_set():
        started = time.perf_counter()
        async with _sessions[0].get("/api/search", params={"q": ask()}) as answer:
            await answer.read()
            if answer.status not in (200, 503):
                raise RuntimeError(f"search answered {answer.status}")
        times.append((time.perf_counter() - started) * 1000)
        try:
            await asyncio.wait_for(_stop.wait(), pause_s)
        except TimeoutError:
            continue
    return times


if __name__ == "__main__":
    run({"sign_in": sign_in, "begin": begin, "end": end})
