"""RTF read as plain text: enough for the bodies that Outlook writes, HTML wrapped into RTF included (MS-OXRTFEX)."""

from __future__ import annotations

import re

MOST_CHARS = 4_000_000
_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\")
_SKIPPED = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"themedata", b"htmltag", b"listtable", b"generator"}  # fmt: skip
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"cell": "\t", b"row": "\n", b"sect": "\n", b"page": "\n"}
_SIGNS = {b"emdash": "\u2014", b"endash": "\u2013", b"bullet": "\u2022", b"lquote": "\u2018", b"rquote": "\u2019",
          b"ldblquote": "\u201c", b"rdblquote": "\u201d"}  # fmt: skip
_ESCAPES = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}


def rtf_to_text(rtf: bytes) -> str:
    """The readable text. Pictures, tables of fonts and colours, and markup kept for other readers are left out."""
    reader = _Reader()
    for found in _TOKEN.finditer(rtf[:MOST_CHARS]):
        reader.take(found)
    return reader.text()


class _Reader:
    def __init__(self) -> None:
        self._out: list[str] = []
        self._bytes = bytearray()
        self._codepage = "cp1252"
        self._skip = False
        """Inside of a group that holds no text, or between `htmlrtf` and `htmlrtf0`."""
        self._groups: list[tuple[bool, int]] = []
        self._fallback = 1
        """How many characters after `\\u` stand for readers that do not know it."""
        self._pending = 0
        self._hidden = False

    def take(self, found: re.Match[bytes]) -> None:
        word, number, code, sign, brace, text = found.groups()
        if brace:
            self._brace(brace)
        elif word:
            self._word(word, int(number) if number else None)
        elif code:
            self._add(bytes((int(code, 16),)))
        elif sign:
            self._sign(sign)
        elif text:
            self._add(text)

    def _brace(self, brace: bytes) -> None:
        if brace == b"{":
            self._groups.append((self._skip, self._fallback))
        elif self._groups:
            self._skip, self._fallback = self._groups.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._skip = True  # a group that readers who do not know it shall leave out
        else:
            self._say(_ESCAPES.get(sign, ""))

    def _word(self, word: bytes, number: int | None) -> None:
        if word == b"htmlrtf":
            self._hidden = number != 0
        elif word in _SKIPPED:
            self._skip = True
        elif word == b"ansicpg" and number:
            self._codepage = f"cp{number}"
        elif word == b"uc" and number is not None:
            self._fallback = min(abs(number), 10)
        elif word == b"u" and number is not None:
            self._say(chr(number & 0xFFFF) if not 0xD800 <= number & 0xFFFF < 0xE000 else "\ufffd")
            self._pending = self._fallback
        else:
            self._say(_BREAKS.get(word) or _SIGNS.get(word) or "")

    def _add(self, data: bytes) -> None:
        if self._pending:
            left = data[self._pending :]
            self._pending = max(self._pending - len(data), 0)
            data = left
        if not self._skip and not self._hidden:
            self._bytes += data

    def _say(self, text: str) -> None:
        if text and not self._skip and not self._hidden:
            self._flush()
            self._out.append(text)

    def _flush(self) -> None:
        if self._bytes:
            try:
                self._out.append(self._bytes.decode(self._codepage, "replace"))
            except LookupError:
                self._out.append(self._bytes.decode("cp1252", "replace"))
            self._bytes.clear()

    def text(self) -> str:
        """What was read so far."""
        self._flush()
        return "".join(self._out).replace("\0", "").strip()
