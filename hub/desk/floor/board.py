"""The live board: what goes on in each queue now, and what changed since. Pure.

A state is plain data: `{queue, name, name_zh, target, calls: {id: ...}, agents: {user: ...}, today, hours}`. A diff says
which calls and agents to set and which to take out, and gives other parts whole where they changed; `apply(before,
diff(before, after)) == after`, always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from hub.desk.floor.facts import owner_of, queue_of, target_of
from hub.desk.floor.measures import FiguresOut
from hub.store.client import Doc

_KEYED = ("calls", "agents")
_WHOLE = ("name", "name_zh", "target", "today", "hours")
CallState = Literal["waiting", "ringing", "talking", "held"]
AgentState = Literal["available", "busy", "on_call", "ringing", "paused", "wrap_up", "offline"]
_SHOWN: dict[str, AgentState] = {"break": "paused", "available": "available", "busy": "busy", "wrap_up": "wrap_up"}


class TargetOut(TypedDict):
    """What a queue aims at: `percent` of its calls answered within `answer_s`; who gives up before `short_s` is left out."""

    answer_s: int
    percent: int
    short_s: int


class BoardCall(TypedDict):
    """A call in a queue. `since`: in this state; `joined_at`: in the queue. `agent`: who is rung, or talks."""

    id: str
    message: str | None
    conversation: str | None
    number: str
    state: CallState
    since: datetime
    joined_at: datetime
    agent: str | None
    agent_name: str


class BoardAgent(TypedDict):
    """A member of the queue and how they are, in any of their queues. `reason` as they gave it."""

    id: str
    name: str
    state: AgentState
    reason: str | None
    since: datetime | None


class HourOut(TypedDict):
    """Calls that came in an hour of today."""

    at: datetime
    offered: int
    answered: int
    abandoned: int


class BoardState(TypedDict):
    """One queue, now and today."""

    queue: str
    name: str
    name_zh: str
    target: TargetOut
    calls: dict[str, BoardCall]
    agents: dict[str, BoardAgent]
    today: FiguresOut
    hours: list[HourOut]


class BoardDiff(TypedDict):
    """What changed in one queue, from one revision to the next. `gone`: the queue is no more."""

    queue: str
    revision: int
    before: int
    calls: dict[str, BoardCall]
    agents: dict[str, BoardAgent]
    calls_gone: list[str]
    agents_gone: list[str]
    name: NotRequired[str]
    name_zh: NotRequired[str]
    target: NotRequired[TargetOut]
    today: NotRequired[FiguresOut]
    hours: NotRequired[list[HourOut]]


class Today(TypedDict):
    """The figures of one queue."""

    today: FiguresOut
    hours: list[HourOut]


def build(
    queues: Iterable[Doc],
    calls: Sequence[Doc],
    people: Mapping[str, str],
    presence: Mapping[str, Doc],
    today: Mapping[str, Today],
    nothing: Today,
) -> dict[str, BoardState]:
    """The state of every queue.

    Args:
        queues: their documents.
        calls: the documents of the live calls.
        people: user -> name, of those who work.
        presence: user -> what they said last.
        today: queue -> its figures; `nothing` is for those without.
    """
    busy = _on_the_phone(calls)
    placed = [(queue, call) for doc in calls if (found := _placed(doc)) for queue, call in [found]]
    return {
        queue["_id"]: BoardState(
            queue=queue["_id"],
            name=queue["name"],
            name_zh=queue["name_zh"],
            target=TargetOut(**asdict(target_of(queue))),  # type: ignore[typeddict-item]
            calls={call["id"]: call for place, call in placed if place == queue["_id"]},
            agents={user: _agent(user, people[user], presence.get(user), busy) for user in queue["members"] if user in people},
            **today.get(queue["_id"], nothing),
        )
        for queue in queues
    }  # fmt: skip


def diff(before: BoardState, after: BoardState, revision: int) -> BoardDiff | None:
    """What leads from one state to the next, which has this revision; None where they are the same."""
    changed: Any = {key: after[key] for key in _WHOLE if before[key] != after[key]}  # type: ignore[literal-required]
    for key in _KEYED:
        old, new = before[key], after[key]  # type: ignore[literal-required]
        changed[key] = {each: value for each, value in new.items() if old.get(each) != value}
        changed[f"{key}_gone"] = sorted(old.keys() - new.keys())
    if not any(changed.values()):
        return None
    change: Any = {"queue": after["queue"], "revision": revision, "before": revision - 1, **changed}
    told: BoardDiff = change
    return told


def apply(before: BoardState, change: BoardDiff) -> BoardState:
    """The state after a diff; the console does the same."""
    after: Any = {**before, **{key: change[key] for key in _WHOLE if key in change}}  # type: ignore[literal-required]
    for key in _KEYED:
        gone = set(change[f"{key}_gone"])  # type: ignore[literal-required]
        kept = {each: value for each, value in before[key].items() if each not in gone}  # type: ignore[literal-required]
        after[key] = kept | change[key]  # type: ignore[literal-required]
    state: BoardState = after
    return state


def _placed(doc: Doc) -> tuple[str, BoardCall] | None:
    """In which queue a live call is shown, and how; None for one that is in none."""
    part = doc["part"]
    number = len(part["queues"]) - 1
    if number < 0:
        return None
    visit, owner = part["queues"][number], owner_of(part, number)
    joined = visit["joined_at"] or doc["began_at"]
    active = [agent for agent in part["agents"] if agent["ended_at"] is None]
    talking = [agent for agent in active if agent["answered_at"]]
    rung = [agent for agent in active if agent["rang_at"]]
    who: Doc | None = talking[-1] if talking else rung[0] if rung else None
    if not talking and (owner is not None or visit["left_at"] is not None):
        return None  # it is on its way elsewhere
    state: CallState = _state(part, talking=bool(talking), rung=bool(rung))
    call = BoardCall(
        id=doc["_id"],
        message=doc["message"],
        conversation=doc["conversation"],
        number=part["number"],
        state=state,
        since=who["answered_at"] or who["rang_at"] if who else joined,
        joined_at=joined,
        agent=who["user"] if who else None,
        agent_name=(who["name"] or who["extension"]) if who else "",
    )
    return queue_of(part, who) if who and talking else visit["queue"], call


def _state(part: Doc, *, talking: bool, rung: bool) -> CallState:
    if talking:
        return "held" if part["state"] == "held" else "talking"
    return "ringing" if rung else "waiting"


def _on_the_phone(calls: Iterable[Doc]) -> dict[str, tuple[AgentState, datetime]]:
    """Whose phone is in a call now, or rings: user -> state, since when. Who talks is not shown as rung."""
    found: dict[str, tuple[AgentState, datetime]] = {}
    for call in calls:
        for agent in call["part"]["agents"]:
            if not agent["user"] or agent["ended_at"] is not None:
                continue
            if agent["answered_at"]:
                found[agent["user"]] = ("on_call", agent["answered_at"])
            elif agent["rang_at"]:
                found.setdefault(agent["user"], ("ringing", agent["rang_at"]))
    return found


def _agent(user: str, name: str, said: Doc | None, busy: Mapping[str, tuple[AgentState, datetime]]) -> BoardAgent:
    if user in busy:
        state, since = busy[user]
        return BoardAgent(id=user, name=name, state=state, reason=None, since=since)
    if said is None:
        return BoardAgent(id=user, name=name, state="offline", reason=None, since=None)
    state = _SHOWN.get(said["state"], "offline")
    return BoardAgent(id=user, name=name, state=state, reason=said["reason"], since=said["since"])
