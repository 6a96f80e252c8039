"""Sanitised HTML read as plain text: all of it, and, where a mail client marked what is old, the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from typing_extensions import override

_BLOCKS = {"p", "div", "br", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "dl", "dt",
           "dd", "address", "center", "blockquote"}  # fmt: skip
_SPACED = {"p", "h1", "h2", "h3", "table"}
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [^\s="<>]+="[^"]*")*)>|([^<]+|<)')
_ALT = re.compile(r' alt="([^"]*)"')
_ROLE = re.compile(r' data-quote="([^"]*)"')
_VOID = {"br", "hr", "img", "col"}
_MARK = ' data-quote="'


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of some HTML. `new` is without the elements that a client marked as quoted or signed; None: no mark."""

    full: str
    new: str | None = None


def read_html(safe: str) -> Reading:
    """The text of the sanitiser's output; quoted blocks get `> `, as in plain mail."""
    full = _read(safe, _Reader())
    return Reading(full, _read(safe, _NewReader()) if _MARK in safe else None)


def to_text(safe: str) -> str:
    """The whole text of the sanitiser's output."""
    return _read(safe, _Reader())


def _read(safe: str, reader: _Reader) -> str:
    for closing, tag, attributes, text in _TOKEN.findall(safe):
        if text:
            reader.data(unescape(text) if "&" in text else text)
        elif closing:
            reader.end(tag)
        else:
            reader.start(tag, attributes)
    return reader.text()


class _Reader:
    """Collects lines. It only ever sees the sanitiser's output: well formed, each value in double quotes."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._verbatim = 0

    def start(self, tag: str, attributes: str) -> None:
        """An element begins."""
        if tag in _BLOCKS:
            self._break(keep_empty=tag == "br")
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._verbatim += 1
        elif tag == "li":
            self._line.append("- ")
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")
        elif tag == "img" and (alt := _ALT.search(attributes)):
            self._line.append(unescape(alt[1]))

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _BLOCKS:
            self._break(keep_empty=False)
        if tag in _SPACED and self._lines and self._lines[-1]:
            self._lines.append("")
        if tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre":
            self._verbatim -= 1

    def data(self, data: str) -> None:
        """Text."""
        if not self._verbatim:
            self._line.append(data)
            return
        first, *rest = data.split("\n")
        self._line.append(first)
        for line in rest:
            self._break(keep_empty=True)
            self._line.append(line)

    def _break(self, *, keep_empty: bool) -> None:
        joined = "".join(self._line)
        text = joined.rstrip() if self._verbatim else " ".join(joined.split())
        if text == "--" and "-- " in joined.replace("\u00a0", " "):
            text = "-- "  # the mark above a signature ends in a space
        self._line.clear()
        if text or keep_empty:
            self._lines.append("> " * self._quotes + text)

    def text(self) -> str:
        """What was read, with at most one empty line in a row."""
        self._break(keep_empty=False)
        out: list[str] = []
        for line in self._lines:
            if line.strip() or (out and out[-1].strip()):
                out.append(line)
        return "\n".join(out).strip("\n")


class _NewReader(_Reader):
    """Leaves out the elements that are marked as old, and from a mark `rest` on everything."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = 0
        """How many elements are open from the marked one on; 0 = none is marked."""
        self._ended = False

    @override
    def start(self, tag: str, attributes: str) -> None:
        found = _ROLE.search(attributes)
        role = found[1] if found else ""
        if self._ended or role == "rest":
            self._ended = True
            return
        if self._inside:
            self._inside += tag not in _VOID
            return
        if role:
            self._inside = int(tag not in _VOID)
            self._break(keep_empty=False)
            return
        super().start(tag, attributes)

    @override
    def end(self, tag: str) -> None:
        if self._ended or (self._inside and tag in _VOID):
            return
        if self._inside:
            self._inside -= 1
        else:
            super().end(tag)

    @override
    def data(self, data: str) -> None:
        if not (self._ended or self._inside):
            super().data(data)
