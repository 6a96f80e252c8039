"""The piece of a text around what was found, with the places to mark. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hub.desk.terms import fold

_BEFORE, _LONG = 40, 160
_LOOKED_AT = 20_000
Marks = list[list[int]]


def snippet(texts: Sequence[str], marks: Sequence[str]) -> tuple[str, Marks]:
    """About 160 characters of the first text that holds a mark, and `[from, to]` of each mark in it.

    Args:
        texts: candidates, best first.
        marks: folded strings to look for; Latin ones only at the beginning of a word.
    """
    for text in texts:
        spans = _spans(text[:_LOOKED_AT], marks)
        if spans:
            return _cut(text[:_LOOKED_AT], spans)
    return _cut(next((text for text in texts if text), "")[:_LOOKED_AT], [])


def _spans(text: str, marks: Sequence[str]) -> list[tuple[int, int]]:
    folded, places = _fold_with_places(text)
    found: list[tuple[int, int]] = []
    for mark in filter(None, marks):
        start = folded.find(mark)
        while start >= 0 and len(found) < 200:
            end = start + len(mark)
            if not (mark[0].isascii() and start > 0 and folded[start - 1].isascii() and folded[start - 1].isalnum()):
                found.append((places[start], places[end - 1] + 1))
            start = folded.find(mark, end)
    return _merged(sorted(found))


def _fold_with_places(text: str) -> tuple[str, list[int]]:
    if text.isascii():
        return text.lower(), [*range(len(text))]
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        folded = fold(sign)
        signs.append(folded)
        places += [place] * len(folded)
    return "".join(signs), places


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _cut(text: str, spans: list[tuple[int, int]]) -> tuple[str, Marks]:
    start = max(0, (spans[0][0] if spans else 0) - _BEFORE)
    end = min(len(text), start + _LONG)
    piece = "".join(" " if c.isspace() else c for c in text[start:end])
    lead, tail = "…" if start else "", "…" if end < len(text) else ""
    marks = [[a - start + len(lead), min(b, end) - start + len(lead)] for a, b in spans if a < end]
    return lead + piece + tail, marks
