"""Whose phone rings is told before everything else, beside the writing of calls.

What a screen pop shows is looked up while the events that say so are being kept; nobody is told before they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from channels.telephony.account import TelephonyAccount
from channels.telephony.news import news_of
from channels.telephony.switchboard import Switchboard
from channels.telephony.view import rings_of
from hub.channel import Inlet
from hub.model.call import CallNews, Rings
from hub.supervise import run_beside


class Reached:
    """A number that grows; who needs it to be so far can wait for that."""

    def __init__(self) -> None:
        self._value = 0
        self._grew = asyncio.Event()

    def reach(self, value: int) -> None:
        """It is so far now."""
        self._value = value
        self._grew.set()

    def is_at(self, value: int) -> bool:
        """Whether it is so far."""
        return self._value >= value

    async def at(self, value: int) -> None:
        """Wait until it is so far."""
        while not self.is_at(value):
            self._grew.clear()
            await self._grew.wait()


class Ringing:
    """The rings of one account's calls that nobody was told of. Those that are heard of while others are being told are
    looked up meanwhile, and then told together."""

    def __init__(self, account: TelephonyAccount, inlet: Inlet, board: Switchboard, kept: Reached) -> None:
        self._account = account
        self._inlet = inlet
        self._board = board
        self._kept = kept
        self._untold: dict[str, datetime] = {}
        """Call -> when the first of its rings was heard of."""
        self._known: dict[str, set[str]] = {}
        """The rings of each call that were told, or are about to be."""
        self._heard, self._looked_up, self._idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._rings: list[Rings] = []

    def hear(self, names: Iterable[str], arrived: datetime) -> None:
        """These calls changed; `arrived`: when it was heard of."""
        for name in names:
            known = self._known.setdefault(name, set())
            if fresh := {ring["id"] for ring in rings_of(self._board.calls[name])} - known:
                known |= fresh
                self._untold.setdefault(name, arrived)
        if self._untold:
            self._idle.clear()
            self._heard.set()

    async def run(self) -> None:
        """Tell of each as soon as it is heard of. Ends only by raising."""
        await run_beside(self._look_up_all(), self._tell_all())

    async def tell(self) -> None:
        """Tell of those that are heard of by now.

        Raises:
            Unavailable: the store is away.
        """
        await self._look_up()
        await self._tell()

    async def told(self, at_most_s: float) -> None:
        """Wait until nothing is left to be told, but not for ever."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._idle.wait()
        except TimeoutError:
            return

    def forget(self) -> None:
        """Let go of calls that the switchboard has let go of."""
        self._known = {name: known for name, known in self._known.items() if name in self._board.calls}

    async def _look_up_all(self) -> None:
        while True:
            await self._heard.wait()
            await self._look_up()

    async def _look_up(self) -> None:
        self._heard.clear()
        untold, self._untold = self._untold, {}
        news = [self._news(name, arrived) for name, arrived in untold.items() if name in self._board.calls]
        looked_up = await self._inlet.calls.look_up(news)
        if any(each.rings for each in looked_up.news):
            self._rings.append(looked_up)
        self._looked_up.set()

    async def _tell_all(self) -> None:
        while True:
            await self._looked_up.wait()
            await self._tell()

    async def _tell(self) -> None:
        self._looked_up.clear()
        while self._rings:
            await self._kept.at(_last(self._rings[0]))
            await self._inlet.calls.ring(self._take)
        if not self._untold:
            self._idle.set()

    def _take(self) -> list[Rings]:
        """Those whose events are kept."""
        taken = [each for each in self._rings if self._kept.is_at(_last(each))]
        self._rings = [each for each in self._rings if not self._kept.is_at(_last(each))]
        return taken

    def _news(self, name: str, arrived: datetime) -> CallNews:
        call = self._board.calls[name]
        return news_of(call, self._account.region, heard_at=arrived, aside=self._board.is_aside(call))


def _last(rings: Rings) -> int:
    """The last event that they follow from."""
    return max((each.n for each in rings.news), default=0)
