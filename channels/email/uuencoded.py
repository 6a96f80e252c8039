"""Files written into a plain body as old mailers do: `begin 644 NAME`, lines, `end`."""

from __future__ import annotations

import binascii
import re

MOST_FILES = 50
_BEGIN = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,200})\n(?=[ -`]{2})", re.MULTILINE)
_END = "\nend"


def without_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without them, and each one's name and content. What does not decode stays in the text."""
    if "\nbegin " not in text and not text.startswith("begin "):
        return text, []
    out: list[str] = []
    files: list[tuple[str, bytes]] = []
    at = 0
    for found in _BEGIN.finditer(text):
        if found.start() < at or len(files) >= MOST_FILES:
            continue
        end = text.find(_END, found.end() - 1)
        if end < 0:
            break
        content = _decoded(text[found.end() : end].split("\n"))
        if content is None:
            continue
        out.append(text[at : found.start()])
        files.append((found[1].strip(), content))
        at = end + len(_END)
    return ("".join(out) + text[at:], files) if files else (text, [])


def _decoded(lines: list[str]) -> bytes | None:
    out = []
    for line in lines:
        if line in {"`", " ", ""}:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except (binascii.Error, ValueError):
            return None
    return b"".join(out)
