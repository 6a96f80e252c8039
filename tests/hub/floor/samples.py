"""Calls as the store has them, made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from hub.store.client import Doc

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # noon in Shanghai
PEOPLE = ("ann", "bob", "cy")
QUEUES = ("support", "sales")


def later(seconds: float) -> datetime:
    """A moment of the sample day; as the store gives it back, in milliseconds."""
    return NOON + timedelta(milliseconds=round(seconds * 1000))


def handler(who: str, queue: str | None, rang: float, answered: float | None, ended: float | None, **more: Any) -> Doc:
    """A phone of the call. Times in seconds after noon."""
    talk = round(ended - answered, 3) if answered is not None and ended is not None else 0.0
    done = "answered" if answered is not None else "no_answer" if ended is not None else None
    return {
        "extension": f"10{PEOPLE.index(who)}", "user": who, "name": who.title(), "outcome": done, "queue": queue,
        "rang_at": later(rang), "answered_at": None if answered is None else later(answered),
        "ended_at": None if ended is None else later(ended), "talk_s": talk, "hold_s": 0.0, **more,
    }  # fmt: skip


def visit(queue: str, joined: float, left: float | None, *, gave_up: bool = False) -> Doc:
    """A stay in a queue."""
    return {
        "queue": queue, "joined_at": later(joined), "left_at": None if left is None else later(left),
        "answered": False, "gave_up": gave_up,
    }  # fmt: skip


def call(number: int | str, visits: list[Doc], agents: list[Doc], **more: Any) -> Doc:
    """The call's document; ended where no `live` says otherwise."""
    live = more.pop("live", False)
    answers = [agent["answered_at"] for agent in agents if agent["answered_at"]]
    ends = [each for doc in (*visits, *agents) for each in (doc.get("left_at"), doc.get("ended_at")) if each]
    outcome = "answered" if answers else "abandoned" if visits and visits[-1]["gave_up"] else "no_answer"
    part: Doc = {
        "direction": "inbound", "state": "talking" if live else "ended", "outcome": outcome, "agents": agents,
        "queue": visits[-1]["queue"] if visits else None, "number": "+8613800138000", "wait_s": 0.0, "talk_s": {},
        "transfers": [], "queues": visits, "linkedids": [str(number)], "began_at": NOON, "blind": False,
        "answered_at": min(answers, default=None), "ended_at": None if live else max(ends, default=NOON),
    }  # fmt: skip
    return {
        "_id": f"pbx|{number}", "account": "pbx", "call": str(number), "message": f"m{number}", "conversation": None,
        "n": 10, "live": live, "merged_into": None, "began_at": NOON, "state": part["state"],
        "linkedids": [str(number)], "rang": [], "users": [], "part": part | more,
    }  # fmt: skip


seconds = st.integers(0, 600_000).map(lambda each: each / 1000)


@st.composite
def calls(draw: st.DrawFn) -> Doc:
    """Any call of one or two stays, with phones that ring, answer together, hand on, or do not answer."""
    at, visits, agents = draw(seconds), list[Doc](), list[Doc]()
    for _ in range(draw(st.integers(1, 2))):
        queue, joined = draw(st.sampled_from(QUEUES)), at
        left = round(joined + draw(seconds), 3)
        rung = draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3))
        answers = draw(st.sets(st.sampled_from(rung))) if rung else set[str]()
        end = round(left + draw(seconds), 3)
        agents += [
            handler(who, queue, joined, left if who in answers else None, end if who in answers else left)
            for who in rung
        ]
        visits.append(visit(queue, joined, left, gave_up=not answers and draw(st.booleans())))
        at = round(end + 1, 3)
    if draw(st.booleans()):
        agents.append(handler(draw(st.sampled_from(PEOPLE)), None, at, at + 2, at + 2 + draw(seconds)))
    return call(draw(st.uuids()).hex, visits, agents)
