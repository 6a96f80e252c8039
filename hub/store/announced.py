"""What this process announced a moment ago. The store's feed names it; its content need not be fetched back.

An entry is found by its unit *and* its place in the stream: where a transaction failed, its places are given out again,
to other units.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from hub.store.client import Doc

_MOST_UNITS = 1000
"""The feed runs a few units behind at most; what it never asked for (it was reading afresh) falls out at the end."""


class Announced:
    """The content of the newest events of this process, each handed out once."""

    def __init__(self) -> None:
        self._units: OrderedDict[int, dict[int, Any]] = OrderedDict()

    def put(self, unit: int, events: list[Doc]) -> None:
        """Remember the content of a unit that is about to commit."""
        if events:
            self._units[unit] = {event["_id"]: event["data"] for event in events}
            if len(self._units) > _MOST_UNITS:
                self._units.popitem(last=False)

    def drop(self, unit: int) -> None:
        """The unit did not commit."""
        self._units.pop(unit, None)

    def take(self, unit: int | None, seq: int) -> Any:
        """The content of an event, or None where another process announced it or it was dropped."""
        if unit is None or (events := self._units.get(unit)) is None:
            return None
        content = events.pop(seq, None)
        if not events:
            del self._units[unit]
        return content
