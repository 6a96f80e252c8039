"""Words of a text as the search index knows them. Pure.

MongoDB's own text index cuts words at spaces, so Chinese is one long word to it. Here a run of Chinese, Japanese or
Korean signs gives its pairs and its last sign (so each sign begins some term: half the keys of pairs and signs);
other scripts give whole words, folded; phone numbers give every ending of four digits and more, so that "...5678" is
found; mail addresses stay whole beside their parts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MOST_CHARS = 20_000
"""So much of a text is indexed: what a person wrote fits; what a machine appended does not flood the index."""
MOST_TERMS = 3000
_MOST_WORD = 40
_MOST_NUMBERS = 20
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"[{_CJK}]+")
_WORDS = re.compile(r"[^\W_]+")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = re.compile(r"\+?\d[\d ().-]{5,22}\d")
_MARKS = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """Compatible forms as one, no accents, no case: `Ｃａｆé` is `cafe`."""
    if text.isascii():
        return text.lower()
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", bare).casefold()


def terms(texts: Iterable[str]) -> set[str]:
    """What the index keeps of these texts."""
    found: set[str] = set()
    for text in texts:
        _collect(fold(text[:MOST_CHARS]), found)
        if len(found) > MOST_TERMS:
            return set(sorted(found)[:MOST_TERMS])
    return found


def words(found: Iterable[str]) -> set[str]:
    """Those terms whose beginning can be asked for: words and pairs, but no addresses and no endings of numbers."""
    known = {term for term in found if len(term) > 1 and "@" not in term}
    numbers = [term for term in known if term.isdigit()]
    return known - {n for n in numbers if any(len(other) > len(n) and other.endswith(n) for other in numbers)}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        all_of: terms that must all be there.
        beginning: the last word, perhaps unfinished; or a single Chinese sign that is all that is asked.
        runs: folded strings that must stand in the text as they are (Chinese of one sign, or of three and more).
        marks: folded strings to show in the snippet.
    """

    all_of: tuple[str, ...]
    beginning: str | None
    runs: tuple[str, ...]
    marks: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing can be looked for."""
        return not self.all_of and self.beginning is None

    def fits(self, texts: Iterable[str]) -> bool:
        """Whether texts, as they are now, answer the question."""
        known = [*texts]
        found = terms(known)
        if not found.issuperset(self.all_of):
            return False
        if self.beginning is not None and not any(term.startswith(self.beginning) for term in found):
            return False
        folded = [fold(text[:MOST_CHARS]) for text in known] if self.runs else []
        return all(any(run in text for text in folded) for run in self.runs)


def read_question(text: str) -> Question:
    """What somebody typed, at most 200 characters and a dozen words of it."""
    rest = fold(text[:200])
    all_of: list[str] = []
    runs: list[str] = []
    marks: list[str] = []
    for mail in _MAIL.findall(rest):
        all_of.append(mail)
        marks.append(mail)
    rest = _MAIL.sub(" ", rest)
    for number in _PHONE.findall(rest):
        digits = _digits(number).lstrip("0")
        if 7 <= len(digits) <= 15:
            all_of.append(digits)
            marks += [number, digits]
            rest = rest.replace(number, " ")
    pieces = _pieces(rest)
    unfinished = bool(pieces) and rest[-1:].isalnum() and not _RUNS.match(pieces[-1]) and len(pieces[-1]) > 1
    for piece in pieces[:-1] if unfinished else pieces:
        all_of += _pairs(piece) if _RUNS.match(piece) else [piece[:_MOST_WORD]]
        if _RUNS.match(piece) and len(piece) != 2:
            runs.append(piece)
    beginning = pieces[-1][:_MOST_WORD] if unfinished else runs[0] if runs and not all_of else None
    return Question(tuple(dict.fromkeys(all_of))[:12], beginning, tuple(runs), (*marks, *pieces))


def _collect(folded: str, found: set[str]) -> None:
    for piece in _pieces(folded):
        if _RUNS.match(piece):
            found.add(piece[-1])
            found.update(_pairs(piece))
        else:
            found.add(piece[:_MOST_WORD])
    if "@" in folded:
        found.update(_MAIL.findall(folded))
    for number in _PHONE.findall(folded)[:_MOST_NUMBERS]:
        digits = _digits(number)
        if 7 <= len(digits) <= 15:
            found.update(digits[i:] for i in range(len(digits) - 3))


def _pieces(folded: str) -> list[str]:
    """Runs of signs and words, in order."""
    if folded.isascii():
        return _WORDS.findall(folded)
    found: list[str] = []
    for word in _WORDS.findall(folded):
        end = 0
        for run in _RUNS.finditer(word):
            found += [word[end : run.start()], run.group()]
            end = run.end()
        found.append(word[end:])
    return [piece for piece in found if piece]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdigit() and c.isascii())
