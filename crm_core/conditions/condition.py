"""A condition that was checked and can be asked for many records.

What it may cost is known before it is asked: it is short, not deep, has no loop in a loop, and a loop that is too long for
it is refused. So no clock needs to stop it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import celpy
from celpy.adapter import json_to_cel
from celpy.celtypes import BoolType
from celpy.evaluation import CELEvalError

from crm_core.conditions.check import BEFORE, check
from crm_core.conditions.values import known, plain
from crm_core.declare.record import Kept
from crm_core.ground.errors import Invalid

_UNANSWERED = (CELEvalError, ValueError, TypeError, LookupError, ArithmeticError)
"""What the library raises for values that do not go together: mostly the first."""
MOST_STEPS = 30_000
"""Places of the tree that loops may pass: well under a second."""


class Condition:
    """One condition over records of a type, which go by the name `root`."""

    def __init__(self, source: str, root: str, declared: type[Kept]) -> None:
        """Raises: Invalid, naming each fault with line and column."""
        checked = check(source, root, declared)
        if checked.faults or checked.tree is None:
            raise Invalid("the condition cannot be used", fields=tuple(f.at("condition") for f in checked.faults))
        self._root, self._shapes = root, known(declared)
        self._fields, self._inside = checked.fields, checked.inside
        self._program = celpy.Environment().program(checked.tree)

    def holds(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether it holds for a record; where it compares an empty field with a value it does not.

        Raises:
            Invalid: it cannot be answered for this record, or takes too long; `reason` is one of a rule's `last_fault`.
        """
        values = {self._root: plain(self._shapes, after), BEFORE: plain(self._shapes, before)}
        looked_at = [values[root][name] for root, name in self._fields]
        if self._inside * max((len(value) for value in looked_at if isinstance(value, list)), default=0) > MOST_STEPS:
            raise Invalid("the list is too long for this condition", reason="condition_list_too_long")
        try:
            answer = self._program.evaluate({name: json_to_cel(value) for name, value in values.items()})
        except _UNANSWERED:
            if any(each is None for value in looked_at for each in _leaves(value)):
                return False
            raise Invalid(
                "the condition compares values that do not go together", reason="condition_compares_unlike_values"
            ) from None
        if not isinstance(answer, BoolType):
            raise Invalid("the condition is neither true nor false", reason="condition_is_no_yes_or_no")
        return bool(answer)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(each)
    else:
        yield value
