"""Asking a hub over HTTP as a browser does: signed in with a cookie, some requests at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.bench.ground import PASSWORD
from tests.bench.town import LOGIN


@dataclass
class Times:
    """Milliseconds of each request, and how often an answer was cut short (`partial`) or refused for load (503)."""

    ms: list[float] = field(default_factory=list)
    partial: int = 0
    refused: int = 0
    empty: int = 0


@asynccontextmanager
async def signed_in(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A session with the cookie of the agent."""
    jar = aiohttp.CookieJar(unsafe=True)  # the address is an IP
    async with aiohttp.ClientSession(url, cookie_jar=jar) as http:
        async with http.post("/api/session", json={"login": LOGIN, "password": PASSWORD}) as answer:
            if answer.status != 200:
                raise RuntimeError(f"could not sign in: {answer.status} {await answer.text()}")
        yield http


async def get_all(http: aiohttp.ClientSession, paths: Iterable[tuple[str, dict[str, str]]], at_once: int) -> Times:
    """Get all paths, `at_once` at a time."""
    times = Times()

    async def one(path: tuple[str, dict[str, str]]) -> None:
        async with http.get(path[0], params=path[1]) as answer:
            body: dict[str, Any] = await answer.json(content_type=None)
            if answer.status == 503:
                times.refused += 1
            elif answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body}")
            times.partial += bool(body.get("partial"))
            times.empty += body.get("items") == []

    times.ms = await timed(one, paths, at_once)
    return times


async def timed(do: Callable[[Any], Awaitable[None]], things: Iterable[Any], at_once: int) -> list[float]:
    """Do something with each, `at_once` at a time; milliseconds of each."""
    waiting, took = iter(things), list[float]()

    async def worker() -> None:
        for thing in waiting:
            started = time.perf_counter()
            await do(thing)
            took.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return took
