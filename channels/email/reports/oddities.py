"""Bounces that follow no standard, read by a table of the systems that write them (`systems/*.toml`)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from channels.email.reports.delivery import MOST_RECIPIENTS

_MOST_CHARS = 32_768
_MOST_DIAGNOSTIC = 500
_ADDRESS = r"([^\s<>()\[\]@:;,\"'（）：，；]{1,64}@[a-z0-9.-]{1,255}[a-z0-9])"
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,2}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[\s\-:,;])")


@dataclass(frozen=True, slots=True)
class System:
    """One mail system's way of saying that it could not deliver.

    Attributes:
        marks: lower-case words, one of which stands in each of its bounces.
        recipients: where the address stands; group 1 is the address.
        until: lower-case words after which the returned mail follows.
        waiting: lower-case words which say that it will go on trying.
    """

    name: str
    marks: tuple[str, ...]
    recipients: re.Pattern[str]
    until: tuple[str, ...]
    waiting: tuple[str, ...]


def system_of(text: str) -> System | None:
    """The system whose words these are."""
    low = text[:_MOST_CHARS].lower()
    return next((each for each in SYSTEMS if any(mark in low for mark in each.marks)), None)


def entries(text: str, system: System | None, failed: list[str]) -> list[dict[str, Any]]:
    """Each recipient with what was said of it, in the form of `delivery.entries`.

    Args:
        failed: recipients that a header names (`X-Failed-Recipients`).
    """
    text = _own_words(text[:_MOST_CHARS], system)
    waiting = _is_waiting(text.lower(), system)
    found: dict[str, str] = {}
    pattern = system.recipients if system else _ANY
    hits = list(pattern.finditer(text))[: 4 * MOST_RECIPIENTS] or list(_ANY.finditer(text))[:1]
    for hit, after in zip(hits, [*hits[1:], None], strict=False):
        address = hit[1].strip(".")
        found.setdefault(address, text[hit.start() : after.start() if after else None])
    if failed:
        found = {
            each: next((said for who, said in found.items() if who.lower() == each.lower()), text) for each in failed
        }
    return [_entry(address, said, text, waiting=waiting) for address, said in list(found.items())[:MOST_RECIPIENTS]]


def _entry(address: str, said: str, text: str, *, waiting: bool) -> dict[str, Any]:
    told = _ENHANCED.search(said) or _REPLY.search(said)
    if told is None:
        said, told = text, _ENHANCED.search(text) or _REPLY.search(text)
    status = told[1] if told else ""
    if status and "." not in status:
        status = f"{status[0]}.0.0"
    permanent = not waiting and not status.startswith("4")
    return {
        "recipient": address[:320], "action": "delayed" if waiting else "failed", "status": status,
        "permanent": permanent, "final": not waiting, "diagnostic": _diagnostic(said, told),
    }  # fmt: skip


def _diagnostic(said: str, told: re.Match[str] | None) -> str:
    """The line with the code in it, else what follows the address."""
    if told is None:
        return " ".join(said.split())[:_MOST_DIAGNOSTIC]
    start = said.rfind("\n", 0, told.start()) + 1
    end = said.find("\n", told.end())
    return " ".join(said[start : end if end >= 0 else None].split())[:_MOST_DIAGNOSTIC]


def _own_words(text: str, system: System | None) -> str:
    """Without the returned mail, which names other addresses."""
    if system is None:
        return text
    low = text.lower()
    ends = [at for mark in system.until if (at := low.find(mark)) >= 0]
    return text[: min(ends)] if ends else text


def _is_waiting(low: str, system: System | None) -> bool:
    return any(word in low for word in (system.waiting if system else _WAITING))


def _read() -> tuple[System, ...]:
    folder = resources.files("channels.email.reports") / "systems"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    found = []
    for file in files:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        pattern = re.compile(table["recipient"].replace("ADDRESS", _ADDRESS), re.IGNORECASE | re.MULTILINE)
        marks, until, waiting = (tuple(map(str.lower, table.get(key, ()))) for key in ("marks", "until", "waiting"))
        found.append(System(file.name.removesuffix(".toml"), marks, pattern, until, waiting))
    return tuple(found)


_ANY = re.compile(_ADDRESS, re.IGNORECASE)
_WAITING = ("will continue to try", "will be retried", "delayed", "no action is required", "do not need to resend")
SYSTEMS = _read()
