"""Folder names and sets of UIDs as IMAP writes them. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

_PLAIN = re.compile(r"[\x20-\x25\x27-\x7e]+")
_ENCODED = re.compile(rb"&([A-Za-z0-9+,]*)-")


def encoded_name(name: str) -> str:
    """A folder's name in modified UTF-7 (RFC 3501, 5.1.3)."""
    out: list[str] = []
    run = ""
    for char in [*name, ""]:
        if char and char != "&" and not _PLAIN.fullmatch(char):
            run += char
            continue
        if run:
            packed = base64.b64encode(run.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
            out.append(f"&{packed}-")
            run = ""
        out.append("&-" if char == "&" else char)
    return "".join(out)


def decoded_name(name: bytes) -> str:
    """The name that a server wrote; what is no modified UTF-7 is taken as UTF-8."""

    def undo(found: re.Match[bytes]) -> bytes:
        if not found[1]:
            return b"&"
        packed = found[1].replace(b",", b"/")
        return base64.b64decode(packed + b"=" * (-len(packed) % 4)).decode("utf-16-be").encode()

    try:
        return _ENCODED.sub(undo, name).decode()
    except (UnicodeDecodeError, ValueError):
        return name.decode("utf-8", "replace")


def uid_set(uids: Iterable[int]) -> str:
    """`1:4,7` for 1, 2, 3, 4, 7."""
    out: list[str] = []
    first = last = 0
    for uid in [*sorted(uids), 0]:
        if last and uid == last + 1:
            last = uid
            continue
        if last:
            out.append(f"{first}:{last}" if last > first else str(last))
        first = last = uid
    return ",".join(out)


def uid_ranges(text: str) -> Iterator[tuple[int, int]]:
    """The runs of a set, lowest and highest; what cannot be read is left out."""
    for part in text.split(","):
        low, _, high = part.partition(":")
        if low.isdecimal() and (high or low).isdecimal():
            a, b = int(low), int(high or low)
            yield min(a, b), max(a, b)


def uids_of(text: str) -> set[int]:
    """The members of a set of our own making."""
    return {uid for low, high in uid_ranges(text) for uid in range(low, high + 1)}


def among(known: set[int], text: str) -> set[int]:
    """Those of `known` that a set names. The set is the server's: `1:4294967295` must cost nothing."""
    runs = list(uid_ranges(text))
    return {uid for uid in known if any(low <= uid <= high for low, high in runs)}
