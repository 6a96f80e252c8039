"""Several queues as one. Pure; the console does the same (`board.ts`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from typing_extensions import TypedDict

from hub.desk.floor.board import BoardState
from hub.desk.floor.measures import FiguresOut, figures, total


class AllOut(TypedDict):
    """The queues together; a person in several of them counts once."""

    waiting: int
    ringing: int
    talking: int
    longest_since: datetime | None
    agents: dict[str, int]
    today: FiguresOut


def together(queues: Iterable[BoardState]) -> AllOut:
    """All of these queues."""
    states = list(queues)
    calls = [call for state in states for call in state["calls"].values()]
    waiting = [call for call in calls if call["state"] in ("waiting", "ringing")]
    agents = {user: agent["state"] for state in states for user, agent in state["agents"].items()}
    counts: dict[str, int] = {}
    for state in agents.values():
        counts[state] = counts.get(state, 0) + 1
    return AllOut(
        waiting=len(waiting),
        ringing=sum(call["state"] == "ringing" for call in waiting),
        talking=len(calls) - len(waiting),
        longest_since=min((call["joined_at"] for call in waiting), default=None),
        agents=counts,
        today=figures(total(state["today"] for state in states)),  # type: ignore[misc]
    )
