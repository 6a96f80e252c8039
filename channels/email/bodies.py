"""From leaves to what a message shows: text, safe HTML, attachments, facts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from channels.email import inside
from channels.email.charsets import decode
from channels.email.content import MOST_TEXT_CHARS, Block, Content
from channels.email.files import file_of
from channels.email.flowed import unflowed
from channels.email.html import sanitise, strip_tags
from channels.email.mime import Leaf
from channels.email.transfer import undo
from channels.email.uuencoded import without_files
from channels.email.words import eight_bit

_TEXTS = {"text/plain", "text/html", "text/enriched", "text/richtext"}
_RENDERINGS = {"text/x-amp-html", "text/watch-html"}
"""Further renderings of a body, for clients that know them. As files they would only puzzle."""
_ENRICHED = re.compile(r"<[^<>\n]{0,200}>")


def read_content(leaves: Iterable[Leaf]) -> Content:
    """Everything that the leaves hold. What cannot be a body becomes an attachment: nothing is dropped."""
    content = Content()
    groups: dict[int, Block] = {}
    for leaf in leaves:
        data, wrong = undo(leaf.data, _encoding(leaf))
        if wrong:
            content.wrong.add(wrong)
        if _is_body(leaf) and _add_body(leaf, data, content, groups):
            continue
        if leaf.group is not None and leaf.type in _RENDERINGS:
            continue
        if not inside.take(leaf, data, content):
            content.attachments.append(file_of(leaf, data))
    _finish(content)
    return content


def _finish(content: Content) -> None:
    """The body as a whole."""
    texts = [text for block in content.blocks if (text := block.as_text()).strip()]
    content.text = _bounded("\n\n".join(texts), content.wrong)
    if any(block.html for block in content.blocks):
        content.html = "\n".join(filter(None, (block.as_html() for block in content.blocks))).strip() or None


def _encoding(leaf: Leaf) -> str:
    raw = leaf.headers.raw(b"content-transfer-encoding")
    return eight_bit(raw).strip().strip('"').lower().partition(";")[0].strip() if raw else ""


def _is_body(leaf: Leaf) -> bool:
    if leaf.type not in _TEXTS or leaf.disposition == "attachment":
        return False
    return not leaf.name or leaf.group is not None


def _add_body(leaf: Leaf, data: bytes, content: Content, groups: dict[int, Block]) -> bool:
    """Take the leaf into the body; False when it is too large or too nested, so that it stays a file."""
    text, wrong = decode(data, leaf.parameters.get("charset") or None)
    if wrong:
        content.wrong.add(wrong)
    block = groups.get(leaf.group) if leaf.group is not None else None
    if block is None:
        block = Block()
        content.blocks.append(block)
        if leaf.group is not None:
            groups[leaf.group] = block
    if leaf.type == "text/html":
        return add_html(block, text, content)
    if leaf.type == "text/plain":
        text, files = without_files(text)
        content.attachments.extend(inside.named_file(name, file) for name, file in files)
        block.plain.append(unflowed(text, leaf.parameters))
    elif not block.plain:  # enriched text (RFC 1896): its commands dropped; plain text beside it says the same
        block.plain.append(_ENRICHED.sub("", text.replace("<<", "\0")).replace("\0", "<"))
    return True


def add_html(block: Block, text: str, content: Content) -> bool:
    """Take HTML into a block, made safe; its bare text, and False, when that cannot be done in time."""
    safe = sanitise(text)
    if safe is None:
        content.wrong.add("html-not-shown")
        if not any(plain.strip() for plain in block.plain):
            block.plain.append(strip_tags(text[:MOST_TEXT_CHARS]))
        return False
    block.html.append(safe)
    return True


def _bounded(text: str, wrong: set[str]) -> str:
    if len(text) <= MOST_TEXT_CHARS:
        return text
    wrong.add("text-cut")
    return text[:MOST_TEXT_CHARS]
