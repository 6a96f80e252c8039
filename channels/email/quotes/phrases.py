"""The words of mail clients, language by language, gathered from `languages/*.toml` into sets that are quick to ask."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

_HERE = resources.files("channels.email.quotes")
_KEYS = (
    "starts", "wrote", "wrote_within", "original", "forwarded", "from", "fields", "subjects", "forward_subjects", "sent_from",
    "sent_from_ends", "auto_reply_subjects", "failure_subjects", "delay_subjects",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrases:
    """All languages together: a mail does not tell its language, and its quotes may be in another one.

    Attributes:
        starts: how a line begins that says who wrote when.
        wrote: how it ends, before the colon.
        wrote_within: what may stand inside of it instead.
        senders, fields, subjects: labels of the header lines that Outlook and others put above a quote.
        sent_from, sent_from_ends: how an advertisement begins; how it ends; `A…B` in a table: how it begins and ends.
    """

    starts: tuple[str, ...]
    wrote: tuple[str, ...]
    wrote_within: tuple[str, ...]
    original: frozenset[str]
    forwarded: frozenset[str]
    senders: frozenset[str]
    fields: frozenset[str]
    subjects: frozenset[str]
    forward_subjects: re.Pattern[str]
    sent_from: tuple[str, ...]
    sent_from_ends: tuple[tuple[str, str], ...]
    devices: tuple[str, ...]
    auto_reply_subjects: tuple[str, ...]
    failure_subjects: tuple[str, ...]
    delay_subjects: tuple[str, ...]


def lowered(text: str) -> str:
    """Lower case; the Turkish capital with a dot becomes a plain `i`."""
    return text.lower().replace("\u0307", "")


def tables(folder: str) -> list[dict[str, list[str]]]:
    """The data files of a folder beside this one, by name.

    Raises:
        ValueError: a file holds something else than lists of words.
    """
    found = sorted((each for each in (_HERE / folder).iterdir() if each.name.endswith(".toml")), key=_name)
    return [_table(each) for each in found]


def _name(file: Traversable) -> str:
    return file.name


def _table(file: Traversable) -> dict[str, list[str]]:
    table: dict[str, object] = tomllib.loads(file.read_text(encoding="utf-8"))
    out: dict[str, list[str]] = {}
    for key, words in table.items():
        if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
            raise ValueError(f"{file.name}: {key} must be a list of words")
        out[key] = words
    return out


def _gather() -> Phrases:
    gathered: dict[str, list[str]] = {key: [] for key in _KEYS}
    for table in tables("languages"):
        for key, words in table.items():
            gathered[key].extend(map(lowered, words))
    found = {key: tuple(dict.fromkeys(words)) for key, words in gathered.items()}
    forwards = "|".join(map(re.escape, sorted(found["forward_subjects"], key=len, reverse=True)))
    return Phrases(
        starts=found["starts"],
        wrote=found["wrote"],
        wrote_within=found["wrote_within"],
        original=frozenset(found["original"]),
        forwarded=frozenset(found["forwarded"]),
        senders=frozenset(found["from"]),
        fields=frozenset(found["fields"]),
        subjects=frozenset(found["subjects"]),
        forward_subjects=re.compile(rf"\s*(?:{forwards})\s?(?:\[\d+\])?[:：]", re.IGNORECASE),
        sent_from=found["sent_from"],
        sent_from_ends=tuple(_beginning_and_end(each) for each in found["sent_from_ends"]),
        devices=tuple(_table(_HERE / "devices.toml")["devices"]),
        auto_reply_subjects=found["auto_reply_subjects"],
        failure_subjects=found["failure_subjects"],
        delay_subjects=found["delay_subjects"],
    )


def _beginning_and_end(written: str) -> tuple[str, str]:
    start, _, end = written.rpartition("…")
    return start, end


PHRASES = _gather()
