"""Takes in mail that came before the account began, on a connection of its own, beside the live receiver.

Both may come upon one mail: the message is stored once and its place noted once, whoever is first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from channels.email.account import EmailAccount
from channels.email.imap.folders import sent_folder
from channels.email.imap.intake import Intake, Replay
from channels.email.imap.position import FolderMark
from channels.email.imap.session import open_session
from hub.channel import Inlet

_BATCH = 100

Tell = Callable[[int, int], Awaitable[None]]
"""How much is done, of how much."""


async def backfill(account: EmailAccount, since: datetime, inlet: Inlet, replay: Replay, tell: Tell) -> int:
    """Take in what came since then and is not held; returns how many mails were looked at. Safe to repeat.

    Raises:
        Transient, Permanent: what the far side did; what was taken in by then is kept.
    """
    intake = Intake(account, inlet, replay)
    async with open_session(account) as session:
        sent = await sent_folder(session, account) if account.read_sent else None
        names = list(dict.fromkeys((*account.imap_folders, *([sent] if sent else []))))
        total, done = 0, 0
        for name in names:
            selected = await session.select(name, writing=False)
            mark = FolderMark(name=name, validity=selected.validity)
            uids = await session.search_since(since)
            total += len(uids)
            await tell(done, total)
            for start in range(0, len(uids), _BATCH):
                pack = uids[start : start + _BATCH]
                mails = [m for m in await session.metadata(pack) if m.at is None or m.at >= since]
                await intake.take(session, mark, mails, sent=name == sent)
                done += len(pack)
                await tell(done, total)
    return done
