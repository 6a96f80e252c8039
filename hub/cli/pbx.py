"""Commands about PBXs."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from crm_core.ground.errors import Invalid
from hub.cli.up import mongo_for
from hub.desk.pbx_files import write_files
from hub.main import Hub
from hub.settings import Settings


def render(settings: Settings, account: str, folder: str, *, then_reload: bool) -> int:
    """Each file with what changed in it; exit code 1, and nothing written, where the plan is wrong."""

    async def run() -> int:
        async with mongo_for(settings) as ready:
            hub = Hub(ready)
            await hub.open()
            try:
                return await _render(hub, account, Path(folder), then_reload)
            finally:
                await hub.close()

    return asyncio.run(run())


async def _render(hub: Hub, account: str, folder: Path, then_reload: bool) -> int:
    try:
        files = await hub.telephony.pbx_plans.rendered(account)
    except Invalid as error:
        for field in error.fields:
            print(f"{field.path}: {field.detail}", file=sys.stderr)
        return 1
    for name, changes in write_files(folder, files).items():
        print(f"{name}: {'changed' if changes else 'as it was'}", *changes, sep="\n  ")
    if then_reload:
        await hub.telephony.pbx_plans.reload(account)
        print(f"{account} read them anew")
    return 0
