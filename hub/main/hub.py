"""The life of a hub: it opens, starts, drains and stops what the house holds."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from typing import Any

from crm_core.ground.ids import new_id
from hub.main.hearing import hear
from hub.main.house import House
from hub.main.tasks import keep_tasks
from hub.settings import Settings

log = logging.getLogger(__name__)

_SPREAD_S = 5.0
"""Over so many seconds the consoles of a stopping hub come back to the others."""
_FOLLOW_S = 5.0


class Hub(House):
    """One hub. Made, it has its parts (enough for a command); `start` also runs them and listens."""

    def __init__(self, settings: Settings, hub_id: str | None = None) -> None:
        self.hub_id = hub_id or f"{socket.gethostname()}-{new_id()[-8:]}"
        self.url = ""
        super().__init__(settings, self.hub_id)
        ground, streaming = self.ground, self.streaming
        self.settings, self.db, self.units, self.files = ground.settings, ground.db, ground.units, ground.files
        self.records, self.identity = ground.records, ground.identity
        self.stream, self.feed = streaming.stream, streaming.feed

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document of everything served."""
        return self.web.openapi(self.parts())

    async def open(self) -> None:
        """Bring the database up to date and put what must exist there. Enough for commands; nothing runs."""
        await self.ground.open()
        await self.desk.queues.seed(self.settings.queues)
        await self.telephony.call_outcomes.seed()

    async def start(self) -> None:
        """Run everything and listen. Returns when the hub answers."""
        try:
            await self.open()
            await self.feed.start()
            self.feed.subscribe(lambda events: hear(self, events))
            keep_tasks(self)
            await self.consoles.keeper.start(self.db, self.ground.supervisor)
            await self._follow()
            self.url = await self.web.listen(self.consoles, self.parts())
        except BaseException:
            await self.stop()
            raise
        _calm_the_collector()
        log.info("hub ready", extra={"hub": self.hub_id, "url": self.url})

    async def stop(self) -> None:
        """Drain: no new work, what is begun is finished within `limits.drain_s`, then everything stops."""
        self.desk.readiness.draining = True
        self.consoles.door.shut()
        self.consoles.consoles.drain(within_s=_SPREAD_S)
        await self.web.stop(self.consoles, self.telephony)
        await self.ground.supervisor.stop()
        await self.close()

    async def close(self) -> None:
        """Let go of the store."""
        await self.ground.close()

    async def _follow(self) -> None:
        """Who is let in hears everything. A store that is slow to tell does not keep the hub from answering."""
        try:
            async with asyncio.timeout(_FOLLOW_S):
                await self.feed.following.wait()
        except TimeoutError:
            log.warning("the feed does not follow the store yet")


def _calm_the_collector() -> None:
    """What is there now stays; what a hub makes from now on mostly dies young, by reference count. With the usual
    threshold of 700 objects the cyclic collector takes a large part of the time of decoding documents."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
