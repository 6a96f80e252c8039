"""Attachments and their names."""

from __future__ import annotations

import re

from channels.email.mime import Leaf
from channels.email.words import decode_words, eight_bit, one_line
from hub.model.envelope import Attachment

MOST_NAME_CHARS = 200
_SUBJECT = re.compile(rb"^subject:([^\n]{0,600})", re.IGNORECASE | re.MULTILINE)


def file_of(leaf: Leaf, data: bytes) -> Attachment:
    """A part as a file."""
    content_id = leaf.headers.text(b"content-id").strip("<> ") or None
    inline = leaf.disposition == "inline" or (content_id is not None and leaf.disposition != "attachment")
    return Attachment(
        name=file_name(leaf.name, leaf.type, data),
        type=leaf.type,
        content=data,
        content_id=content_id and content_id[:500],
        inline=inline,
    )


def file_name(name: str, kind: str, data: bytes) -> str:
    """A name that is only a name: no folder, no line break, no text that runs backwards."""
    name = one_line(name).replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if char.isprintable()).strip(". ")
    if name:
        stem, dot, suffix = name.rpartition(".")
        return f"{stem[: MOST_NAME_CHARS - 20]}{dot}{suffix[:20]}" if dot else name[:MOST_NAME_CHARS]
    if kind == "message/rfc822":
        return _subject_of(data) + ".eml"
    return _DEFAULT_NAMES.get(kind) or f"attachment.{_suffix(kind)}"


def _subject_of(data: bytes) -> str:
    """The subject of an attached mail, to name it by."""
    found = _SUBJECT.search(data[:20_000])
    if found is None:
        return "message"
    text = one_line(decode_words(eight_bit(found[1])))
    return "".join(char if char.isalnum() or char in " -_.()" else "_" for char in text).strip(". ")[:80] or "message"


_DEFAULT_NAMES = {"text/calendar": "invitation.ics", "message/delivery-status": "delivery-status.txt",
                  "text/html": "message.html", "text/plain": "text.txt", "text/rfc822-headers": "headers.txt",
                  "image/jpeg": "image.jpg", "application/octet-stream": "attachment.bin"}  # fmt: skip


def _suffix(kind: str) -> str:
    sub = kind.partition("/")[2].rpartition("-")[2].rpartition(".")[2]
    return "".join(char for char in sub if char.isalnum())[:10] or "bin"
