"""Keeps one supervised task for each account that wants one, in line with the directory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from hub.accounts.directory import Directory, Entry
from hub.supervise import Supervisor

_SWEEP_S = 30.0


class Roster:
    """Tasks named `PREFIX:ACCOUNT`. `serve` runs for as long as the account is configured the same."""

    def __init__(
        self,
        prefix: str,
        directory: Directory,
        supervisor: Supervisor,
        wants: Callable[[Entry], bool],
        serve: Callable[[Entry], Awaitable[None]],
    ) -> None:
        self._prefix = prefix
        self._directory = directory
        self._supervisor = supervisor
        self._wants = wants
        self._serve = serve
        self._running: dict[str, Entry] = {}
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """An account was added, changed or removed."""
        self._changed.set()

    async def run(self) -> None:
        """Bring what runs in line with what is configured, now and after each change."""
        while True:
            self._changed.clear()
            await self.apply()
            try:
                async with asyncio.timeout(_SWEEP_S):  # unlike wait_for of Python 3.11, never loses a cancellation
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def apply(self) -> None:
        """Stop what is not wanted any more or has changed; start what is missing."""
        wanted = {e.id: e for e in await self._directory.all() if e.enabled and e.channel and self._wants(e)}
        for account, entry in list(self._running.items()):
            if account not in wanted or wanted[account].account != entry.account:
                del self._running[account]
                await self._supervisor.drop(f"{self._prefix}:{account}")
        for account in wanted.keys() - self._running.keys():
            self._running[account] = wanted[account]
            self._supervisor.keep(f"{self._prefix}:{account}", partial(self._serve, wanted[account]))
