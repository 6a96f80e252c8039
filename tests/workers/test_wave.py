"""What a sound file tells: length, loudness, whether it is closed."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.recording_house import riff, wav
from workers.wave import Sound, look_into


def look(data: bytes, name: str = "x.wav") -> Sound:
    return look_into(io.BytesIO(data), len(data), name)


def test_a_tone_is_as_long_and_as_loud_as_it_was_made() -> None:
    sound = look(wav(2.5, peak=16000))
    assert (sound.type, sound.seconds, sound.whole, len(sound.peaks)) == ("audio/wav", 2.5, True, 400)
    assert max(sound.peaks) == pytest.approx(16000 / 128, abs=2)


def test_silence_and_noise_stand_where_they_are() -> None:
    body = struct.pack("<8000h", *([0] * 4000 + [32767, -32768] * 2000))
    peaks = look(riff(1, 16, body)).peaks
    assert set(peaks[:199]) == {0}
    assert set(peaks[201:]) == {255}


@pytest.mark.parametrize(
    ("code", "silence", "loud"), [(1, 128, 255), (6, 0xD5, 0x2A), (7, 0xFF, 0x00)], ids=["pcm8", "alaw", "ulaw"]
)
def test_every_telephone_format_has_a_waveform(code: int, silence: int, loud: int) -> None:
    body = bytes([silence] * 4000 + [loud] * 4000)
    sound = look(riff(code, 8, body))
    assert sound.seconds == 1.0
    assert max(sound.peaks[:199]) <= 1
    assert min(sound.peaks[201:]) >= 240


def test_a_file_that_is_still_written_is_not_whole() -> None:
    assert not look(wav(1, closed=False)).whole
    assert not look(wav(1)[:-100]).whole


@given(st.binary(max_size=200))
def test_any_bytes_are_judged_without_a_fault(data: bytes) -> None:
    for content in (data, b"RIFF\0\0\0\0WAVE" + data, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + data):
        assert look(content).seconds >= 0
