"""New lines apart from old ones: one pass, no backtracking. What is not plainly a quote stays."""

from __future__ import annotations

import re

from channels.email.quotes.above import (
    MOST_LINE,
    attribution_lines,
    is_forward_mark,
    is_header_block,
    is_original_mark,
    without_mark,
)
from channels.email.quotes.phrases import PHRASES
from channels.email.quotes.signatures import is_advertisement, without_signature

_COLONS = ":："
_HINT = re.compile(r"[:：]|^[ \t]*[>\-_=*—–~]", re.MULTILINE)
_FIRST_OF_MARKS = frozenset("-_=*—–~")
_LABEL_CHARS = 30
"""Header labels end, with their colon, within so many characters of a line."""


def newly_written(full: str, *, forward: bool = False) -> str:
    """The new part of a mail's text; the whole text when nothing new would remain.

    Args:
        forward: the subject says that the mail passes another one on: then the other one is the news.
    """
    if forward:
        return full.strip()
    if _HINT.search(full) is None:  # most mails that open a conversation: spared the rest
        full = full.strip()
        if not is_advertisement(full[full.rfind("\n") + 1 :]):
            return full
    kept, rest = _unquoted(full.split("\n"))
    if not rest and not any(map(str.strip, kept)):
        return full.strip()
    new = "\n".join([*without_signature(kept), *rest]).strip()
    return new or "\n".join([*kept, *rest]).strip()


def is_forward(subject: str) -> bool:
    """Whether the subject says, in any language, that a mail is passed on."""
    return (":" in subject or "：" in subject) and PHRASES.forward_subjects.match(subject) is not None


def _unquoted(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines that are not quoted, and what is passed on below them."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        text = line.strip() if len(line) < MOST_LINE else line[:MOST_LINE].strip()
        if not text:
            kept.append(line)
            continue
        if text[0] == ">" and _is_quoted(line):
            continue
        ends_in_colon = text[-1] in _COLONS
        if (ends_in_colon or text[0] in _FIRST_OF_MARKS) and is_forward_mark(text):
            return kept, lines[at:]
        above = attribution_lines(kept, text) if ends_in_colon else -1
        if above >= 0:
            del kept[len(kept) - above :]
            if _quoted_next(lines, at + 1):
                continue
            return without_mark(kept), []
        if _begins_quote(lines, at, text):
            return without_mark(kept), []
        kept.append(line)
    return without_mark(kept) if len(kept) < len(lines) else kept, []


def _begins_quote(lines: list[str], at: int, text: str) -> bool:
    """Whether all that follows is old: below a mark, or a block of header lines."""
    if text[0] in _FIRST_OF_MARKS and is_original_mark(text):
        return True
    return _has_label(text) and is_header_block(lines, at)


def _is_quoted(line: str) -> bool:
    """`> `, also a little indented; `>From ` is a line that a mailbox format has escaped."""
    return not line.startswith(">From ") and len(line) - len(line.lstrip()) <= 3


def _has_label(text: str) -> bool:
    return ":" in text[:_LABEL_CHARS] or "：" in text[:_LABEL_CHARS]


def _quoted_next(lines: list[str], at: int) -> bool:
    """Whether the next line with something in it is a quoted one."""
    for line in lines[at:]:
        if text := line.lstrip():
            return text.startswith(">")
    return False
