"""What phones in browsers need in a test: a PBX, a fake microphone, a caller whose tone can be known again."""

from __future__ import annotations

import json
import math
import struct
import wave
from pathlib import Path

from tests.journeys.watch import Watched

MEDIA = [
    "--mute-audio",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
TONE_HZ = 440
_AMPLITUDE = 9000
RATE = 8000


def tone(path: Path, seconds: float = 1.0) -> Path:
    """A tone in A-law, as a caller plays it."""
    samples = (int(_AMPLITUDE * math.sin(2 * math.pi * TONE_HZ * n / RATE)) for n in range(int(RATE * seconds)))
    path.write_bytes(bytes(_alaw(sample) for sample in samples))
    return path


def _alaw(sample: int) -> int:
    """One 16-bit sample by ITU-T G.711."""
    sign = 0x80 if sample >= 0 else 0
    value = min(abs(sample) >> 3, 4095)
    exponent = max(0, value.bit_length() - 5)
    mantissa = (value >> max(1, exponent)) & 0x0F
    return (exponent << 4 | mantissa | sign) ^ 0x55


def loudness(path: Path) -> float:
    """The root mean square of a recording, without its quiet beginning and end."""
    with wave.open(str(path)) as recording:
        frames = recording.readframes(recording.getnframes())
    samples = struct.unpack(f"<{len(frames) // 2}h", frames)
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4]
    return math.sqrt(sum(each * each for each in middle) / max(1, len(middle)))


EXPECTED = _AMPLITUDE / math.sqrt(2)


async def turn_on(page: Watched) -> None:
    """As an agent does it, once."""
    await page.find("[data-phone]").click()
    await page.find("[data-phone-on]").click()
    await page.find('.phone-dock__panel[data-line="ready"]').wait_for(timeout=30_000)


async def talking(page: Watched) -> None:
    """The call has sound."""
    await page.find('.phone-dock__panel[data-call="talking"]').wait_for(timeout=30_000)


async def sound(page: Watched) -> dict[str, float]:
    """What the page's own figures say of the sound."""
    told = await page.find("[data-sound]").get_attribute("data-sound")
    figures: dict[str, float] = json.loads(told or "null") or {}
    return figures
