"""Message-IDs in one form: without angle brackets, white space and comments."""

from __future__ import annotations

import hashlib
import re

from channels.email.words import eight_bit, one_line

MOST_CHARS = 998
_MOST_BYTES = 65_536
_BRACKETED = re.compile(r"<([^<>]+)>")


def read_ids(value: bytes) -> list[str]:
    """All ids of a header, in order, each once."""
    if not value:
        return []
    text = eight_bit(value[:_MOST_BYTES])
    found = _BRACKETED.findall(text) or [word for word in text.split() if "@" in word]
    ids = dict.fromkeys("".join(one_line(each).split())[:MOST_CHARS] for each in found)
    ids.pop("", None)
    return list(ids)


def digest_id(raw: bytes) -> str:
    """The id of a mail that brings none: the same bytes always give the same one."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def is_message_id(external_id: str) -> bool:
    """Whether an external id may be written into a header as a Message-ID."""
    if not 3 <= len(external_id) <= MOST_CHARS or external_id.startswith("sha256:") or "@" not in external_id:
        return False
    return external_id.isascii() and not any(char in "<> \t" or ord(char) < 33 for char in external_id)
