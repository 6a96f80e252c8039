"""Adding up what is counted of calls, and the figures that follow. Pure.

A tally maps each measure to a number. Every measure is a sum, but for the longest wait; so tallies of parts (agents,
hours, queues) always add up to the tally of the whole, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from typing_extensions import TypedDict

Tally = Mapping[str, float]

SUMS = (
    "offered", "answered", "abandoned", "short", "passed_on", "unseen", "in_time", "wait_s", "answer_wait_s",
    "rung", "handled", "missed", "talk_s", "hold_s", "wraps", "wrap_s",
)  # fmt: skip
LONGEST = "longest_wait_s"


class FiguresOut(TypedDict):
    """Counts, seconds and shares. A share or an average is None where there is nothing to divide by.

    `service_level`: answered in time, of all offered but short abandons and those that nobody saw end. `abandon_rate`:
    abandoned and not short, of the same. `aht_s`: talk, hold and wrap-up per handled call. docs/channels/telephony.md has
    every definition.
    """

    offered: int
    answered: int
    abandoned: int
    short: int
    passed_on: int
    unseen: int
    in_time: int
    rung: int
    handled: int
    missed: int
    wraps: int
    wait_s: float
    answer_wait_s: float
    longest_wait_s: float
    talk_s: float
    hold_s: float
    wrap_s: float
    service_level: float | None
    abandon_rate: float | None
    average_wait_s: float | None
    average_answer_s: float | None
    average_talk_s: float | None
    average_hold_s: float | None
    average_wrap_s: float | None
    aht_s: float | None


def total(tallies: Iterable[Tally]) -> dict[str, float]:
    """All of them together."""
    result = dict.fromkeys((*SUMS, LONGEST), 0.0)
    for tally in tallies:
        for name in SUMS:
            result[name] += tally.get(name, 0)
        result[LONGEST] = max(result[LONGEST], tally.get(LONGEST, 0))
    return result


def figures(tally: Tally) -> FiguresOut:
    """What follows from a tally."""
    count = {name: round(tally.get(name, 0)) for name in SUMS}
    seconds = {name: round(tally.get(name, 0), 3) for name in (*SUMS, LONGEST) if name.endswith("_s")}
    judged = count["offered"] - count["short"] - count["unseen"]
    handled = count["handled"]
    return FiguresOut(
        offered=count["offered"], answered=count["answered"], abandoned=count["abandoned"], short=count["short"],
        passed_on=count["passed_on"], unseen=count["unseen"], in_time=count["in_time"], rung=count["rung"],
        handled=handled, missed=count["missed"], wraps=count["wraps"],
        wait_s=seconds["wait_s"], answer_wait_s=seconds["answer_wait_s"], longest_wait_s=seconds[LONGEST],
        talk_s=seconds["talk_s"], hold_s=seconds["hold_s"], wrap_s=seconds["wrap_s"],
        service_level=_share(count["in_time"], judged, 4),
        abandon_rate=_share(count["abandoned"] - count["short"], judged, 4),
        average_wait_s=_share(seconds["wait_s"], count["offered"], 1),
        average_answer_s=_share(seconds["answer_wait_s"], count["answered"], 1),
        average_talk_s=_share(seconds["talk_s"], handled, 1),
        average_hold_s=_share(seconds["hold_s"], handled, 1),
        average_wrap_s=_share(seconds["wrap_s"], handled, 1),
        aht_s=_share(seconds["talk_s"] + seconds["hold_s"] + seconds["wrap_s"], handled, 1),
    )  # fmt: skip


def _share(part: float, whole: float, digits: int) -> float | None:
    return round(part / whole, digits) if whole > 0 else None
