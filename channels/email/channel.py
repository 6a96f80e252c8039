"""The email channel: mail in from an IMAP mailbox or by the SMTP door, mail out by an SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from typing_extensions import override

from channels.email import smtp
from channels.email.account import EmailAccount
from channels.email.addressing import PURPOSE
from channels.email.arrivals import read
from channels.email.compose import compose, message_id, own_message_id, recipients
from channels.email.dkim import signed
from channels.email.door import Door
from channels.email.form import FORM
from channels.email.imap import backfill, follow, listing, sent
from channels.email.imap.receiver import Receiver
from channels.email.imap.session import open_session
from hub.channel import Capabilities, Channel, Inlet, Marks, Raw, Receipt
from hub.errors import Permanent
from hub.model.delivery import Delivery


class EmailChannel(Channel[EmailAccount]):
    """Mailboxes. What a mail is worth knowing for is in `parse.py`; this file only connects."""

    kind = "email"
    account_model = EmailAccount
    can = Capabilities(text=True, html=True, attachments=True, subject=True, cc=True)
    form = FORM

    @override
    async def probe(self, account: EmailAccount) -> None:
        if account.imap_host:
            async with open_session(account) as session:
                for folder in account.imap_folders:
                    await session.select(folder, writing=False)
        if account.smtp_host:
            await smtp.probe(account)

    @override
    async def receive(self, account: EmailAccount, inlet: Inlet) -> None:
        async def replay(raw: Raw) -> None:
            await self.replay(account, raw, inlet)

        door = Door(account, inlet, replay) if account.door_port is not None else None
        try:
            port = await door.open() if door else None
            if account.imap_host:
                await Receiver(account, inlet, replay).run()
            inlet.connected(f"listens on {account.door_host}:{port}" if door else "sends only")
            await asyncio.Event().wait()
        finally:
            if door:
                await door.close()

    @override
    async def replay(self, account: EmailAccount, raw: Raw, inlet: Inlet) -> None:
        await inlet.ingest(await read(account, raw, inlet), raw)

    @override
    async def send(self, account: EmailAccount, delivery: Delivery, inlet: Inlet) -> Receipt:
        if not account.smtp_host:
            raise Permanent(f"account {account.id} has no smtp_host: it cannot send")
        to = recipients(delivery)
        if not to:
            raise Permanent("the mail has no recipient")
        refused = await smtp.send(account, account.sender, to, await self._mail(account, delivery, inlet))
        sent_as = message_id(delivery, account)
        note = "; ".join(f"{who} was refused: {why}" for who, why in refused.items())
        return Receipt(far_id=sent_as if sent_as != delivery.external_id else None, note=note or None)

    @override
    async def find_sent(self, account: EmailAccount, delivery: Delivery) -> Receipt | None:
        return await sent.find_sent(account, message_id(delivery, account))

    @override
    def keeps_copies(self, account: EmailAccount) -> bool:
        return account.imap_host is not None and account.sent_copies == "append"

    @override
    async def file_copy(self, account: EmailAccount, delivery: Delivery, inlet: Inlet) -> None:
        await sent.file_copy(account, message_id(delivery, account), await self._mail(account, delivery, inlet))

    async def _mail(self, account: EmailAccount, delivery: Delivery, inlet: Inlet) -> bytes:
        return await signed(compose(delivery, account, inlet.sign(PURPOSE, delivery.conversation)), account)

    @override
    async def follow(self, account: EmailAccount, marks: Sequence[Marks], inlet: Inlet) -> None:
        if account.imap_host:
            await follow.follow(account, marks)

    @override
    def inventory(self, account: EmailAccount, since: datetime) -> AsyncIterator[str] | None:
        return listing.inventory(account, since) if account.imap_host else None

    @override
    async def backfill(
        self, account: EmailAccount, since: datetime, inlet: Inlet, tell: Callable[[int, int], Awaitable[None]]
    ) -> int:
        if not account.imap_host:
            raise Permanent(f"account {account.id} has no imap_host: there is no mailbox to fill in from")

        async def replay(raw: Raw) -> None:
            await self.replay(account, raw, inlet)

        return await backfill.backfill(account, since, inlet, replay, tell)

    @override
    async def composed(self, account: EmailAccount, delivery: Delivery, inlet: Inlet) -> bytes | None:
        return compose(delivery, account, inlet.sign(PURPOSE, delivery.conversation))

    @override
    def owns(self, account: EmailAccount, key: str) -> bool:
        return key.startswith("mail:") and account.owns(key.removeprefix("mail:"))

    @override
    def make_id(self, account: EmailAccount, message: str) -> str:
        return own_message_id(account, message)


channel = EmailChannel()
