"""The email channel: mail in by the SMTP door, mail out by an SMTP server."""

from __future__ import annotations

import asyncio

from typing_extensions import override

from channels.email import smtp
from channels.email.account import EmailAccount
from channels.email.addressing import PURPOSE
from channels.email.compose import compose, message_id, own_message_id, recipients
from channels.email.door import Door
from channels.email.parse import Arrival, parse
from hub.channel import Capabilities, Channel, Inlet, Raw, Receipt
from hub.errors import Permanent
from hub.model.delivery import Delivery
from hub.model.envelope import Envelope

_LARGE = 32 * 1024
"""Bytes from which a mail is parsed beside the loop, so that a large one, or one made to be slow, holds up nobody."""


class EmailChannel(Channel[EmailAccount]):
    """Mailboxes. What a mail is worth knowing for is in `parse.py`; this file only connects."""

    kind = "email"
    account_model = EmailAccount
    can = Capabilities(text=True, html=True, attachments=True, subject=True, cc=True)

    @override
    async def probe(self, account: EmailAccount) -> None:
        if account.smtp_host:
            await smtp.probe(account)

    @override
    async def receive(self, account: EmailAccount, inlet: Inlet) -> None:
        if account.door_port is None:
            inlet.connected("sends only")
            await asyncio.Event().wait()
            return
        door = Door(account, inlet, lambda raw: self.replay(account, raw, inlet))
        try:
            port = await door.open()
            inlet.connected(f"listens on {account.door_host}:{port}")
            await asyncio.Event().wait()
        finally:
            await door.close()

    @override
    async def replay(self, account: EmailAccount, raw: Raw, inlet: Inlet) -> None:
        await inlet.ingest(await read(account, raw, inlet))

    @override
    async def send(self, account: EmailAccount, delivery: Delivery, inlet: Inlet) -> Receipt:
        if not account.smtp_host:
            raise Permanent(f"account {account.id} has no smtp_host: it cannot send")
        to = recipients(delivery)
        if not to:
            raise Permanent("the mail has no recipient")
        mail = compose(delivery, account, inlet.sign(PURPOSE, delivery.conversation))
        refused = await smtp.send(account, account.sender, to, mail)
        note = "; ".join(f"{who} was refused: {why}" for who, why in refused.items())
        sent_as = message_id(delivery, account)
        return Receipt(far_id=sent_as if sent_as != delivery.external_id else None, note=note or None)

    @override
    def make_id(self, account: EmailAccount, message: str) -> str:
        return own_message_id(account, message)


async def read(account: EmailAccount, raw: Raw, inlet: Inlet) -> Envelope:
    """The envelope of kept raw input."""
    arrival = Arrival(
        at=raw.at,
        mail_from=raw.note.get("mail_from"),
        recipients=tuple(raw.note.get("recipients", ())),
        raw=raw.id,
        correlation=raw.correlation,
    )

    def check(token: str) -> str | None:
        return inlet.check(PURPOSE, token)

    if len(raw.content) < _LARGE:
        return parse(raw.content, account, arrival, check)
    return await asyncio.to_thread(parse, raw.content, account, arrival, check)


channel = EmailChannel()
