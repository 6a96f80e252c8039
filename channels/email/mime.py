"""The tree of a mail as a flat list of leaves: linear in the size of the mail, bounded in parts and depth.

The standard library's parser recurses per level and reads line by line; a thousand nested parts end it. This one
searches for delimiter lines and stops, with a word, where a limit is reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from channels.email.headers import Headers, split
from channels.email.parameters import name_of, read

MOST_PARTS = 200
MOST_DEPTH = 20
_CR = 13
_SHORT = 60
"""Bytes of a type worth remembering; a boundary is different in each mail."""


@dataclass(slots=True)
class Leaf:
    """One part that holds no other.

    Attributes:
        group: the number of the outermost `multipart/alternative` around it, or None.
        data: the content as transferred, not decoded.
        inside: the type of the multipart directly around it.
    """

    type: str
    parameters: dict[str, str]
    disposition: str
    name: str
    headers: Headers
    data: bytes
    group: int | None
    inside: str = ""


class Tree:
    """Walks one mail. After `leaves`, `wrong` holds what was found broken, and `containers` the multipart types seen."""

    def __init__(self) -> None:
        self.headers = Headers()
        self.wrong: set[str] = set()
        self.containers: set[str] = set()
        self._parts = 0
        self._groups = 0

    def leaves(self, data: bytes) -> Iterator[Leaf]:
        """The leaves of a mail, in order. `self.headers` then holds its own header block."""
        self.headers, body = split(data)
        yield from self._leaves(_Span(data, body, len(data)), self.headers, _Place())

    def _leaves(self, span: _Span, headers: Headers, place: _Place) -> Iterator[Leaf]:
        default = "message/rfc822" if place.inside == "multipart/digest" else "text/plain"
        kind, parameters = _type_of(headers, default)
        if not kind.startswith("multipart/"):
            yield _leaf(kind, parameters, headers, span.content(), place.group, place.inside)
            return
        if place.depth >= MOST_DEPTH:
            self.wrong.add("too-deep")
            yield _leaf("application/octet-stream", {"name": "nested.eml"}, headers, span.content(), None)
            return
        self.containers.add(kind)
        if report := parameters.get("report-type"):
            self.containers.add(f"report:{report.lower()}")
        group = place.group
        if kind == "multipart/alternative" and group is None:
            self._groups += 1
            group = self._groups
        yield from self._children(span, parameters, _Place(place.depth + 1, group, kind))

    def _children(self, span: _Span, parameters: dict[str, str], place: _Place) -> Iterator[Leaf]:
        boundary = parameters.get("boundary", "").encode("utf-8", "replace").rstrip() or self._guessed(span)
        found = False
        for piece in self._pieces(span, boundary) if boundary else ():
            found = True
            self._parts += 1
            if self._parts > MOST_PARTS:
                self.wrong.add("too-many-parts")
                return
            headers, body = split(span.data, piece.start, piece.end)
            yield from self._leaves(_Span(span.data, body, piece.end), headers, place)
        if not found:
            self.wrong.add("no-parts")
            yield _leaf(
                "text/plain", {"charset": parameters.get("charset", "")}, Headers(), span.content(), place.group
            )

    def _guessed(self, span: _Span) -> bytes:
        """The boundary of a multipart that does not name it: the first line that looks like one."""
        self.wrong.add("no-boundary")
        at = span.start
        if not span.data.startswith(b"--", at, span.end):
            at = span.data.find(b"\n--", at, span.end) + 1
        line = span.data[at : min(at + 200, span.end)].split(b"\n", 1)[0].strip() if at else b""
        return line[2:] if line.startswith(b"--") else b""

    def _pieces(self, span: _Span, boundary: bytes) -> Iterator[_Span]:
        """The parts between delimiter lines. A missing last delimiter is forgiven."""
        line = b"--" + re.escape(boundary) + rb"(?:(--)|[ \t]*\r?(?=\n|\Z))"
        first = re.compile(line).match(span.data, span.start, span.end)
        start = first.end() if first else -1
        if first and first[1]:
            return
        for found in re.compile(rb"\n" + line).finditer(span.data, max(start, span.start), span.end):
            if start >= 0:
                yield _Span(span.data, start, found.start()).trimmed()
            if found[1]:
                return
            start = found.end()
        if start >= 0:
            self.wrong.add("not-closed")
            yield _Span(span.data, start, span.end).trimmed()


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of the mail, not copied: deep nesting of a large mail would copy it once per level."""

    data: bytes
    start: int
    end: int

    def content(self) -> bytes:
        """The bytes."""
        return self.data[self.start : self.end]

    def trimmed(self) -> _Span:
        """Without the line end after the delimiter before it, and the one that belongs to the delimiter after it."""
        start = min(self.start + 1, self.end)  # the delimiter's own line feed
        end = self.end - 1 if self.end > start and self.data[self.end - 1] == _CR else self.end
        return _Span(self.data, start, end)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree a part stands."""

    depth: int = 0
    group: int | None = None
    inside: str = ""


def _type_of(headers: Headers, default: str) -> tuple[str, dict[str, str]]:
    value = headers.raw(b"content-type")
    if not value:
        return default, {}
    return _known_type(value) if len(value) < _SHORT else _read_type(value)


@lru_cache(maxsize=1024)
def _known_type(value: bytes) -> tuple[str, dict[str, str]]:
    """Remembered: mails come with the same few types. Nobody may change what is returned."""
    return _read_type(value)


def _read_type(value: bytes) -> tuple[str, dict[str, str]]:
    kind, parameters = read(value)
    main, slash, sub = kind.partition("/")
    if kind == "text":
        return "text/plain", parameters
    if not slash or not main or not sub or len(kind.split()) != 1 or not kind.isascii():
        return "text/plain" if not parameters.get("name") else "application/octet-stream", parameters
    return kind[:100], parameters


def _leaf(
    kind: str, parameters: dict[str, str], headers: Headers, body: bytes, group: int | None, inside: str = ""
) -> Leaf:
    value = headers.raw(b"content-disposition")
    disposition, extra = read(value) if value else ("", {})
    name = (name_of(extra, "filename") if extra else "") or name_of(parameters, "name")
    return Leaf(kind, parameters, disposition, name, headers, body, group, inside)
