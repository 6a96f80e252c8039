"""The lines of iCalendar (RFC 5545) and vCard (RFC 2426, RFC 6350): `NAME;PARAMETER=value:VALUE`, unfolded, bounded.

A library would build the time zones that a calendar brings along, and a stranger's rule "every second since 1900"
would keep it busy for ever. The few lines that a message shows are read here.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from channels.email.charsets import decode

MOST_CHARS = 262_144
MOST_LINES = 20_000
_ESCAPED = re.compile(r"\\([nN\\;,:])")


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property: upper-case name without its group, parameters by upper-case name, value as written."""

    name: str
    parameters: dict[str, str]
    value: str

    def text(self) -> str:
        """The value as text: escapes undone, in one line."""
        return " ".join(_unescaped(self.value).split())[:1000]


def read_lines(text: str) -> Iterator[ContentLine]:
    """The properties in order; what is no property is left out."""
    text = text[:MOST_CHARS].replace("\n ", "").replace("\n\t", "")
    lines = text.split("\n", MOST_LINES)[:MOST_LINES]
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        name, parameters, value = _parts(line)
        if not name:
            continue
        if parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":  # vCard 2.1
            while value.endswith("=") and at < len(lines):
                value = value[:-1] + lines[at]
                at += 1
            value = decode(binascii.a2b_qp(value.encode("utf-8", "replace")), parameters.get("CHARSET"))[0]
        yield ContentLine(name, parameters, value)


def _parts(line: str) -> tuple[str, dict[str, str], str]:
    head, colon, value = _cut(line)
    if not colon:
        return "", {}, ""
    name, *rest = _outside_quotes(head, ";")
    parameters: dict[str, str] = {}
    for piece in rest[:20]:
        key, equals, content = piece.partition("=")
        if equals:
            parameters.setdefault(key.strip().upper(), content.strip().strip('"'))
        elif key.strip().upper() == "QUOTED-PRINTABLE":
            parameters["ENCODING"] = "QUOTED-PRINTABLE"
    return name.rpartition(".")[2].strip().upper(), parameters, value


def _cut(line: str) -> tuple[str, str, str]:
    """At the first colon outside of quotes."""
    if '"' not in line:
        return line.partition(":")
    quoted = False
    for at, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return line[:at], ":", line[at + 1 :]
    return line, "", ""


def _outside_quotes(text: str, mark: str) -> list[str]:
    pieces = text.split('"')
    for at in range(0, len(pieces), 2):
        pieces[at] = pieces[at].replace(mark, "\0")
    return '"'.join(pieces).split("\0")


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)


def fields_of(value: str) -> list[str]:
    """A structured value (`N`, `ORG`) as its texts."""
    marked = value.replace("\\\\", "\x01").replace("\\;", "\x02")
    return [
        " ".join(_unescaped(each.replace("\x01", "\\").replace("\x02", ";")).split())[:500]
        for each in marked.split(";")
    ]
