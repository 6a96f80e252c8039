"""Taking in what a far side had before the account began, beside the hub that receives."""

from __future__ import annotations

import asyncio
from datetime import datetime

from hub.accounts.changes import BACKFILL
from hub.accounts.directory import Directory
from hub.accounts.health import HealthBook
from hub.accounts.inlet import Inlets
from hub.store.files import Files
from hub.stream.commit import CommitLoop
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from hub.vault import Signer, Vault, installation_key
from workers.task import Work, task

_TELL_EVERY_S = 1.0


@task(BACKFILL, retries=20)
async def backfill_account(work: Work, account: str, since: str) -> str:
    """Safe to repeat, and beside the receiver: what is held already is passed over."""
    key = installation_key(work.settings)
    entry = await Directory(work.db, Vault(key), work.settings.accounts).one(account)
    channel, configured = entry.ready()
    commit, raws = CommitLoop(work.units, work.settings.limits.commit_batch), RawKeeper(work.db)
    stream = Stream(work.db, work.units, Files(work.db, work.settings.limits.file_bytes), commit)
    inlets = Inlets(work.db, stream, raws, Signer(key), HealthBook(work.db, "worker"))
    supervisor = Supervisor()
    supervisor.keep("commit", commit.run)
    supervisor.keep("raws", raws.run)
    told_at = 0.0

    async def tell(done: int, total: int) -> None:
        nonlocal told_at
        clock = asyncio.get_running_loop().time()
        if clock - told_at >= _TELL_EVERY_S or done == total:
            told_at = clock
            await work.tell(done, total, "")

    try:
        count = await channel.backfill(configured, datetime.fromisoformat(since), inlets.of(account), tell)
    finally:
        await supervisor.stop()
    return f"{count} looked at"
