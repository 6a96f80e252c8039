"""Sortable ids (millisecond time, then chance) and their types."""

from __future__ import annotations

import os
import time
from base64 import b32hexencode
from datetime import datetime
from typing import NewType

UserId = NewType("UserId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
RecordId = NewType("RecordId", str)
FileId = NewType("FileId", str)
RawId = NewType("RawId", str)

_IN_ORDER = "0123456789abcdefghijklmnopqrstuv"
_DIGITS = frozenset(_IN_ORDER)
_LENGTH = 26
_PAIRS = [high + low for high in _IN_ORDER for low in _IN_ORDER]
_SHIFTS = tuple(range(120, -1, -10))


def new_id() -> str:
    """A fresh id of 26 characters: 48 bits of time in milliseconds, 80 bits of chance, base 32 in sortable digits."""
    number = time.time_ns() // 1_000_000 << 82 | int.from_bytes(os.urandom(10), "big") << 2
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])  # `b32hexencode`, in a third of its time


def first_id_at(at: datetime) -> str:
    """What every id of this moment or later is not smaller than; for asking a list of ids by time."""
    milliseconds = max(0, int(at.timestamp() * 1000))
    return b32hexencode(milliseconds.to_bytes(6, "big") + bytes(10))[:_LENGTH].decode().lower()


def is_id(text: str) -> bool:
    """Whether the text has the form of an id (it says nothing about whether the thing exists)."""
    return len(text) == _LENGTH and all(c in _DIGITS for c in text)
