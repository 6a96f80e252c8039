"""What is counted of one call. Pure: the call's document in, its facts out, whatever events made the document.

A fact is written once it cannot become another: a stay in a queue when it was answered or is over, a phone's part when
that phone has hung up. What goes on now is on the live board.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.store.client import Doc

_CLOSE = timedelta(seconds=1)
"""A phone that stops ringing so near to the end of the wait did so because of it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a queue aims at: `percent` of its calls answered within `answer_s`. Who gives up within `short_s` (a wrong
    number, a second thought) is not held against it."""

    answer_s: int = 20
    percent: int = 80
    short_s: int = 5


HOUSE = Target()


def target_of(queue: Mapping[str, Any] | None) -> Target:
    """The target of a queue's document."""
    return Target(**((queue or {}).get("service_level") or {}))


def facts_of(call: Doc, targets: Mapping[str, Target]) -> list[Doc]:
    """The facts of a call's document; none of a call that went into another, or of a caller who is blocked."""
    if call.get("merged_into") or call["part"].get("blocked"):
        return []
    part, ended = call["part"], call["part"]["ended_at"] if not call["live"] else None
    base = {"account": call["account"], "call": call["call"], "message": call["message"], "n": call["n"],
            "direction": part["direction"], "code": _code(call)}  # fmt: skip
    found = _visits(part, ended, call["began_at"], targets) + _handlings(part, ended, call["began_at"])
    return [{"_id": f"{call['_id']}|{key}", **base, **fact} for key, fact in found]


def _code(call: Doc) -> str:
    """What came of it by the agent's word; empty where nobody said."""
    return str(((call.get("notes") or {}).get("wrap_up") or {}).get("outcome") or "")


def _visits(part: Doc, ended: datetime | None, began: datetime, targets: Mapping[str, Target]) -> list[tuple[str, Doc]]:
    if not part["queues"]:
        return [("visit:0", _direct(part, ended, began))] if ended or part["answered_at"] else []
    found = []
    for number, visit in enumerate(part["queues"]):
        owner = owner_of(part, number)
        if owner is None and ended is None and (visit["left_at"] is None or visit is part["queues"][-1]):
            continue  # still waits, or it shows only now whether the caller is gone
        target = targets.get(visit["queue"], HOUSE)
        found.append((f"visit:{number}", _visit(part, number, owner, ended or visit["left_at"], began, target)))
    return found


def _visit(part: Doc, number: int, owner: Doc | None, ended: datetime | None, began: datetime, target: Target) -> Doc:
    visit = part["queues"][number]
    joined = visit["joined_at"] or began
    until = owner["answered_at"] if owner else visit["left_at"] or ended or joined
    wait = round(max(0.0, (until - joined).total_seconds()), 3)
    outcome = "answered" if owner else _unanswered(part, number)
    m: dict[str, float] = {"offered": 1, outcome: 1, "wait_s": wait, "longest_wait_s": wait}
    if owner:
        m |= {"answer_wait_s": wait, "in_time": int(wait <= target.answer_s)}
    if outcome == "abandoned":
        m["short"] = int(wait < target.short_s)
    return _fact("visit", visit["queue"], owner, joined, until, outcome, m)


def _unanswered(part: Doc, number: int) -> str:
    visit = part["queues"][number]
    if visit.get("gave_up"):
        return "abandoned"
    last = number == len(part["queues"]) - 1
    if visit["left_at"] is None and part["blind"]:
        return "unseen"
    untold = "gave_up" not in visit or visit["left_at"] is None  # stored before it was told, or the event was missed
    return "abandoned" if untold and last and part["outcome"] == "abandoned" else "passed_on"


def _direct(part: Doc, ended: datetime | None, began: datetime) -> Doc:
    """A call that came through no queue: to a phone, or out of the house. It is judged by the house's usual target."""
    owner = _first_answered(part["agents"])
    until = part["answered_at"] or ended or began
    wait = round(max(0.0, (until - began).total_seconds()), 3)
    outcome = "unseen" if part["blind"] and not part["outcome"] else part["outcome"] or "no_answer"
    m: dict[str, float] = {"offered": 1, "wait_s": wait, "longest_wait_s": wait}
    match outcome:
        case "answered":
            m |= {"answered": 1, "answer_wait_s": wait, "in_time": int(wait <= HOUSE.answer_s)}
        case "abandoned":
            m |= {"abandoned": 1, "short": int(wait < HOUSE.short_s)}
        case "unseen":
            m["unseen"] = 1
        case _:
            m["passed_on"] = 1
    return _fact("visit", "", owner, began, until, outcome, m)


