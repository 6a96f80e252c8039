"""A message as it is put into a forward: under a head that says who wrote it, with its files. Pure."""

from __future__ import annotations

import html as entities
from collections.abc import Iterator, Mapping
from typing import Any

from hub.desk.sanitise import clean_html
from hub.model.message import Party

_MARK = "---------- Forwarded message ----------"


def forwarded_text(text: str, original: Mapping[str, Any]) -> str:
    """What was written, then the original with its head."""
    head = "\n".join(f"{name}: {value}" for name, value in _head(original))
    full = original.get("full_text") or original["text"]
    return f"{text.rstrip()}\n\n{_MARK}\n{head}\n\n{full}".lstrip()


def forwarded_html(html: str | None, text: str, original: Mapping[str, Any]) -> str | None:
    """The same in HTML; None where neither has any."""
    if not html and not original.get("html"):
        return None
    written = html or f"<p>{_escaped(text)}</p>" if html or text.strip() else ""
    head = "<br>".join(f"<b>{name}:</b> {_escaped(value)}" for name, value in _head(original))
    inner = clean_html(original["html"]) if original.get("html") else f"<p>{_escaped(original['text'])}</p>"
    return f"{written}<p>{_MARK}<br>{head}</p><blockquote>{inner}</blockquote>"


def forward_subject(subject: str) -> str:
    """`Fwd: ...`, once."""
    known = ("fwd:", "fw:", "转发:", "转发：", "wg:")
    return subject if subject.lower().startswith(known) else f"Fwd: {subject}".strip()


def _head(original: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "From", _who(original["author"])
    yield "Date", f"{original['at']:%Y-%m-%d %H:%M} UTC"
    yield "Subject", original["subject"]
    yield "To", ", ".join(map(_who, original["to"]))
    if original["cc"]:
        yield "Cc", ", ".join(map(_who, original["cc"]))


def _who(party: Party) -> str:
    name, address = party["name"], party["address"]
    return f"{name} <{address}>" if name and address and name != address else name or address


def _escaped(text: str) -> str:
    return entities.escape(text).replace("\n", "<br>")
