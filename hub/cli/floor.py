"""Commands about the call centre's figures."""

from __future__ import annotations

import asyncio

from hub.cli.up import mongo_for
from hub.desk.floor.fact_reader import FactReader
from hub.main import Hub
from hub.settings import Settings


def rebuild_facts(settings: Settings) -> int:
    """Make the facts of all calls anew, judged by the targets of today; safe while hubs run."""

    async def run() -> int:
        async with mongo_for(settings) as ready:
            hub = Hub(ready)
            await hub.open()
            try:
                return await FactReader(hub.db).rebuild()
            finally:
                await hub.close()

    print(f"{asyncio.run(run())} calls")
    return 0