def _handlings(part: Doc, ended: datetime | None, began: datetime) -> list[tuple[str, Doc]]:
    return [
        (f"handling:{number}", _handling(part, agent, began))
        for number, agent in enumerate(part["agents"])
        if agent["ended_at"] or ended
    ]


def _handling(part: Doc, agent: Doc, began: datetime) -> Doc:
    at = agent["rang_at"] or agent["answered_at"] or began
    answered = agent["outcome"] == "answered"
    hold = min(agent.get("hold_s", 0.0), agent["talk_s"])
    m: dict[str, float] = {"rung": int(agent["rang_at"] is not None), "missed": int(_missed(part, agent))}
    if answered:
        m |= {"handled": 1, "talk_s": round(agent["talk_s"] - hold, 3), "hold_s": hold}
    fact = _fact(
        "handling", queue_of(part, agent), agent, at, agent["ended_at"] or at, agent["outcome"] or "no_answer", m
    )
    handed = [each["kind"] for each in part["transfers"] if each["from"] == agent["extension"] and each["completed"]]
    return {**fact, "transfer": handed[-1] if answered and handed else ""}


def _missed(part: Doc, agent: Doc) -> bool:
    """It rang in vain while the caller was there; not: the caller gave up, or a colleague was faster."""
    if agent["outcome"] == "answered" or agent["ended_at"] is None:
        return False
    if agent["outcome"] in ("busy", "rejected", "failed"):
        return True
    number = visit_of(part, agent)
    if number is None:
        outcome, end = part["outcome"], part["answered_at"] or part["ended_at"]
    else:
        owner = owner_of(part, number)
        outcome, end = "answered" if owner else _unanswered(part, number), part["queues"][number]["left_at"]
    return end is None or outcome not in ("answered", "abandoned") or agent["ended_at"] < end - _CLOSE


def _fact(kind: str, queue: str, agent: Doc | None, at: datetime, until: datetime, outcome: str, m: Doc) -> Doc:
    who = {"user": (agent or {}).get("user") or "", "extension": (agent or {}).get("extension") or ""}
    return {
        "kind": kind,
        "queue": queue,
        **who,
        "at": at,
        "ended_at": until,
        "outcome": outcome,
        "transfer": "",
        "m": m,
    }


# -- who belongs to which stay -----------------------------------------------------------------------------------


def visit_of(part: Doc, agent: Doc) -> int | None:
    """The stay in a queue for which a phone was rung: the last one there that had begun by then."""
    at = agent["rang_at"] or agent["answered_at"]
    fitting = [
        number
        for number, visit in enumerate(part["queues"])
        if visit["queue"] == agent["queue"] and (visit["joined_at"] is None or at is None or visit["joined_at"] <= at)
    ]
    return fitting[-1] if fitting else None


def owner_of(part: Doc, number: int) -> Doc | None:
    """Who answered a stay in a queue: the first of its phones in a bridge with the caller; several may pick up at once,
    and who drops before the bridge has not answered. Or somebody who took the call from elsewhere (pickup)."""
    own = [agent for agent in part["agents"] if visit_of(part, agent) == number]
    first = _first_answered(own)
    if first is None and part["queues"][number]["answered"]:
        first = _first_answered([agent for agent in part["agents"] if visit_of(part, agent) is None])
    return first


def queue_of(part: Doc, agent: Doc) -> str:
    """The queue that a phone's time is counted for: the one that rang it, else (handed on) the caller's last before."""
    if agent["queue"]:
        return str(agent["queue"])
    at = agent["rang_at"] or agent["answered_at"]
    before = [v for v in part["queues"] if v["joined_at"] is None or at is None or v["joined_at"] <= at]
    return str(before[-1]["queue"]) if before else ""


def _first_answered(agents: list[Doc]) -> Doc | None:
    answered = [agent for agent in agents if agent["answered_at"]]
    return min(answered, key=lambda agent: agent["answered_at"], default=None)
