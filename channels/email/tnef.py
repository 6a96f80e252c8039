"""`winmail.dat` (MS-OXTNEF): the body and the files that Outlook packed into it. Bounded, and tolerant of a cut end."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from channels.email.charsets import decode
from channels.email.lzfu import unpacked
from channels.email.rtf import rtf_to_text

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 5000
MOST_FILES = 200
_MOST_PROPERTIES = 2000
_MOST_VALUES = 1000

_ATT_BODY, _ATT_MESSAGE, _ATT_CODEPAGE, _ATT_SUBJECT = 0x2800C, 0x69003, 0x69007, 0x18004
_ATT_RENDERED, _ATT_TITLE, _ATT_DATA, _ATT_FILE = 0x69002, 0x18010, 0x6800F, 0x69005
_PR_BODY, _PR_HTML, _PR_RTF = 0x1000, 0x1013, 0x1009
_PR_DATA, _PR_LONG_NAME, _PR_NAME, _PR_MIME, _PR_CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x370E, 0x3712
_FIXED = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16}  # fmt: skip
_VARIABLE = {0x000D, 0x001E, 0x001F, 0x0102}


@dataclass(slots=True)
class PackedFile:
    """One attachment."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Packed:
    """What was inside. `cut`: the stream ended in the middle of something."""

    text: str = ""
    html: str = ""
    files: list[PackedFile] = field(default_factory=list)
    cut: bool = False


def opened(data: bytes) -> Packed | None:
    """The inside of a TNEF stream; None when it is none."""
    if not data.startswith(SIGNATURE):
        return None
    packed = Packed()
    codepage = "cp1252"
    rtf = b""
    for number, value in _attributes(data, packed):
        if number == _ATT_CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif number == _ATT_RENDERED:
            if len(packed.files) >= MOST_FILES:
                break
            packed.files.append(PackedFile())
        elif number == _ATT_BODY:
            packed.text = packed.text or _text(value, codepage)
        elif number == _ATT_MESSAGE:
            rtf = _take_message(packed, dict(_properties(value)), codepage) or rtf
        elif packed.files:
            _take_file(packed.files[-1], number, value, codepage)
    if rtf and not packed.text and not packed.html:
        packed.text = rtf_to_text(unpacked(rtf))
    packed.files = [each for each in packed.files if each.content or each.name]
    return packed


def _take_message(packed: Packed, found: dict[int, bytes | str], codepage: str) -> bytes:
    packed.text = packed.text or _as_text(found.get(_PR_BODY, ""), codepage)
    packed.html = packed.html or _as_text(found.get(_PR_HTML, ""), codepage)
    rtf = found.get(_PR_RTF, b"")
    return rtf if isinstance(rtf, bytes) else b""


def _take_file(file: PackedFile, number: int, value: bytes, codepage: str) -> None:
    if number == _ATT_TITLE:
        file.name = file.name or _text(value, codepage)
    elif number == _ATT_DATA:
        file.content = value
    elif number == _ATT_FILE:
        found = dict(_properties(value))
        file.name = _as_text(found.get(_PR_LONG_NAME) or found.get(_PR_NAME) or "", codepage) or file.name
        file.type = _as_text(found.get(_PR_MIME, ""), codepage).lower()[:100]
        file.content_id = _as_text(found.get(_PR_CONTENT_ID, ""), codepage).strip("<>")[:500]
        content = found.get(_PR_DATA, b"")
        if isinstance(content, bytes) and not file.content:
            file.content = content


def _attributes(data: bytes, packed: Packed) -> Iterator[tuple[int, bytes]]:
    """Each attribute's number and value, in order."""
    at = 6  # signature and key
    for _ in range(MOST_ATTRIBUTES):
        if at + 9 > len(data):
            break
        number, length = struct.unpack_from("<II", data, at + 1)
        start = at + 9
        if start + length > len(data):
            packed.cut = True
        yield number, data[start : start + length]
        at = start + length + 2  # a checksum follows
    packed.cut = packed.cut or at < len(data)


def _properties(data: bytes) -> Iterator[tuple[int, bytes | str]]:
    """The MAPI properties of a value that are wanted: number and first value. Ends where it is not understood."""
    if len(data) < 4:
        return
    reader = _Cursor(data)
    count = min(reader.number(), _MOST_PROPERTIES)
    for _ in range(count):
        if reader.ended():
            return
        kind, number = reader.short(), reader.short()
        if number >= 0x8000:
            reader.skip_name()
        value = reader.value(kind)
        if value is None:
            return
        yield number, value


class _Cursor:
    """Reads little-endian values one after the other; beyond the end everything is zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def ended(self) -> bool:
        return self._at >= len(self._data)

    def take(self, length: int) -> bytes:
        piece = self._data[self._at : self._at + length]
        self._at += length
        return piece

    def short(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def skip_name(self) -> None:
        """A named property: the set it belongs to, then a number or a text."""
        self.take(16)
        if self.number() == 0:
            self.take(4)
        else:
            self._padded(self.number())

    def value(self, kind: int) -> bytes | str | None:
        """The (first) value; None when the kind is not known, so that nothing after it can be found."""
        base = kind & 0x0FFF
        if base in _FIXED:
            count = self.number() if kind & 0x1000 else 1
            return self.take(_FIXED[base] * min(count, _MOST_VALUES))
        if base not in _VARIABLE:
            return None
        first: bytes | str | None = None
        for _ in range(min(self.number(), _MOST_VALUES)):
            raw = self._padded(self.number())
            if first is None:
                first = raw.decode("utf-16-le", "replace").rstrip("\0") if base == 0x001F else raw
            if self.ended():
                break
        return b"" if first is None else first

    def _padded(self, length: int) -> bytes:
        piece = self.take(length)
        self.take(-length % 4)
        return piece


def _text(value: bytes, codepage: str) -> str:
    return decode(value.rstrip(b"\0"), codepage)[0]


def _as_text(value: Any, codepage: str) -> str:
    return _text(value, codepage) if isinstance(value, bytes) else str(value)
