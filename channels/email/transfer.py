"""Content-Transfer-Encoding undone, tolerantly: what can be read is read."""

from __future__ import annotations

import binascii

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_BLANKS = b" \t\r\n"


def undo(data: bytes, encoding: str) -> tuple[bytes, str | None]:
    """The content of a part, and what was wrong: `bad-base64`, `unknown-encoding`, or None."""
    match encoding:
        case "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" | "none":
            return data, None
        case "base64":
            return from_base64(data)
        case "quoted-printable":
            return binascii.a2b_qp(data), None
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _from_uu(data), None
    return data, "unknown-encoding"


def from_base64(data: bytes) -> tuple[bytes, str | None]:
    """Base64 with foreign characters, lost padding, or several pieces one after the other."""
    kept = data.translate(None, _NOT_BASE64)
    wrong = len(kept) != len(data.translate(None, _BLANKS))
    out = []
    for piece in kept.split(b"="):
        odd = len(piece) % 4 == 1  # one digit alone holds six bits, not a byte: the end was lost
        wrong = wrong or odd
        digits = piece[:-1] if odd else piece
        out.append(binascii.a2b_base64(digits + b"=" * (-len(digits) % 4)))
    return b"".join(out), "bad-base64" if wrong else None


def _from_uu(data: bytes) -> bytes:
    out = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            length = ((line[0] - 32) & 63) * 4 // 3 + 5  # trailing garbage: the first character tells the length
            try:
                out.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(out)
