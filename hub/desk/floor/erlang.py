"""How many agents are needed (A. K. Erlang, 1917). Pure.

Assumes calls at random, waiting without giving up, and handling times spread exponentially: it asks for a little more
than a queue whose callers give up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST_AGENTS = 10_000


@dataclass(frozen=True, slots=True)
class Staffing:
    """So many agents, and what they would reach: the share answered in time, how busy they are, the average wait."""

    agents: int
    service_level: float
    occupancy: float
    average_wait_s: float


def waiting_probability(load: float, agents: int) -> float:
    """Erlang C: how likely a caller has to wait, with a load in erlang."""
    if agents <= load:
        return 1.0
    blocked = 1.0
    for count in range(1, agents + 1):  # Erlang B by its recursion, which never overflows
        blocked = load * blocked / (count + load * blocked)
    return agents * blocked / (agents - load * (1 - blocked))


def agents_needed(calls: float, aht_s: float, *, interval_s: float, answer_s: float, level: float) -> Staffing:
    """The fewest agents with whom the share `level` of the calls is answered within `answer_s`.

    Args:
        calls: how many come in the interval.
        aht_s: talk, hold and wrap-up of one.
    """
    load = calls * aht_s / interval_s
    if load <= 0:
        return Staffing(0, 1.0, 0.0, 0.0)
    if load >= _MOST_AGENTS:
        raise ValueError("more calls than any call centre takes")
    agents = math.floor(load) + 1
    while True:
        waits = waiting_probability(load, agents)
        reached = 1 - waits * math.exp(-(agents - load) * answer_s / aht_s)
        if reached >= level or agents >= _MOST_AGENTS:
            return Staffing(
                agents, round(reached, 4), round(load / agents, 4), round(waits * aht_s / (agents - load), 2)
            )
        agents += 1
