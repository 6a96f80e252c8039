"""Mails as customers send them."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import aiosmtplib

from hub.settings import Settings

_HTML = (
    '<p style="color:#b91c1c">Guten Tag,</p><p>the <b>pump</b> leaks again.</p>'
    '<img src="https://tracker.example/pixel.gif" width="1" height="1"><table border="1"><tr><td>Serial</td><td>LJ-2041</td></tr></table>'
)


async def deliver(
    settings: Settings,
    number: int,
    *,
    subject: str = "Pump leaks again",
    text: str = "",
    sender: str = "Ada Brandt <ada.brandt@nordwind.example>",
    answers: int | None = None,
    html: bool = False,
) -> str:
    """Hand a mail to the hub's door; returns its Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@demo.local", subject
    mail["Message-ID"] = f"<{number}@nordwind.example>"
    if answers is not None:
        mail["In-Reply-To"] = mail["References"] = f"<{answers}@nordwind.example>"
    mail.set_content(text or f"message number {number}")
    if html:
        mail.add_alternative(_HTML, subtype="html")
    port: int = settings.accounts["support-mail"].model_dump()["door_port"]
    await _hand_in(mail, port)
    return str(mail["Message-ID"])


async def _hand_in(mail: EmailMessage, port: int) -> None:
    """As a mail server does: where the door is not open yet, a little later again, for ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            try:
                await aiosmtplib.send(mail, hostname="127.0.0.1", port=port)
            except aiosmtplib.SMTPConnectError:
                await asyncio.sleep(0.05)
            else:
                return
