"""What a sound file of a PBX holds: its type, how long it is, and how loud it is over time. Converts nothing. Pure but for
reading the file it is given."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

BARS = 400
"""So many peaks a recording has at most."""
PCM, ALAW, ULAW, GSM = 1, 6, 7, 49
_GSM_BLOCK, _GSM_BLOCK_S = 65, 0.04
_GSM_FRAME, _GSM_FRAME_S = 33, 0.02
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file. `peaks`: the loudest of each of up to `BARS` equal stretches, 0 to 255; empty where it cannot be told.

    Attributes:
        whole: the header's lengths fit the file: whoever wrote it has closed it.
    """

    type: str
    seconds: float
    peaks: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    format: int
    channels: int
    rate: int
    bits: int
    start: int
    declared: int


def look_into(file: BinaryIO, size: int, name: str) -> Sound:
    """The facts of a file of `size` bytes; one that is no WAV is judged by its name alone."""
    layout = _layout(file)
    if layout is None:
        if name.lower().endswith(".gsm"):
            return Sound("audio/gsm", round(size / _GSM_FRAME * _GSM_FRAME_S, 3), b"", whole=size > 0)
        return Sound("application/octet-stream", 0.0, b"", whole=False)
    length = max(0, size - layout.start)
    whole = 0 < layout.declared <= length <= layout.declared + 1
    if layout.format == GSM:
        return Sound("audio/wav", round(length / _GSM_BLOCK * _GSM_BLOCK_S, 3), b"", whole)
    frame = max(1, layout.channels * layout.bits // 8)
    seconds = round(length / frame / layout.rate, 3) if layout.rate else 0.0
    return Sound("audio/wav", seconds, _peaks(file, layout, length // frame, frame), whole)


def _layout(file: BinaryIO) -> _Layout | None:
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    kind: tuple[int, int, int, int] | None = None
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            return _Layout(*kind, file.tell(), length) if kind else None
        body = file.read(length + length % 2)
        if name == b"fmt " and len(body) >= 16:
            code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            kind = code, channels, rate, bits
    return None


def _peaks(file: BinaryIO, layout: _Layout, frames: int, frame: int) -> bytes:
    loudest = _LOUDEST.get((layout.format, layout.bits))
    if loudest is None or frames == 0:
        return b""
    bars = min(BARS, frames)
    file.seek(layout.start)
    ends = [frames * number // bars for number in range(bars + 1)]
    return bytes(
        max((loudest(piece) for piece in _pieces(file, (end - start) * frame)), default=0)
        for start, end in pairwise(ends)
    )


def _pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (piece := file.read(min(_PIECE, length))):
        length -= len(piece)
        yield piece


def _loudest_16(piece: bytes) -> int:
    samples = array("h", piece[: len(piece) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    high, low = (max(samples), min(samples)) if samples else (0, 0)
    return min(255, max(high, -low) >> 7)


def _loudest_8(piece: bytes) -> int:
    return min(255, max(max(piece) - 128, 128 - min(piece)) * 2)


def _ulaw_size(code: int) -> int:
    code = ~code & 0xFF
    return ((((code & 0xF) << 3) + 0x84) << (code >> 4 & 7)) - 0x84


def _alaw_size(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 0xF
    return (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)


_ULAW = bytes(min(255, _ulaw_size(code) >> 7) for code in range(256))
_ALAW = bytes(min(255, _alaw_size(code) >> 7) for code in range(256))
_LOUDEST: dict[tuple[int, int], Callable[[bytes], int]] = {
    (PCM, 16): _loudest_16,
    (PCM, 8): _loudest_8,
    (ULAW, 8): lambda piece: max(piece.translate(_ULAW)),
    (ALAW, 8): lambda piece: max(piece.translate(_ALAW)),
}
