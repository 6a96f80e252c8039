"""Delivery to the bytes of a mail: pure. Headers are written here, line by line, so that nothing can add one.

Blind copies stand in no header. The mail is ASCII, unless an address itself is not (RFC 6532): then its headers are
UTF-8 and it needs a server that takes such (`SMTPUTF8`, RFC 6531).
"""

from __future__ import annotations

import re
from email.header import Header
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from channels.email.account import EmailAccount
from channels.email.addressing import with_token
from channels.email.ids import is_message_id
from channels.email.words import one_line
from hub.errors import Permanent
from hub.model.address import Address
from hub.model.delivery import Delivery, DeliveryFile

_POLICY = SMTP.clone(cte_type="7bit")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
_ATEXT = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]|[^\x00-\xa0\s<>]){1,64}@[A-Za-z0-9.-]{1,255}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}")
_LINK = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]{1,900}")
_MOST_REFERENCES = 20


def compose(delivery: Delivery, account: EmailAccount, token: str | None) -> bytes:
    """The mail as it goes over the wire, with CR LF; 7-bit clean unless an address is not.

    Args:
        token: a signed token of the conversation for the reply address; None = plain answers.

    Raises:
        Permanent: no recipient has an address that can be written.
    """
    lines = [f"{name}: {value}" for name, value in _headers(delivery, account, token)]
    body = _body(delivery).as_bytes(policy=_POLICY)
    return "\r\n".join(lines).encode() + b"\r\n" + body


def message_id(delivery: Delivery, account: EmailAccount) -> str:
    """The Message-ID without brackets: the id made before sending, or one made of the message's own id."""
    wanted = delivery.external_id.strip("<>")
    return wanted if is_message_id(wanted) else own_message_id(account, delivery.message)


def own_message_id(account: EmailAccount, message: str) -> str:
    """A Message-ID of the account's own domain, the same each time for one message of ours."""
    domain = account.sender.rpartition("@")[2] or "mainstem.invalid"
    return f"{message}@{domain.encode('idna').decode('ascii')}"


def recipients(delivery: Delivery) -> list[str]:
    """The envelope recipients, blind ones too, each once.

    Raises:
        Permanent: one of them is no mail address.
    """
    return list(dict.fromkeys(wire_address(each) for each in (*delivery.to, *delivery.cc, *delivery.bcc)))


def wire_address(address: Address) -> str:
    """An address as SMTP takes it; the domain in its ASCII form (IDNA), the rest as it is."""
    local, _, domain = address.text.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise Permanent(f"{one_line(address.text)!r} is not a mail address that can be written to") from error
    if not address.key.startswith("mail:") or not _ADDRESS.fullmatch(plain):
        raise Permanent(f"{one_line(address.text)!r} is not a mail address that can be written to")
    return plain


def _headers(delivery: Delivery, account: EmailAccount, token: str | None) -> list[tuple[str, str]]:
    sender = account.sender
    name = account.from_name or delivery.author_name
    found = [
        ("Date", format_datetime(delivery.at)),
        ("From", _mailbox(name, sender)),
        ("To", _mailboxes(delivery.to) or "undisclosed-recipients:;"),
        ("Cc", _mailboxes(delivery.cc)),
        ("Reply-To", _mailbox(name, with_token(sender, token)) if token else ""),
        ("Subject", _text(delivery.subject, "Subject")),
        ("Message-ID", f"<{message_id(delivery, account)}>"),
        ("In-Reply-To", _ids([delivery.reply_to] if delivery.reply_to else [])),
        ("References", _ids([*delivery.references, *([delivery.reply_to] if delivery.reply_to else [])])),
    ]
    found += _bulk(delivery)
    if delivery.automatic:
        found.append(("Auto-Submitted", "auto-replied" if delivery.reply_to else "auto-generated"))
        found.append(("X-Auto-Response-Suppress", "All"))
    return [(header, value) for header, value in found if value]


def _bulk(delivery: Delivery) -> list[tuple[str, str]]:
    """What a mailing says of itself: how to get out of it with one click (RFC 2369, RFC 8058), and that it is one."""
    link = delivery.parts.get("mail", {}).get("unsubscribe")
    if not isinstance(link, str) or not _LINK.fullmatch(link):
        return []
    return [
        ("List-Unsubscribe", f"<{link}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "bulk"),
    ]


def _mailboxes(addresses: tuple[Address, ...]) -> str:
    return ",\r\n ".join(_mailbox(each.name, wire_address(each)) for each in addresses)


def _mailbox(name: str, address: str) -> str:
    name = one_line(name)
    if not name or name == address:
        return address
    if _ATEXT.fullmatch(name):
        return f"{name} <{address}>"
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{_text(name, 'Reply-To')}\r\n <{address}>"


def _text(text: str, header: str) -> str:
    """Unstructured text, as encoded words where it is not ASCII, folded."""
    line = one_line(text)
    if line.isascii() and len(line) < 900 and "=?" not in line:
        return line
    return Header(line, "utf-8", header_name=header).encode(linesep="\r\n")


def _ids(ids: list[str]) -> str:
    kept = list(dict.fromkeys(each.strip("<>") for each in ids if is_message_id(each.strip("<>"))))
    if len(kept) > _MOST_REFERENCES:
        kept = [kept[0], *kept[1 - _MOST_REFERENCES :]]
    return "\r\n ".join(f"<{each}>" for each in kept)


def _body(delivery: Delivery) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message.set_content(delivery.text or "", charset="utf-8")
    shown = [file for file in delivery.files if delivery.html and _is_shown(file, delivery.html)]
    if delivery.html:
        message.add_alternative(delivery.html, subtype="html", charset="utf-8")
        html = message.get_body(("html",))
        assert html is not None, "it was added in the line above"
        for file in shown:
            _relate(html, file)
    for file in delivery.files:
        if file not in shown:
            _attach(message, file)
    return message


def _is_shown(file: DeliveryFile, html: str) -> bool:
    """Whether the HTML shows the picture; one that it does not show would be seen by nobody."""
    cid = file.content_id
    return cid is not None and _CONTENT_ID.fullmatch(cid) is not None and f"cid:{cid}" in html


def _relate(html: MIMEPart, file: DeliveryFile) -> None:
    main, sub, name = _described(file)
    cid = f"<{file.content_id}>"
    html.add_related(file.content, maintype=main, subtype=sub, filename=name, disposition="inline", cid=cid)


def _attach(message: EmailMessage, file: DeliveryFile) -> None:
    main, sub, name = _described(file)
    message.add_attachment(file.content, maintype=main, subtype=sub, filename=name)


def _described(file: DeliveryFile) -> tuple[str, str, str]:
    """Main type, subtype and name, as they may stand in a header."""
    kind = file.type.lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"  # containers may not be base64, and what they say is in the name anyway
    main, _, sub = kind.partition("/")
    return main, sub, one_line(file.name).replace("/", "_").replace("\\", "_") or "attachment"
