"""Header text: RFC 2047 encoded words in the spellings that are really sent, and raw 8-bit headers."""

from __future__ import annotations

import binascii
import re

from channels.email.charsets import clean, decode, guess
from channels.email.transfer import from_base64

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")


def header_text(value: bytes) -> str:
    """A header's value as one line of text without encoded words, line breaks or control characters."""
    if value.isascii() and b"=?" not in value:
        text = value.decode("ascii")
        return text if text.isprintable() else one_line(text)
    return one_line(decode_words(eight_bit(value)))


def eight_bit(value: bytes) -> str:
    """A header's bytes as text, encoded words left as they are."""
    return value.decode("ascii") if value.isascii() else guess(value)


def one_line(text: str) -> str:
    """Text that cannot start a new header line or hide in one: every kind of break becomes one space."""
    return " ".join(clean(text).split())


def decode_words(text: str) -> str:
    """Replace encoded words. Neighbours of one charset are joined before decoding: some mailers cut characters in two."""
    if "=?" not in text:
        return text
    out: list[str] = []
    run: list[bytes] = []
    run_charset, at = "", 0
    for found in _WORD.finditer(text):
        between = text[at : found.start()]
        charset = found[1].partition("*")[0].lower()
        if run and (between.strip() or charset != run_charset):
            out.append(decode(b"".join(run), run_charset)[0])
            run = []
        if between.strip() or (between and not out and not run):
            out.append(between)
        run.append(_word_bytes(found[2], found[3]))
        run_charset, at = charset, found.end()
    if run:
        out.append(decode(b"".join(run), run_charset)[0])
    out.append(text[at:])
    return "".join(out)


def _word_bytes(encoding: str, body: str) -> bytes:
    raw = body.encode("utf-8", "replace")
    if encoding in "bB":
        return from_base64(raw)[0]
    return binascii.a2b_qp(raw, header=True)
