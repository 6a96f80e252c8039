"""Character sets that nobody names: told by a detector from a small sample, and JIS with its forbidden characters."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

_CANDIDATES = ["gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "cp1251", "koi8_r", "cp1252", "cp1250"]
_LEAST_HIGH = 14
"""High bytes below which a detector only guesses: a name in a header, a word of a subject."""
_SAMPLE_BYTES = 2048
"""Detection takes 1 to 4 ms for so many bytes."""
_HIGH = re.compile(rb"[\x80-\xff]+")
_SHIFT = re.compile(rb"\x1b(\$[@AB]|\$\([A-Z]|\([A-Z])")


def detected(data: bytes) -> str | None:
    """The codec that bytes look like, by letters and their neighbours; None when there are too few, or none fits."""
    sample = _sample(data)
    if sum(map(len, _HIGH.findall(sample))) < _LEAST_HIGH:
        return None
    best = from_bytes(sample, steps=2, chunk_size=512, cp_isolation=_CANDIDATES, enable_fallback=False).best()
    return best.encoding if best is not None and best.encoding in _CANDIDATES else None


def _sample(data: bytes) -> bytes:
    """The lines around the first high byte: whole ones, so that no character is cut in two."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    first = _HIGH.search(data)
    at = first.start() if first else 0
    start = data.rfind(b"\n", max(at - 200, 0), at) + 1 or at
    end = data.rfind(b"\n", start, start + _SAMPLE_BYTES)
    return data[start : end if end > start + 100 else start + _SAMPLE_BYTES]


def jis(data: bytes) -> str:
    """ISO-2022-JP as it is really sent: with the circled digits and company signs that Windows knows and the standard
    does not. Each run of two-byte characters is read as the same rows of Shift JIS.
    """
    out: list[str] = []
    pieces = _SHIFT.split(data)
    out.append(pieces[0].decode("cp932", "replace"))
    for shift, run in zip(pieces[1::2], pieces[2::2], strict=False):
        if shift in {b"$@", b"$B"}:
            out.append(_two_byte(run))
        elif shift == b"(I":  # half-width kana in seven bits
            out.append(bytes(byte | 0x80 for byte in run).decode("cp932", "replace"))
        else:
            out.append(run.decode("cp932", "replace"))
    return "".join(out)


def _two_byte(run: bytes) -> str:
    out = bytearray()
    at = 0
    while at + 1 < len(run):
        row, cell = run[at], run[at + 1]
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            out.append(row)  # a line end inside of a run
            at += 1
            continue
        lead = ((row - 0x21) >> 1) + 0x81
        lead += 0x40 if lead > 0x9F else 0
        odd_row = 0x1F if cell < 0x60 else 0x20
        out += bytes((lead, cell + (odd_row if row & 1 else 0x7E)))
        at += 2
    out += run[at:]
    return out.decode("cp932", "replace")
