"""A process of a benchmark that is told what to do in JSON lines and answers in JSON lines; it never outlives its parent."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

_LINE_BYTES = 2**24
Serve = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
ROOT = Path(__file__).parents[2]


class Child:
    """The parent's end."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    async def ask(self, patience_s: float = 120, **what: Any) -> dict[str, Any]:
        """Tell it to do something and wait for the answer.

        Raises:
            RuntimeError: it failed or went away; its own words stand above, on standard error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), patience_s)
        if not line:
            raise RuntimeError(f"{self._name} went away while it was asked to {what.get('do')}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self._name} could not {what.get('do')}: {answer['error']}")
        return answer


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run `python -m tests.bench.MODULE` for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.bench.{module}", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )
    try:
        yield Child(process, module)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def serve(orders: Mapping[str, Serve]) -> None:
    """The child's end: obey until the parent closes the pipe. A failure is answered, and ends the process."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order: dict[str, Any] = json.loads(line)
        do = order.pop("do")
        try:
            answer = await orders[do](order)
        except (OSError, TimeoutError, RuntimeError, KeyError, ValueError) as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
            raise
        print(json.dumps(answer), flush=True)


def run(orders: Mapping[str, Serve]) -> None:
    """The child's main."""
    uvloop.run(serve(orders))
