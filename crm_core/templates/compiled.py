"""A template that was checked and can be merged with many records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from crm_core.templates.check import check
from crm_core.templates.gaps import close_gaps, close_html_gaps
from crm_core.templates.problems import Unfit
from crm_core.templates.sandbox import Sandbox
from crm_core.templates.scope import Scope
from crm_core.templates.values import GAP, Budget, priced
from crm_core.templates.writing import Hand

Form = Literal["line", "text", "html"]
"""`line`: one line, such as a subject: no break can get into it."""


class Compiled:
    """One template in one form. `links`: the linked records that its fields lie in (see `Checked`)."""

    def __init__(self, source: str, form: Form, scope: Scope, hand: Hand) -> None:
        """Raises: Unfit, with every problem."""
        checked = check(source, scope)
        if checked.problems:
            raise Unfit(*checked.problems)
        self.links = frozenset(checked.links)
        self._form = form
        self._template = Sandbox(html=form == "html", hand=hand).from_string(source.replace(GAP, ""))

    def merge(self, values: Mapping[str, Any]) -> str:
        """The text with the fields of these values.

        Raises:
            Unfit: it takes too long, or gives too much.
        """
        budget = Budget()
        paid = {name: priced(value, budget) for name, value in values.items()}
        pieces: list[str] = []
        for piece in self._template.generate(paid):
            budget.write(len(piece))
            pieces.append(piece)
        text = "".join(pieces)
        if self._form == "html":
            return close_html_gaps(text)
        text = close_gaps(text)
        return " ".join(text.split()) if self._form == "line" else text
