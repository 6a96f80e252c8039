"""Sortable ids (millisecond time, then chance) and their types. The form is that of a ULID, in lower case."""

from __future__ import annotations

import secrets
import time
from typing import NewType

UserId = NewType("UserId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
RecordId = NewType("RecordId", str)
FileId = NewType("FileId", str)
RawId = NewType("RawId", str)

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26


def new_id() -> str:
    """A fresh id of 26 characters: 48 bits of time in milliseconds, 80 bits of chance."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join([_DIGITS[(number >> shift) & 31] for shift in range(125, -1, -5)])


def is_id(text: str) -> bool:
    """Whether the text has the form of an id (it says nothing about whether the thing exists)."""
    return len(text) == _LENGTH and all(c in _DIGITS for c in text)
