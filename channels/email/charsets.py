"""Bytes to text whatever the label says: real mail mislabels, invents and truncates character sets.

Every function returns text without NUL, control characters or lone surrogates, so it can be stored and shown.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from channels.email.detect import detected, jis

_ALIASES = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030",
    "ms936": "gb18030", "chinese": "gb18030", "euc-cn": "gb18030", "x-euc-cn": "gb18030", "gb-18030": "gb18030",
    "hz-gb-2312": "hz", "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-big5": "big5hkscs",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "x-user-defined": "cp1252",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "iso-2022-jp": "iso2022_jp_ext",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "iso-8859-8-i": "iso8859-8", "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8", "unicode": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "ansi": "cp1252", "binary": "utf-8",
}  # fmt: skip
"""Labels that mean more than they say: each is read as its superset, as browsers do."""

_FAMILIES = ("utf", "iso", "cp", "koi8", "gb", "big5", "euc", "shift", "mac", "hz", "johab", "tis", "kz", "ptcp")
"""Python also has codecs that are no character sets, and slow ones (punycode): only these families are read."""

_SINGLE_BYTE = ("cp125", "iso8859", "koi8", "mac")
_MULTI_BYTE = ("gb", "big5", "euc", "cp93", "cp949", "shift")
_ESCAPE = b"\x1b$"
_SURELY = 6
"""So many high bytes that are valid UTF-8 are UTF-8, whatever the label says."""
_MUCH = 0.3
"""A larger share of high bytes is no Western text."""
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_HANZI = re.compile(rb"(?:[\xa1-\xa3\xb0-\xf7][\xa1-\xfe])+")
_HANGUL = re.compile(rb"[\xa1-\xa3\xb0-\xc8]+")
_SAMPLE_BYTES = 65536
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")


def decode(data: bytes, label: str | None) -> tuple[str, str | None]:
    """The text of some bytes, and what was wrong: `charset` (the label lied), `unknown-charset`, or None."""
    codec = codec_of(label) if label else "utf-8"
    if data.isascii() and codec in {None, "utf-8", "gb18030", "cp1252"}:
        if _ESCAPE in data:
            return clean(jis(data)), "charset" if label else None
        return clean(data.decode("ascii")), "unknown-charset" if codec is None else None
    if codec is None:
        return clean(guess(data)), "unknown-charset"
    if _label_lies(data, codec):
        return clean(guess(data)), "charset"
    try:
        return clean(data.decode(codec)), None
    except UnicodeError:
        if codec.startswith("iso2022_jp"):
            return clean(jis(data)), None
        return clean(_best_effort(data, codec)), "charset" if label else None


def guess(data: bytes) -> str:
    """The text of bytes that nobody labelled: UTF-8, else what its letters look like, else Chinese or Western."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_codec_for(data), "replace")


@lru_cache(maxsize=512)
def codec_of(label: str) -> str | None:
    """The Python codec for a label, or None when it names no character set."""
    name = label.strip().strip("\"'").lower()[:60]
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found.startswith(_FAMILIES) else None


def clean(text: str) -> str:
    """Text with plain line ends and nothing that a store or a screen chokes on."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8").replace("\ufeff", "")
    return text


def _best_effort(data: bytes, codec: str) -> str:
    """A label that does not fit: a few broken bytes keep it, more than that and it lied."""
    text = data.decode(codec, "replace")
    if codec != "utf-8" and not _is_utf8(data):
        return text
    if text.count("\ufffd") * 100 <= len(text) and codec == "utf-8":
        return text
    return guess(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _label_lies(data: bytes, codec: str) -> bool:
    """Labels that fit nearly any bytes say little: look whether these are UTF-8, or plainly another language."""
    if data.isascii():
        return False
    if codec.startswith(_SINGLE_BYTE):
        return _is_utf8(data) or _looks_chinese(data, at_least=4) or _is_not_western(data, codec)
    return codec.startswith(_MULTI_BYTE) and _high_bytes(data) >= _SURELY and _is_utf8(data)


def _is_not_western(data: bytes, codec: str) -> bool:
    """`iso-8859-1` is what many systems say for any text of theirs."""
    sample = data[:_SAMPLE_BYTES]
    return codec == "cp1252" and _high_bytes(sample) > len(sample) * _MUCH and detected(data) not in {None, "cp1252"}


def _high_bytes(data: bytes) -> int:
    return sum(map(len, _HIGH_RUNS.findall(data[:_SAMPLE_BYTES])))


def _codec_for(data: bytes) -> str:
    if _looks_chinese(data):
        return "cp949" if _looks_korean(data) else "gb18030"
    return detected(data) or "cp1252"


def _looks_korean(data: bytes) -> bool:
    """Syllables fill the first half of the rows only; eight Chinese characters do not all happen to stand there."""
    pairs = _HIGH_RUNS.findall(data[:_SAMPLE_BYTES])
    leads = b"".join(run[::2] for run in pairs)
    return len(leads) >= 8 and _HANGUL.fullmatch(leads) is not None


def _looks_chinese(data: bytes, at_least: int = 1) -> bool:
    """Whether all runs of high bytes are whole GB 2312 pairs; Western accents come alone, in odd runs."""
    runs = _HIGH_RUNS.findall(data[:_SAMPLE_BYTES])
    whole = runs if len(data) <= _SAMPLE_BYTES else runs[:-1]
    return sum(len(run) // 2 for run in whole) >= at_least and all(_HANZI.fullmatch(run) for run in whole)
