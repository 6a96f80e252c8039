"""What a mailbox holds, for `mainstem reconcile`: by the ids under which the stream should have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime

from channels.email.account import EmailAccount
from channels.email.ids import digest_id
from channels.email.imap.folders import sent_folder
from channels.email.imap.intake import message_id
from channels.email.imap.position import place
from channels.email.imap.replies import Fetched
from channels.email.imap.session import Selected, Session, open_session

_BATCH = 500


async def inventory(account: EmailAccount, since: datetime) -> AsyncIterator[str]:
    """The external ids of what came since then: Message-IDs; for a mail without one the digest of its bytes; for mails
    that share one with another mail of the folder, and for those too large to be fetched, their places in the ledger.
    The copies of sent mail go by their Message-IDs alone.
    """
    async with open_session(account) as session:
        sent = await sent_folder(session, account) if account.read_sent else None
        for name in dict.fromkeys((*account.imap_folders, *([sent] if sent else []))):
            selected = await session.select(name, writing=False)
            mails = [m for m in await _since(session, since) if m.at is None or m.at >= since]
            if name == sent:
                for one in {found for mail in mails if (found := message_id(mail))}:
                    yield one
                continue
            async for one in _listed(session, selected, mails, account.size_limit):
                yield one


async def _since(session: Session, since: datetime) -> list[Fetched]:
    uids = await session.search_since(since)
    found: list[Fetched] = []
    for start in range(0, len(uids), _BATCH):
        found += await session.metadata(uids[start : start + _BATCH])
    return found


async def _listed(session: Session, selected: Selected, mails: list[Fetched], limit: int) -> AsyncIterator[str]:
    times = Counter(message_id(mail) for mail in mails)
    for mail in mails:
        own = message_id(mail)
        if own is not None and times[own] == 1:
            yield own
        elif own is not None or (mail.size or 0) > limit:
            yield place(selected.name, selected.validity, mail.uid)
        else:
            for body in (await session.bodies([mail.uid])).values():
                yield digest_id(body)
