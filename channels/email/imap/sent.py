"""The folder of sent mail: copies of what we send go there, and after a crash it tells what went out.

A copy is filed *after* the mail server took the mail, so a copy always means "sent". Where we file it, no copy is "in doubt",
and the account's `in_doubt` decides: the crash may have come before the copy. Where the server files what it takes
(`sent_copies = "server"`), no copy means "not sent", once the server had time to file it.
"""

from __future__ import annotations

import asyncio

from channels.email.account import EmailAccount
from channels.email.imap.folders import sent_folder
from channels.email.imap.session import Session, open_session
from crm_core.ground.clock import now
from hub.channel import Receipt
from hub.errors import InDoubt, Permanent, Transient

_LOOKS = 6
_BETWEEN_LOOKS_S = 1.0


async def file_copy(account: EmailAccount, message_id: str, mail: bytes) -> None:
    """File a copy of a mail that went out, unless it lies there already.

    Raises:
        Transient: the mailbox cannot be reached, or does not take it, now.
        Permanent: there is no folder for it.
    """
    try:
        async with open_session(account) as session:
            folder = await sent_folder(session, account)
            if folder is not None:
                await session.select(folder)
                if not await session.find(message_id):
                    await session.append(folder, mail, now())
                return
    except Permanent as error:
        raise Transient(error.detail) from error  # a fault of the account: the copy waits until it is mended
    raise Permanent(f"the mailbox of account {account.id} has no folder for sent mail (sent_folder)")


async def find_sent(account: EmailAccount, message_id: str) -> Receipt | None:
    """Whether a mail went out; None = surely not.

    Raises:
        InDoubt: the mailbox cannot tell.
        Transient: it cannot be asked now.
    """
    if not account.imap_host or account.sent_copies == "never":
        raise InDoubt(f"{account.id}: an SMTP server cannot be asked about {message_id}")
    try:
        async with open_session(account) as session:
            folder = await sent_folder(session, account)
            if folder is None:
                raise InDoubt(f"{account.id}: there is no folder for sent mail that could be asked about {message_id}")
            await session.select(folder, writing=False)
            if await _lies_there(session, message_id, patient=account.sent_copies == "server"):
                return Receipt(note="found in the folder of sent mail")
    except Permanent as error:
        raise Transient(error.detail) from error  # a fault of the account is no fault of the mail
    if account.sent_copies == "server":
        return None
    raise InDoubt(f"{account.id}: no copy of {message_id} in the folder of sent mail; it may have gone out")


async def _lies_there(session: Session, message_id: str, *, patient: bool) -> bool:
    """Whether the open folder has the mail. `patient`: the server files what it takes, but a moment later."""
    for _ in range(_LOOKS if patient else 1):
        if await session.find(message_id):
            return True
        if patient:
            await asyncio.sleep(_BETWEEN_LOOKS_S)
            await session.noop()
    return False
