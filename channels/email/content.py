"""What was read from the parts of a mail: its body in two renderings, its files, and facts that parts hold."""

from __future__ import annotations

import html as escapes
from dataclasses import dataclass, field
from typing import Any

from channels.email.quotes import newly_written
from channels.email.reading import Reading, read_html
from hub.model.envelope import Attachment

MOST_TEXT_CHARS = 500_000
"""A stored message stays well under the store's 16 MB; the raw mail keeps the rest."""


@dataclass(slots=True)
class Block:
    """One piece of the body in its two renderings; an alternative part is one block."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    _readings: list[Reading] | None = None

    def as_text(self) -> str:
        """Its text; the HTML's when there is no plain rendering worth the name."""
        plain = "\n".join(self.plain)
        if plain.strip() or not self.html:
            return plain
        return "\n\n".join(reading.full for reading in self._read())

    def marked(self) -> bool:
        """Whether a mail client marked in its HTML what is old."""
        return bool(self.html) and any(' data-quote="' in safe for safe in self.html)

    def as_new(self, *, from_html: bool) -> str:
        """Its text without what is marked as old. The plain rendering has no marks: `from_html` leaves it aside."""
        if self.html and (from_html or not "".join(self.plain).strip()):
            return "\n\n".join(reading.full if reading.new is None else reading.new for reading in self._read())
        return self.as_text()

    def _read(self) -> list[Reading]:
        if self._readings is None:
            self._readings = [read_html(safe) for safe in self.html]
        return self._readings

    def as_html(self) -> str:
        """Its HTML; the plain text wrapped when there is no other."""
        if self.html:
            return "\n".join(self.html)
        return f"<pre>{escapes.escape(chr(10).join(self.plain))}</pre>" if any(self.plain) else ""


@dataclass(slots=True)
class Content:
    """What was read from all leaves."""

    text: str = ""
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)
    blocks: list[Block] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def newly_written(self, *, forward: bool) -> str:
        """What the sender newly wrote: by the words in the text, and by the marks of the client in the HTML."""
        plain = newly_written(self.text, forward=forward)
        if forward or not any(block.marked() for block in self.blocks):
            return plain
        found = [newly_written(self._without_marked(from_html=False))]
        if len(plain) == len(self.text.strip()):
            found.append(newly_written(self._without_marked(from_html=True)))
        return min((text for text in (plain, *found) if text), key=len, default=plain)

    def _without_marked(self, *, from_html: bool) -> str:
        texts = (block.as_new(from_html=from_html) for block in self.blocks)
        return "\n\n".join(text for text in texts if text.strip())[:MOST_TEXT_CHARS]
