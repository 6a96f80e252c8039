"""What a server's replies say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from channels.email.imap.names import decoded_name
from channels.email.imap.wire import Line

Node = bytes | list["Node"]

_TOKEN = re.compile(rb'(\()|(\))|"((?:[^"\\]|\\.)*)"|\{\d+\+?\}$|([^\s()"\[\]]+(?:\[[^\]]*\](?:<\d+>)?)?)')
_CODE = re.compile(rb"\[([A-Z-]+)(?: ([^\]]*))?\]", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What FETCH said of one mail; what was not asked for is None. `size` in bytes."""

    uid: int
    flags: frozenset[str] | None = None
    size: int | None = None
    at: datetime | None = None
    header: bytes | None = None
    body: bytes | None = None
    modseq: int = 0

    @property
    def seen(self) -> bool:
        """Whether somebody has read it."""
        return "\\seen" in (self.flags or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder as LIST shows it; `uses` are its special ones (`\\sent`, `\\trash`; RFC 6154)."""

    name: str
    uses: frozenset[str]


def fetched(lines: Iterable[Line]) -> Iterator[Fetched]:
    """The mails of a FETCH; replies without a UID (marks that others changed meanwhile) are left out."""
    for line in lines:
        head = line if isinstance(line, bytes) else line[0]
        if not re.match(rb"\d+ FETCH ", head[:40], re.IGNORECASE):
            continue
        nodes = _read(line)
        if len(nodes) > 2 and isinstance(nodes[2], list) and (one := _one(nodes[2])):
            yield one


def vanished(lines: Iterable[Line]) -> Iterator[str]:
    """The sets of UIDs that are gone (RFC 7162)."""
    for line in lines:
        if isinstance(line, bytes) and line[:9].upper() == b"VANISHED ":
            yield line.split()[-1].decode("ascii", "replace")


def searched(lines: Iterable[Line]) -> list[int]:
    """The UIDs of a SEARCH, lowest first."""
    found = [line[6:] for line in lines if isinstance(line, bytes) and line[:6].upper() == b"SEARCH"]
    return sorted({int(word) for words in found for word in words.split(b"(")[0].split() if word.isdigit()})


def codes(lines: Iterable[Line]) -> dict[str, str]:
    """The response codes: `UIDVALIDITY` -> `3` and so on."""
    found: dict[str, str] = {}
    for line in lines:
        if isinstance(line, bytes) and (code := _CODE.search(line[:1000])):
            found[code[1].decode("ascii").upper()] = (code[2] or b"").decode("ascii", "replace")
    return found


def folders(lines: Iterable[Line]) -> Iterator[Folder]:
    """The folders of a LIST that can be opened."""
    for line in lines:
        nodes = _read(line)
        if len(nodes) < 4 or nodes[0] != b"LIST" or not isinstance(nodes[1], list) or not isinstance(nodes[3], bytes):
            continue
        uses = frozenset(use.decode("ascii", "replace").lower() for use in nodes[1] if isinstance(use, bytes))
        if not uses & {"\\noselect", "\\nonexistent"}:
            yield Folder(name=decoded_name(nodes[3]), uses=uses)


def _read(line: Line) -> list[Node]:
    """A reply as words and nested lists."""
    top: list[Node] = []
    stack = [top]
    for number, piece in enumerate((line,) if isinstance(line, bytes) else line):
        if number % 2:
            stack[-1].append(piece)
            continue
        for token in _TOKEN.finditer(piece):
            if token[1]:
                deeper: list[Node] = []
                stack[-1].append(deeper)
                stack.append(deeper)
            elif token[2]:
                if len(stack) > 1:
                    stack.pop()
            elif token[3] is not None:
                stack[-1].append(_ESCAPED.sub(rb"\1", token[3]))
            elif token[4]:
                stack[-1].append([] if token[4].upper() == b"NIL" else token[4])
    return top


def _one(pairs: list[Node]) -> Fetched | None:
    uid, modseq = 0, 0
    flags, size, at, header, body = None, None, None, None, None
    for key, value in zip(pairs[::2], pairs[1::2], strict=False):
        name = key.upper() if isinstance(key, bytes) else b""
        if isinstance(value, list):
            if name == b"FLAGS":
                flags = frozenset(f.decode("ascii", "replace").lower() for f in value if isinstance(f, bytes))
            elif name == b"MODSEQ":
                modseq = _number(value[0]) if value and isinstance(value[0], bytes) else 0
        elif name == b"UID":
            uid = _number(value)
        elif name == b"RFC822.SIZE":
            size = _number(value)
        elif name == b"INTERNALDATE":
            at = _moment(value)
        elif name.startswith(b"BODY[HEADER"):
            header = value
        elif name.startswith(b"BODY["):
            body = value
    if not uid:
        return None
    return Fetched(uid=uid, flags=flags, size=size, at=at, header=header, body=body, modseq=modseq)


def _number(word: bytes) -> int:
    return int(word) if word.isdigit() else 0


def _moment(text: bytes) -> datetime | None:
    """` 7-Feb-1994 21:52:25 -0800`, in UTC."""
    try:
        return datetime.strptime(text.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
