"""Most messages in a minute, exactly: in no window of 60 s does an account send more than its limit. Pure.

A token bucket would let twice the limit pass around a full bucket; carriers count by the window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

WINDOW_S = 60.0


class Window:
    """The sending times of the last minute, in seconds of any steady clock. `limit` None = no limit."""

    def __init__(self, limit: int | None, past: Iterable[float] = ()) -> None:
        self._limit = limit
        self._times: deque[float] = deque(sorted(past))

    def wait_s(self, at: float) -> float:
        """How long to wait, at that time, before one more may go."""
        while self._times and self._times[0] <= at - WINDOW_S:
            self._times.popleft()
        if self._limit is None or len(self._times) < self._limit:
            return 0.0
        return self._times[len(self._times) - self._limit] + WINDOW_S - at

    def note(self, at: float) -> None:
        """One goes."""
        if self._limit is not None:
            self._times.append(at)
