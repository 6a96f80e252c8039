"""A plan on its way to the PBX, by a hub that stands beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_core.ground.errors import Conflict, NotFound
from hub.calling import PbxPlan
from hub.channel import Account
from hub.desk.pbx_files import write_files
from hub.errors import ChannelError, SetupError


async def written(folder: Path | None, files: Mapping[str, str]) -> dict[str, list[str]]:
    """The lines that went and came, by file; raises `Conflict` where this hub cannot write."""
    if folder is None:
        raise Conflict("the account has no folder for its plan: an operator writes it, with mainstem pbx render")
    try:
        return await asyncio.to_thread(write_files, folder, files)
    except (NotFound, OSError) as error:
        raise Conflict(f"this hub cannot write into {folder}: {error}") from error


async def reloaded(planner: PbxPlan[Any], pbx: Account) -> tuple[dict[str, str], str | None]:
    """What the PBX said, or why it did not read them: the files are there all the same."""
    try:
        return await planner.reload(pbx), None
    except (ChannelError, SetupError) as error:
        return {}, error.detail
