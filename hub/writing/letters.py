"""The texts of one message as templates, compiled once and merged for each receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.ground.errors import Invalid
from crm_core.templates.compiled import Compiled, Form
from crm_core.templates.problems import Problem, Unfit, as_field_error
from crm_core.templates.scope import Scope
from crm_core.templates.writing import Hand
from hub.desk.sanitise import clean_html, html_text

FORMS: Mapping[str, Form] = {"subject": "line", "text": "text", "html": "html"}
_MOST_SUBJECT = 1000


@dataclass(frozen=True, slots=True)
class Texts:
    """What somebody wrote: three templates, of which subject and one of the others may be empty."""

    subject: str = ""
    text: str = ""
    html: str = ""

    def by_form(self) -> dict[str, str]:
        """The templates by name."""
        return {"subject": self.subject, "text": self.text, "html": self.html}


@dataclass(frozen=True, slots=True)
class Merged:
    """What one receiver gets."""

    subject: str
    text: str
    html: str | None


class Letter:
    """Compiled texts. `links`: the linked records that must be loaded before merging."""

    def __init__(self, texts: Texts, scope: Scope, hand: Hand) -> None:
        """Raises: Invalid, naming each fault with line and column; its data `problems` has them in both languages."""
        self._parts: dict[str, Compiled] = {}
        faults: dict[str, tuple[Problem, ...]] = {}
        for name, source in texts.by_form().items():
            try:
                self._parts[name] = Compiled(source, FORMS[name], scope, hand)
            except Unfit as unfit:
                faults[name] = unfit.problems
        if faults:
            raise unfit_letter(faults)
        self._has_html = bool(texts.html.strip())
        self.links = frozenset(path for part in self._parts.values() for path in part.links)

    def merge(self, values: Mapping[str, Any]) -> Merged:
        """The texts for one receiver; the HTML cleaned after the fields are in it.

        Raises:
            Invalid: the templates give too much, or take too long.
        """
        try:
            done = {name: part.merge(values) for name, part in self._parts.items()}
        except Unfit as unfit:
            raise unfit_letter({"text": unfit.problems}) from None
        html = clean_html(done["html"]) if self._has_html else None
        text = done["text"].strip() or (html_text(html) if html else "")
        return Merged(done["subject"][:_MOST_SUBJECT], text, html)


def unfit_letter(faults: Mapping[str, tuple[Problem, ...]]) -> Invalid:
    """The error that names every fault, for people in `fields` and for screens in `problems`."""
    fields = tuple(as_field_error(name, p) for name, problems in faults.items() for p in problems)
    said = [{"part": name, **p.out()} for name, problems in faults.items() for p in problems]
    return Invalid(f"the {fields[0].path}: {fields[0].detail}", fields=fields, problems=said)
