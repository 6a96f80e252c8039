"""Jinja2's sandbox, narrowed: no calls, no tests, no globals, our own filters, and fields instead of attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape
from typing_extensions import override

from crm_core.templates.problems import Problem, Unfit
from crm_core.templates.values import EMPTY, GAP, Node, Shown
from crm_core.templates.writing import Amount, Hand

LOOP_FIELDS = frozenset({"index", "first", "last", "length"})
FILTERS = ("date", "datetime", "money", "number", "default", "upper", "lower")


class Sandbox(SandboxedEnvironment):
    """Everything that is not a declared field is empty, whatever name it goes by."""

    def __init__(self, html: bool, hand: Hand) -> None:
        super().__init__(
            autoescape=html, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, cache_size=0,
            finalize=_written_in_html if html else _written,
        )  # fmt: skip
        self.globals.clear()
        self.tests.clear()
        self.filters.clear()
        self.filters.update(_filters(hand))

    @override
    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Node):
            return obj.field(attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        return EMPTY

    @override
    def getitem(self, obj: Any, argument: Any) -> Any:
        return EMPTY

    @override
    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: N805 - Jinja's name
        raise Unfit(Problem("not-allowed", 1, 1, "()"))


def _written(value: Any) -> str:
    """The text of a value; the mark of a gap where it is empty."""
    text = str(value).replace(GAP, "") if value is not None else ""
    return text or GAP


def _written_in_html(value: Any) -> Markup:
    return Markup("<br>").join(escape(line) for line in _written(value).split("\n"))


def _filters(hand: Hand) -> dict[str, Callable[..., Any]]:
    def raw(value: Any) -> Any:
        found = value.raw if isinstance(value, Shown) else value
        return found.money if isinstance(found, Amount) else found

    def amount(value: Any) -> Any:
        return value.raw if isinstance(value, Shown) else value

    return {
        "date": lambda value, style="long": hand.day(raw(value), str(style)),
        "datetime": lambda value, style="long": hand.moment(raw(value), str(style)),
        "money": lambda value, places=2: hand.money(raw(value), int(places)),
        "number": lambda value, places=None: hand.number(amount(value), None if places is None else int(places)),
        "default": lambda value, instead="": instead if not str(value) else value,
        "upper": lambda value: str(value).upper(),
        "lower": lambda value: str(value).lower(),
    }
