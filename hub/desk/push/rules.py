"""What follows from the answer of a push service (RFC 8030). Pure."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Outcome = Literal["sent", "gone", "again", "dropped"]
MOST_TRIES = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
_GONE = (403, 404, 410)
"""403: the subscription was made for another key than ours (RFC 8292, 4.2); no later try will differ."""


class PushUnavailable(Exception):
    """The push service could not be asked; the reason as text."""


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What a push service said. `retry_after_s`: how long it wants to be left alone."""

    status: int
    retry_after_s: float | None = None


Post = Callable[[str, Mapping[str, str], bytes], Awaitable[PushAnswer]]
"""Posts a message to an endpoint; raises `PushUnavailable`."""


def outcome_of(answer: PushAnswer | None, tries: int) -> Outcome:
    """What to do; `answer` is None where there was none, `tries` counts this one too."""
    if answer is not None and 200 <= answer.status < 300:
        return "sent"
    if answer is not None and answer.status in _GONE:
        return "gone"
    passing = answer is None or answer.status in (408, 429) or answer.status >= 500
    return "again" if passing and tries < MOST_TRIES else "dropped"


def pause(answer: PushAnswer | None, tries: int) -> timedelta:
    """How long to wait before the next try."""
    own = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (tries - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
    asked = (answer.retry_after_s if answer else None) or 0.0
    return timedelta(seconds=max(own, min(asked, 2 * _LONGEST_PAUSE_S)))
