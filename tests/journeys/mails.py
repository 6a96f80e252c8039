"""Mails as customers send them."""

from __future__ import annotations

import asyncio
import struct
import zlib
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
    cc: str | None = None,
) -> str:
    """Hand a mail to the hub's door; returns its Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@demo.local", subject
    mail["Message-ID"] = f"<{number}@nordwind.example>"
    if cc is not None:
        mail["Cc"] = cc
    if answers is not None:
        mail["In-Reply-To"] = mail["References"] = f"<{answers}@nordwind.example>"
    mail.set_content(text or f"message number {number}")
    if html:
        mail.add_alternative(_HTML, subtype="html")
    port: int = settings.accounts["support-mail"].model_dump()["door_port"]
    await hand_in(mail, port)
    return str(mail["Message-ID"])


def png(width: int = 24, height: int = 16) -> bytes:
    """A green picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = (b"\x00" + b"\x15\x80\x3d" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def deliver_formatted(
    settings: Settings,
    number: int,
    html: str,
    *,
    subject: str = "Offer for the pump",
    text: str = "See the formatted part.",
) -> None:
    """A mail with this HTML; `cid:logo` is a picture that comes with it."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Ada Brandt <ada.brandt@nordwind.example>", "support@demo.local"
    mail["Subject"], mail["Message-ID"] = subject, f"<{number}@nordwind.example>"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    formatted = mail.get_payload(1)
    assert isinstance(formatted, EmailMessage)
    formatted.add_related(png(), "image", "png", cid="<logo>")
    await hand_in(mail, settings.accounts["support-mail"].model_dump()["door_port"])


async def hand_in(mail: EmailMessage, port: int) -> None:
    """As a mail server does: where the door is not open yet, a little later again, for ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            try:
                await aiosmtplib.send(mail, hostname="127.0.0.1", port=port)
            except aiosmtplib.SMTPConnectError:
                await asyncio.sleep(0.05)
            else:
                return
