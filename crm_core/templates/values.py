"""What fields become in a template: values that know how they are written, and compare by what they mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import override

from crm_core.templates.problems import Problem, Unfit

GAP = "\ufdd0"
"""Stands where an empty field was, until `gaps` closes the hole. A non-character: no text may hold it."""


class Budget:
    """What one merge may take: steps of loops, characters, seconds."""

    def __init__(self, steps: int = 10_000, chars: int = 500_000, seconds: float = 1.0) -> None:
        self._steps, self._chars = steps, chars
        self._ends = time.monotonic() + seconds

    def step(self) -> None:
        """One more row of a loop."""
        self._steps -= 1
        if self._steps < 0 or time.monotonic() > self._ends:
            raise Unfit(Problem("too-much", 1, 1, ""))

    def write(self, chars: int) -> None:
        """So many more characters."""
        self._chars -= chars
        if self._chars < 0 or time.monotonic() > self._ends:
            raise Unfit(Problem("too-much", 1, 1, ""))


class Shown:
    """One value: `raw` is compared, `text` is written. Things that cannot be compared are neither more nor less."""

    __slots__ = ("raw", "text")

    def __init__(self, raw: Any, text: str) -> None:
        self.raw = raw
        self.text = text.replace(GAP, "")

    @override
    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.raw not in (None, "", False)

    @override
    def __eq__(self, other: object) -> bool:
        return bool(self.raw == _raw(other)) or (isinstance(other, str) and self.text == other)

    @override
    def __hash__(self) -> int:
        return hash(self.text)

    def __lt__(self, other: object) -> bool:
        return _ordered(lambda a, b: a < b, self.raw, _raw(other))

    def __le__(self, other: object) -> bool:
        return _ordered(lambda a, b: a <= b, self.raw, _raw(other))

    def __gt__(self, other: object) -> bool:
        return _ordered(lambda a, b: a > b, self.raw, _raw(other))

    def __ge__(self, other: object) -> bool:
        return _ordered(lambda a, b: a >= b, self.raw, _raw(other))


EMPTY = Shown(None, "")


class Node:
    """A record, a child row or another thing with fields; written as its name."""

    __slots__ = ("budget", "fields", "text")

    def __init__(self, fields: Mapping[str, Any], text: str = "", budget: Budget | None = None) -> None:
        self.fields = fields
        self.text = text.replace(GAP, "")
        self.budget = budget

    @override
    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text) or any(self.fields.values())

    def field(self, name: str) -> Any:
        """The value of a field; empty where the reader may not see it, or it has none."""
        return priced(self.fields.get(name, EMPTY), self.budget)


class Rows:
    """A list; written with commas, and gone through at a price."""

    __slots__ = ("_budget", "_members", "_separator")

    def __init__(self, members: Sequence[Any], separator: str, budget: Budget | None = None) -> None:
        self._members, self._separator, self._budget = members, separator, budget

    def __iter__(self) -> Iterator[Any]:
        for member in self._members:
            if self._budget is not None:
                self._budget.step()
            yield priced(member, self._budget)

    def __len__(self) -> int:
        return len(self._members)

    @override
    def __str__(self) -> str:
        return self._separator.join(text for one in self._members if (text := str(one)))

    def at_the_price_of(self, budget: Budget | None) -> Rows:
        """The same list, paid from a budget."""
        return Rows(self._members, self._separator, budget)


def priced(value: Any, budget: Budget | None) -> Any:
    """The value, with its loops, and those of what it holds, paid from the budget of this merge."""
    if isinstance(value, Rows):
        return value.at_the_price_of(budget)
    return Node(value.fields, value.text, budget) if isinstance(value, Node) else value


def _raw(value: object) -> Any:
    return value.raw if isinstance(value, Shown) else value


def _ordered(compare: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    try:
        return bool(compare(one, other))
    except TypeError:
        return False
