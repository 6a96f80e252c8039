"""The folder of sent mail: copies of what we send go there, and after a crash it tells what went out.

The copy is filed *after* the mail server took the mail, so a copy always means "sent". What the folder cannot tell is a
crash between the server's 250 and the copy, some milliseconds: no copy is then "in doubt", and the account's `in_doubt`
decides. Where the server files what it takes (`sent_copies = "server"`), no copy means "not sent", without that gap.
"""

from __future__ import annotations

from channels.email.account import EmailAccount
from channels.email.imap.folders import sent_folder
from channels.email.imap.session import open_session
from crm_core.ground.clock import now
from hub.channel import Receipt
from hub.errors import ChannelError, InDoubt, Permanent, Transient


async def file_copy(account: EmailAccount, message_id: str, mail: bytes) -> str | None:
    """File a copy of a mail that went out, once; returns why there is none. Never raises for the far side's faults: the
    mail itself is sent."""
    if not account.imap_host or account.sent_copies != "append":
        return None
    try:
        async with open_session(account) as session:
            folder = await sent_folder(session, account)
            if folder is None:
                return "there is no folder for sent mail (sent_folder)"
            await session.select(folder)
            if not await session.find(message_id):
                await session.append(folder, mail, now())
    except ChannelError as error:
        return f"no copy was filed in the folder of sent mail: {error.detail}"
    return None


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
            if await session.find(message_id):
                return Receipt(note="found in the folder of sent mail")
    except Permanent as error:
        raise Transient(error.detail) from error  # a fault of the account is no fault of the mail
    if account.sent_copies == "server":
        return None
    raise InDoubt(f"{account.id}: no copy of {message_id} in the folder of sent mail; it may have gone out")
