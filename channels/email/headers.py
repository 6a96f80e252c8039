"""One pass over a header block: names to raw values. No regular expression, no recursion, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels.email.words import header_text

MOST_BYTES = 1_048_576
"""Of a header block; what is longer is read as if it ended here."""
MOST_LINES = 20_000

_NAME = frozenset(range(33, 127)) - {ord(":")}


@dataclass(slots=True)
class Headers:
    """The fields of one part: lower-case name to raw values, unfolded, in order."""

    fields: dict[bytes, list[bytes]] = field(default_factory=dict)
    junk: bool = False
    cut: bool = False

    def raw(self, name: bytes) -> bytes:
        """The first value of a field, or nothing."""
        found = self.fields.get(name)
        return found[0] if found else b""

    def all(self, name: bytes) -> bytes:
        """All values of a field that should stand once but is repeated, as one list."""
        found = self.fields.get(name)
        return b"" if not found else found[0] if len(found) == 1 else b", ".join(found)

    def text(self, name: bytes) -> str:
        """The first value as one line of text."""
        found = self.fields.get(name)
        return header_text(found[0]) if found else ""


def split(data: bytes, start: int = 0, end: int | None = None) -> tuple[Headers, int]:
    """The header block that begins at `start`, and where its body begins. Nothing is copied but the block."""
    end = len(data) if end is None else end
    if data.startswith((b"From ", b">From "), start):  # an mbox separator that slipped in
        line_end = data.find(b"\n", start, end)
        start = end if line_end < 0 else line_end + 1
    for blank in (b"\r\n", b"\n"):
        if data.startswith(blank, start, end):
            return Headers(), start + len(blank)
    stop, body = _end(data, start, end)
    headers = _scan(data[start : min(stop, start + MOST_BYTES)])
    headers.cut = headers.cut or stop - start > MOST_BYTES
    return headers, body if headers.fields else start  # no header line at all: everything is body


def _end(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the header block ends and where the body starts: at the first empty line, in either line end."""
    crlf = data.find(b"\r\n\r\n", start, end)
    lf = data.find(b"\n\n", start, crlf + 1 if crlf >= 0 else end)
    if lf >= 0:
        return lf, lf + 2
    if crlf >= 0:
        return crlf, crlf + 4
    return end, end


def _scan(block: bytes) -> Headers:
    headers = Headers()
    found: dict[bytes, list[list[bytes]]] = {}
    values: list[bytes] = []
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = block.split(b"\n", MOST_LINES)
    if len(lines) > MOST_LINES:
        headers.cut = True
        lines.pop()
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if values:
                values.append(line)
            continue
        name, colon, value = line.partition(b":")
        name = name.rstrip()
        if not colon or not name or not _NAME.issuperset(name):
            headers.junk = headers.junk or bool(line)
            continue
        values = [value]
        found.setdefault(name.lower(), []).append(values)
    headers.fields = {name: [b"".join(pieces).strip() for pieces in each] for name, each in found.items()}
    return headers
