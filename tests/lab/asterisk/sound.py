"""Sound for SIPp, and ears: A-law tones, and how loud something is."""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

RATE = 8000


def tone(path: Path, hertz: float = 400.0, peak: int = 9000, seconds: float = 1.0) -> Path:
    """A raw A-law file of a sine. With whole periods in it, it can be played over and over without a click."""
    samples = (peak * math.sin(2 * math.pi * hertz * n / RATE) for n in range(int(RATE * seconds)))
    path.write_bytes(bytes(_to_alaw(int(sample)) for sample in samples))
    return path


def rms(samples: Sequence[int]) -> float:
    """How loud: the root of the mean square; of a sine, its peak / 1.414."""
    return math.sqrt(sum(s * s for s in samples) / len(samples)) if samples else 0.0


def _to_alaw(sample: int) -> int:
    """G.711, the way the standard draws it."""
    sign = 0x80 if sample >= 0 else 0
    size = min(abs(sample) >> 3, 0xFFF)
    exponent = max(0, size.bit_length() - 5)
    mantissa = (size >> (exponent if exponent > 0 else 1)) & 0xF if exponent <= 1 else (size >> exponent) & 0xF
    if exponent == 0:
        mantissa = (size >> 1) & 0xF
    return (sign | exponent << 4 | mantissa) ^ 0x55


def from_alaw(code: int) -> int:
    """A sample of 16 bits."""
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 0xF
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if code & 0x80 else -size


class Ear:
    """A UDP port that a phone names as its own for sound, and what arrives there."""

    def __init__(self, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def heard(self) -> list[int]:
        """The samples that came since it was last asked."""
        samples: list[int] = []
        while True:
            try:
                packet = self._socket.recv(2048)
            except BlockingIOError:
                return samples
            if len(packet) > 12 and packet[1] & 0x7F == 8:
                start = 12 + 4 * (packet[0] & 0xF)
                samples += map(from_alaw, packet[start:])


def samples_of_wav(data: bytes) -> list[int]:
    """The samples of a WAV file of 16 bits, mono, as Asterisk writes it."""
    at = data.index(b"data") + 8
    body = data[at : at + (len(data) - at) // 2 * 2]
    return list(struct.unpack(f"<{len(body) // 2}h", body))
