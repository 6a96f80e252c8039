"""The way to AMI, to be cut and mended; also at the very moment at which an action goes over it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from typing_extensions import override

from tests.lab.proxy import Line, Proxy, read


@dataclass(eq=False)
class _Plan:
    """What happens when an action comes by."""

    action: bytes
    act: Callable[[], Awaitable[object]]
    passes: bool


class Cable(Proxy):
    """A proxy that knows what is asked of AMI."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.delay_s = 0.0
        """So long it takes until a new connection carries anything."""
        self._plans: list[_Plan] = []

    def when(self, action: str, act: Callable[[], Awaitable[object]], *, passes: bool = True) -> None:
        """Once, when this action comes by: have the PBX take it or not, keep its answer back, and act."""
        self._plans.append(_Plan(f"Action: {action}\r\n".encode(), act, passes))

    @override
    async def _lets_in(self) -> bool:
        await asyncio.sleep(self.delay_s)
        return True

    @override
    async def _up(self, line: Line) -> None:
        while data := await read(line.from_client):
            plan = next((each for each in self._plans if each.action in data), None)
            if plan is None:
                line.to_server.write(data)
                continue
            self._plans.remove(plan)
            await line.hold_back()
            if plan.passes:
                line.to_server.write(data)
                while answer := await read(line.from_server):
                    if b"Response: " in answer:
                        break
            await plan.act()
            break
        line.abort()
