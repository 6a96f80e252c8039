"""From leaves to what a message shows: text, safe HTML, attachments."""

from __future__ import annotations

import html as escapes
from collections.abc import Iterable
from dataclasses import dataclass, field

from channels.email.charsets import decode
from channels.email.html import sanitise, strip_tags, to_text
from channels.email.mime import Leaf
from channels.email.transfer import undo
from channels.email.words import decode_words, eight_bit, one_line
from hub.model.envelope import Attachment

MOST_TEXT_CHARS = 500_000
"""A stored message stays well under the store's 16 MB; the raw mail keeps the rest."""
MOST_NAME_CHARS = 200


@dataclass(slots=True)
class Block:
    """One piece of the body in its two renderings; an alternative part is one block."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)

    def as_text(self) -> str:
        """Its text; the HTML's when there is no plain rendering worth the name."""
        plain = "\n".join(self.plain)
        if plain.strip() or not self.html:
            return plain
        return "\n\n".join(to_text(safe) for safe in self.html)

    def as_html(self) -> str:
        """Its HTML; the plain text wrapped when there is no other."""
        if self.html:
            return "\n".join(self.html)
        return f"<pre>{escapes.escape(chr(10).join(self.plain))}</pre>" if any(self.plain) else ""


@dataclass(slots=True)
class Content:
    """What was read from all leaves."""

    text: str = ""
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)


def read_content(leaves: Iterable[Leaf]) -> Content:
    """Everything that the leaves hold. What cannot be a body becomes an attachment: nothing is dropped."""
    content = Content()
    blocks: list[Block] = []
    groups: dict[int, Block] = {}
    for leaf in leaves:
        data, wrong = undo(leaf.data, _encoding(leaf))
        if wrong:
            content.wrong.add(wrong)
        if not _is_body(leaf) or not _add_body(leaf, data, content, blocks, groups):
            content.attachments.append(_attachment(leaf, data))
    texts = [text for block in blocks if (text := block.as_text()).strip()]
    content.text = _bounded("\n\n".join(texts), content.wrong)
    if any(block.html for block in blocks):
        content.html = "\n".join(filter(None, (block.as_html() for block in blocks))).strip() or None
    return content


def _encoding(leaf: Leaf) -> str:
    raw = leaf.headers.raw(b"content-transfer-encoding")
    return eight_bit(raw).strip().strip('"').lower().partition(";")[0].strip() if raw else ""


def _is_body(leaf: Leaf) -> bool:
    if leaf.type not in {"text/plain", "text/html"} or leaf.disposition == "attachment":
        return False
    return not leaf.name or leaf.group is not None


def _add_body(leaf: Leaf, data: bytes, content: Content, blocks: list[Block], groups: dict[int, Block]) -> bool:
    """Take the leaf into the body; False when it is too large or too nested, so that it stays a file."""
    text, wrong = decode(data, leaf.parameters.get("charset") or None)
    if wrong:
        content.wrong.add(wrong)
    block = groups.get(leaf.group) if leaf.group is not None else None
    if block is None:
        block = Block()
        blocks.append(block)
        if leaf.group is not None:
            groups[leaf.group] = block
    if leaf.type == "text/plain":
        block.plain.append(_unflowed(text, leaf.parameters))
        return True
    safe = sanitise(text)
    if safe is None:
        content.wrong.add("html-not-shown")
        if not any(plain.strip() for plain in block.plain):
            block.plain.append(strip_tags(text[:MOST_TEXT_CHARS]))
        return False
    block.html.append(safe)
    return True


def _unflowed(text: str, parameters: dict[str, str]) -> str:
    """`format=flowed` (RFC 3676): lines that end in a space go on in the next one of the same quote depth."""
    if parameters.get("format", "").lower() != "flowed":
        return text
    joint = "" if parameters.get("delsp", "").lower() == "yes" else " "
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        goes_on = bare.endswith(" ") and bare != "-- "
        piece = bare.removesuffix(" ") + joint if goes_on else bare
        if depth == open_depth:
            out.append(piece)
        else:
            out.append(("\n" if out else "") + (">" * depth + " " if depth else "") + piece)
        open_depth = depth if goes_on else -1
    return "".join(out)


def _attachment(leaf: Leaf, data: bytes) -> Attachment:
    content_id = leaf.headers.text(b"content-id").strip("<> ") or None
    inline = leaf.disposition == "inline" or (content_id is not None and leaf.disposition != "attachment")
    return Attachment(
        name=_file_name(leaf, data),
        type=leaf.type,
        content=data,
        content_id=content_id and content_id[:500],
        inline=inline,
    )


def _file_name(leaf: Leaf, data: bytes) -> str:
    """A name that is only a name: no folder, no line break, no text that runs backwards."""
    name = one_line(leaf.name).replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if char.isprintable()).strip(". ")
    if name:
        stem, dot, suffix = name.rpartition(".")
        return f"{stem[: MOST_NAME_CHARS - 20]}{dot}{suffix[:20]}" if dot else name[:MOST_NAME_CHARS]
    if leaf.type == "message/rfc822":
        return _subject_of(data) + ".eml"
    return _DEFAULT_NAMES.get(leaf.type) or f"attachment.{_suffix(leaf.type)}"


def _subject_of(data: bytes) -> str:
    """The subject of an attached mail, to name it by."""
    at = data[:20_000].lower().find(b"\nsubject:")
    if at < 0:
        return "message"
    line = data[at + 9 : at + 600].split(b"\n", 1)[0]
    text = one_line(decode_words(eight_bit(line)))
    return "".join(char if char.isalnum() or char in " -_.()" else "_" for char in text).strip(". ")[:80] or "message"


_DEFAULT_NAMES = {"text/calendar": "invitation.ics", "message/delivery-status": "delivery-status.txt",
                  "text/html": "message.html", "text/plain": "text.txt", "text/rfc822-headers": "headers.txt",
                  "image/jpeg": "image.jpg", "application/octet-stream": "attachment.bin"}  # fmt: skip


def _suffix(kind: str) -> str:
    sub = kind.partition("/")[2].rpartition("-")[2].rpartition(".")[2]
    return "".join(char for char in sub if char.isalnum())[:10] or "bin"


def _bounded(text: str, wrong: set[str]) -> str:
    if len(text) <= MOST_TEXT_CHARS:
        return text
    wrong.add("text-cut")
    return text[:MOST_TEXT_CHARS]
