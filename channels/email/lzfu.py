"""Compressed RTF as Outlook stores it (MS-OXRTFCP): LZ77 over a ring of 4096 bytes that is filled beforehand."""

from __future__ import annotations

import struct

MOST_BYTES = 500_000
"""Compressed; a byte unpacks to nine at most."""
_RING = 4096
_FILLED = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbol"
    b"ArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def unpacked(data: bytes) -> bytes:
    """The RTF; what could be read of a broken stream, nothing of one that is no compressed RTF or too large."""
    if not 16 <= len(data) <= MOST_BYTES:
        return b""
    size, _, kind = struct.unpack_from("<II4s", data)
    content = data[16 : size + 4]
    if kind == b"MELA":
        return content
    return _unpack(content) if kind == b"LZFu" else b""


def _unpack(content: bytes) -> bytes:
    ring = bytearray(_FILLED.ljust(_RING, b" "))
    place = len(_FILLED)
    out = bytearray()
    at = 0
    while at < len(content):
        control = content[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                piece = content[at : at + 1]
                at += 1
            else:
                token = int.from_bytes(content[at : at + 2], "big")
                at += 2
                offset, length = token >> 4, (token & 15) + 2
                if offset == place or at > len(content):
                    return bytes(out)
                piece = _copied(ring, offset, place, length)
            for byte in piece:
                ring[place] = byte
                place = (place + 1) % _RING
            out += piece
    return bytes(out)


def _copied(ring: bytearray, offset: int, place: int, length: int) -> bytes:
    """A run of the ring; it may reach into what it writes itself."""
    piece = bytearray()
    reach = (place - offset) % _RING
    for step in range(length):
        piece.append(piece[step - reach] if step >= reach else ring[(offset + step) % _RING])
    return bytes(piece)
