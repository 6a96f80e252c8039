"""Signatures at the end of what is new: the `-- ` line (RFC 3676, 4.3) and "Sent from my phone"."""

from __future__ import annotations

from channels.email.quotes.phrases import PHRASES

_MOST_LINES = 60
_MOST_LINES_BARE = 12
"""Of a signature whose delimiter lost its space on the way; more than that is hardly one."""
_MOST_SHORT = 70
_MOST_ADVERTISEMENT = 120
_ADVERTISEMENTS = 3


def without_signature(lines: list[str]) -> list[str]:
    """The lines above the signature; all of them where that would be nothing."""
    kept = _above_delimiter(lines)
    for _ in range(_ADVERTISEMENTS):
        end = _last_text(kept)
        if end < 0 or not is_advertisement(kept[end]):
            break
        kept = kept[:end]
    return kept if _last_text(kept) >= 0 else lines


def _above_delimiter(lines: list[str]) -> list[str]:
    first = max(len(lines) - _MOST_LINES, 0)
    for at in range(first, len(lines)):
        line = lines[at]
        if line[:2] != "--" or line not in {"-- ", "--", "--\u00a0", "-- \u00a0"}:
            continue
        if line == "--" and not _is_signature(lines, at):
            continue
        return lines[:at]
    return lines


def _is_signature(lines: list[str], at: int) -> bool:
    """Whether a delimiter that lost its space is one: an empty line above, a few short ones below."""
    below = lines[at + 1 :]
    return (
        (at == 0 or not lines[at - 1].strip())
        and len(below) <= _MOST_LINES_BARE
        and all(len(line) <= _MOST_SHORT for line in below)
    )


def _last_text(lines: list[str]) -> int:
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].strip():
            return at
    return -1


def is_advertisement(line: str) -> bool:
    """`Sent from my iPhone`, `发自我的 iPhone`, `iPhoneから送信`, `Get Outlook for iOS<https://...>`."""
    if len(line) > _MOST_ADVERTISEMENT:
        return False
    low = line.strip().strip("-_*[]()~.。 ").lower()
    if not low.startswith(PHRASES.sent_from):
        bare = low.partition("<")[0].rstrip(" .。")
        if not any(bare.endswith(end) and bare.startswith(start) for start, end in PHRASES.sent_from_ends):
            return False
    return any(device in low for device in PHRASES.devices)
