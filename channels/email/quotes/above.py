"""What clients write above a quote: who wrote when, "Original Message", a block of header lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from channels.email.quotes.phrases import PHRASES, lowered

MOST_LINE = 1000
"""Characters of a line that are looked at; what stands above quotes is shorter."""
_MOST_ATTRIBUTION = 400
_WRAPPED = 3
"""Lines over which mailers wrap "On ... wrote:", the last one not counted."""
_BLOCK_LINES = 12
_BLOCK_NEEDS = 2
_DASHES = "-_=*—–~ \t\u00a0:："

_MOMENT = re.compile(
    r"\d{1,2}[:.h]\d{2}|\d{4}[-/.年]|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}|(?:19|20)\d{2}|\d{1,2}\s?月\s?\d{1,2}|\d{1,2}시"
)
_ADDRESSED = re.compile(r"[<(\[]\s*(?:mailto:)?[^\s<>@]{1,64}@[^\s<>@]{1,255}[>)\]]\s*[:：]$")
_NAMED = re.compile(r"[^<>]{0,100}<[^<>\s@]{1,64}@[^<>\s@]{1,255}>.{0,60}")
_LABEL_TRIM = "*|># \t\u3000\u00a0"


def attribution_lines(kept: list[str], last: str) -> int:
    """How many lines above belong to the "On ... wrote:" that ends in `last`; -1 when it is none.

    Args:
        last: the stripped line, ending in a colon.
    """
    joined = last
    found = 0 if _is_attribution(joined) else -1
    for above, line in zip(range(1, _WRAPPED + 1), reversed(kept), strict=False):
        text = line.strip()
        joined = f"{text} {joined}"
        if not text or len(joined) > _MOST_ATTRIBUTION:
            break
        if _begins(text) and _is_attribution(joined):
            return above
        if above == 1 and found == 0 and _goes_on(kept, text, last):
            found = 1
    return found


def _goes_on(kept: list[str], text: str, last: str) -> bool:
    """Whether a line that names nobody's words goes on in `last`: a name before its address, or both before the date."""
    if last.startswith("<"):
        return len(text) < _MOST_ATTRIBUTION and "@" not in text
    alone = len(kept) < 2 or not kept[-2].strip()
    return alone and "@" not in last and _NAMED.fullmatch(text) is not None


def _is_attribution(text: str) -> bool:
    low = text.rstrip(":： \u00a0").lower()
    addressed = "@" in low
    moment = _MOMENT.search(low) is not None
    if not (addressed or moment):
        return False
    if low.endswith(PHRASES.wrote):
        return addressed or _begins(low) or low[:1].isdigit()
    if any(word in low for word in PHRASES.wrote_within):
        return moment
    return moment and _ADDRESSED.search(text) is not None  # Japanese and Russian Gmail name no verb


def _begins(text: str) -> bool:
    low = text.lower()
    return low.startswith(PHRASES.starts) or (low[:1].isdigit() and _MOMENT.search(low) is not None)


def is_original_mark(text: str) -> bool:
    """`-----Original Message-----`, `------------------ 原始邮件 ------------------`."""
    return (
        text[:2].strip(_DASHES) == ""
        and text[-1] in _DASHES
        and _bare(text) in PHRASES.original
        and len(text) - len(text.strip(_DASHES)) > 3
    )


def is_forward_mark(text: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:`."""
    return _bare(text) in PHRASES.forwarded


def _bare(text: str) -> str:
    return lowered(text.strip(_DASHES))


def is_header_block(lines: list[str], at: int) -> bool:
    """A `From:` line with at least two more header lines under it, a subject or an address among them: `From`, `To` and
    `Date` are also what a journey has.
    """
    if _label(lines[at]) not in PHRASES.senders:
        return False
    labels = [_label(line) for line in _next_texts(lines, at + 1)]
    if sum(label in PHRASES.fields for label in labels) < _BLOCK_NEEDS:
        return False
    return "@" in lines[at] or not PHRASES.subjects.isdisjoint(labels)


def _next_texts(lines: list[str], at: int) -> Iterator[str]:
    return (line for line in lines[at : at + _BLOCK_LINES] if line.strip())


def _label(line: str) -> str:
    """What stands before the colon of a header line, without the emphasis that some clients put around it."""
    name, colon, _ = line[:60].replace("：", ":").partition(":")
    return lowered(name.strip(_LABEL_TRIM)) if colon else ""


def without_mark(lines: list[str]) -> list[str]:
    """Without the rule, the empty lines and the lone "Original" that stand directly above a quote."""
    while lines and (_bare(lines[-1][:MOST_LINE]) in PHRASES.original or not lines[-1][:MOST_LINE].strip(_DASHES)):
        if lines[-1] == "-- ":
            break
        lines.pop()
    return lines
