"""Closing the holes that empty fields leave, so that nobody sees there was a field. Pure."""

from __future__ import annotations

import re

from crm_core.templates.values import GAP

_SEPARATORS = ",;，；、"
_CLOSERS = f"{_SEPARATORS}.:!?。：！？"
_BLANK = "[ \\t\u3000\u00a0]"
_EMPTY_LINE = re.compile(rf"^[ \t\u3000\u00a0{re.escape(_CLOSERS)}{GAP}()（）\[\]<>《》\"'-]*$")
_BRACKETS = re.compile(
    rf"{_BLANK}*(?:\({_BLANK}*{GAP}{_BLANK}*\)|（{_BLANK}*{GAP}{_BLANK}*）|\[{_BLANK}*{GAP}{_BLANK}*\])"
)
_RUN = re.compile(rf"{GAP}(?:{_BLANK}*{GAP})+")
_AFTER_SEPARATOR = re.compile(rf"[{_SEPARATORS}]{_BLANK}*{GAP}(?={_BLANK}*(?:[{_CLOSERS}\n]|$))")
_FIRST = re.compile(rf"(^|\n|[:：(（]){_BLANK}*{GAP}{_BLANK}*[{_SEPARATORS}]{_BLANK}*")
_BEFORE_CLOSER = re.compile(rf"{_BLANK}*{GAP}{_BLANK}*(?=[{_CLOSERS})）\n]|$)")
_AT_START = re.compile(rf"(^|\n|[(（]){GAP}{_BLANK}*")
_BETWEEN = re.compile(rf"({_BLANK}){GAP}{_BLANK}+")
_BLOCK = re.compile(
    rf"<(p|div|li|span|b|i|u|em|strong|h[1-4]|blockquote|a)\b[^<>]*>(?:\s|&nbsp;|<br\s*/?>|{GAP})*{GAP}"
    rf"(?:\s|&nbsp;|<br\s*/?>|{GAP})*</\1>",
    re.IGNORECASE,
)
_BREAK = re.compile(rf"((?:^|<br\s*/?>|<(?:p|div|li|td)\b[^<>]*>)\s*){GAP}\s*<br\s*/?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(
    r"(</?(?:p|div|li|ul|ol|br|hr|h[1-4]|blockquote|pre|table|tbody|thead|tr|td|th|dl|dt|dd)\b[^<>]*>)", re.IGNORECASE
)


def close_gaps(text: str) -> str:
    """Plain text: a line of empty fields alone vanishes; elsewhere one space, and no orphaned comma or bracket."""
    if GAP not in text:
        return text
    lines = [line for line in text.split("\n") if GAP not in line or not _EMPTY_LINE.fullmatch(line)]
    return "\n".join(_closed(line) for line in lines)


def close_html_gaps(html: str) -> str:
    """HTML: a paragraph, item or line of empty fields alone vanishes; inside of text the same as in plain text."""
    if GAP not in html:
        return html
    for _ in range(10):  # an element that held only such elements has become empty itself
        closed = _BREAK.sub(r"\1", _BLOCK.sub(GAP, html))
        if closed == html:
            break
        html = closed
    pieces = _BLOCK_TAG.split(html)
    return "".join(piece.replace(GAP, "") if piece.startswith("<") else _closed(piece) for piece in pieces)


def _closed(line: str) -> str:
    if GAP not in line:
        return line
    line = _RUN.sub(GAP, _BRACKETS.sub(GAP, line))
    line = _RUN.sub(GAP, _AFTER_SEPARATOR.sub(GAP, line))
    line = _FIRST.sub(r"\1", line)
    line = _BETWEEN.sub(r"\1", _AT_START.sub(r"\1", _BEFORE_CLOSER.sub("", line)))
    return line.replace(GAP, "")
