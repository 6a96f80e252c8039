"""vCards that came along, as facts. Nobody is created from them: a person decides."""

from __future__ import annotations

from typing import Any

from channels.email.reports.content_lines import fields_of, read_lines

TYPES = {"text/vcard", "text/x-vcard", "text/directory", "application/vcard"}
MOST_CARDS = 50
_MOST_VALUES = 10
_LISTS = {"EMAIL": "emails", "TEL": "phones"}
_TEXTS = {"FN": "name", "TITLE": "title", "URL": "url"}


def cards_in(text: str) -> list[dict[str, Any]]:
    """`name emails[] phones[] organisation title url` of each card, at most 50."""
    cards: list[dict[str, Any]] = []
    card: dict[str, Any] | None = None
    for line in read_lines(text):
        if line.name == "BEGIN" and line.value.strip().upper() == "VCARD":
            card = {}
        elif line.name == "END" and card is not None:
            if card:
                cards.append({"name": card.pop("written_name", "")} | card)
            card = None
            if len(cards) >= MOST_CARDS:
                break
        elif card is not None:
            _add(card, line.name, line.value, line.text())
    return cards


def _add(card: dict[str, Any], name: str, value: str, text: str) -> None:
    if not text:
        return
    if name in _LISTS:
        values = card.setdefault(_LISTS[name], [])
        if len(values) < _MOST_VALUES:
            values.append(text.removeprefix("tel:").removeprefix("mailto:")[:320])
    elif name in _TEXTS:
        card.setdefault(_TEXTS[name], text)
    elif name == "ORG":
        card.setdefault("organisation", " ".join(filter(None, fields_of(value))))
    elif name == "N":
        family, given = (*fields_of(value), "")[:2]
        card.setdefault("written_name", f"{given} {family}".strip())
