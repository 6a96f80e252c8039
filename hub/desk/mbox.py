"""The mbox format (RFC 4155, in the variant `mboxrd`): pure. Lines that begin with `From ` behind any number of `>` get
one `>` more, so that a reader can take exactly that one away again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hub.model.message import MessageOut, Party

_FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)
_SENDER = re.compile(r"[\x21-\x7e]{1,320}")
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)
_PIECE = 1024 * 1024


def mbox_entry(mail: bytes, sender: str, at: datetime) -> Iterator[bytes]:
    """One mail as it stands in an mbox file, in pieces. Line ends become LF, as mailboxes on disk have them."""
    envelope = sender if _SENDER.fullmatch(sender) else "MAILER-DAEMON"
    yield f"From {envelope} {at:%a %b %d %H:%M:%S %Y}\n".encode()
    body = _FROM_LINE.sub(rb">\1", mail.replace(b"\r\n", b"\n"))
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
    yield b"\n" if body.endswith(b"\n") else b"\n\n"


def as_mail(message: MessageOut) -> bytes:
    """A mail made of a message that has none: a note of another channel, or one whose account is gone."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = _mailbox(message["author"])
    made["To"] = ", ".join(filter(None, map(_mailbox, message["to"][:100]))) or "undisclosed-recipients:;"
    if message["cc"]:
        made["Cc"] = ", ".join(filter(None, map(_mailbox, message["cc"][:100])))
    made["Subject"] = " ".join(message["subject"].split())
    made["Date"] = format_datetime(message["at"])
    made["X-Mainstem-Message"] = message["id"]
    made.set_content(message.get("full_text") or message["text"], charset="utf-8")
    if html := message.get("html"):
        made.add_alternative(html, subtype="html", charset="utf-8")
    return made.as_bytes()


def _mailbox(party: Party) -> str:
    """An address that can stand in a header; for other kinds of address an invented one says so (RFC 2606)."""
    address = party["address"]
    name = re.sub(r"[^\w .-]", " ", party["name"], flags=re.UNICODE).strip()
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}", address):
        local = re.sub(r"[^A-Za-z0-9.+-]", "", address) or party["kind"]
        address = f"{local[:60].strip('.') or party['kind']}@mainstem.invalid"
    return f'"{name}" <{address}>' if name else address
