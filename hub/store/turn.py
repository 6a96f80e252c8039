"""Whose unit of work is next, among those of this process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turn:
    """A lock that is given to those who wait in the order in which they came, but to the urgent before all others."""

    def __init__(self) -> None:
        self._taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def held(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Have it, from when it is free until the block ends."""
        await self._take(self._urgent if urgent else self._others)
        try:
            yield
        finally:
            self._pass_on()

    @property
    def free(self) -> bool:
        """Nobody has it, so nobody waits for it."""
        return not self._taken

    async def _take(self, line: deque[asyncio.Future[None]]) -> None:
        if not self._taken:
            self._taken = True
            return
        called = asyncio.get_running_loop().create_future()
        line.append(called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # it was given to us as we were told to end
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """To the next in line; it stays taken, so that nobody who comes this moment gets in between."""
        for line in (self._urgent, self._others):
            while line:
                if not (called := line.popleft()).done():
                    called.set_result(None)
                    return
        self._taken = False
