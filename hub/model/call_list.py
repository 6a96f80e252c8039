"""A call list and its entries, as supervisors and agents see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from hub.model.conversation import PersonRef

ListState = Literal["draft", "running", "paused", "done"]
Mode = Literal["preview", "progressive"]
"""Preview: the agent takes, looks and dials. Progressive: the hub gives to whoever is free, and dials."""
USUAL_MODE: dict[str, Any] = {"mode": "preview", "pace_s": 10}
EntryState = Literal["waiting", "taken", "calling", "talked", "done"]
WhyNone = Literal["not_running", "outside_hours", "none_due", "all_done"]


class RetryOut(TypedDict):
    """What ended so is called again after so many minutes, until there were `most` attempts in all."""

    after_min: int
    most: int


HoursOut = TypedDict("HoursOut", {"zone": str, "days": list[int], "from": str, "until": str})
"""When may be called: days of the week (1 = Monday), from and until by the clock of a time zone."""


class ListSegmentOut(TypedDict):
    """A kind of people, narrowed by filters as record lists take them."""

    kind: str
    filters: dict[str, str]


class CallListOut(TypedDict):
    """A list. `entries`: how many are in each state; `results`: how the done ones ended; `left_out`: how many were not put
    on it, by reason (`do_not_call opted_out no_number duplicate`); `reason`: why it could not be filled, and
    `problem` the same as a problem document; `pace_s`: in a progressive list, so many seconds an agent has between calls."""

    id: str
    name: str
    state: ListState
    queue: str | None
    agents: list[str]
    account: str | None
    segments: list[ListSegmentOut]
    numbers: list[str]
    script: str
    retries: dict[str, RetryOut]
    hours: HoursOut | None
    filled: bool
    mode: Mode
    pace_s: int
    reason: str | None
    problem: dict[str, Any] | None
    left_out: dict[str, int]
    entries: dict[str, int]
    results: dict[str, int]
    attempts: int
    by: PersonRef
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class AttemptOut(TypedDict):
    """One attempt. `outcome`: the PBX's word; `code` and `note`: the agent's."""

    by: PersonRef
    at: datetime
    linkedid: str | None
    outcome: str | None
    code: str | None
    note: str


class CallEntryOut(TypedDict):
    """One number of a list. `record`: `TYPE:ID` of whom it belongs to."""

    id: str
    list: str
    n: int
    number: str
    name: str
    record: str | None
    state: EntryState
    due_at: datetime
    agent: PersonRef | None
    lease_until: datetime | None
    attempts: list[AttemptOut]
    result: str | None


class NextOut(TypedDict):
    """The entry to work on. Where there is none, `why`, and `at`: when to ask again, if that is known."""

    entry: CallEntryOut | None
    why: WhyNone | None
    at: datetime | None


SeatState = Literal["ready", "paused", "away"]
WhyWaiting = Literal[
    "not_running", "outside_hours", "none_due", "all_done", "not_available", "wrap_up", "in_call", "calling", "result",
    "phone", "pbx",
]  # fmt: skip
WhyPaused = Literal["phone", "refused"]


class SeatOut(TypedDict):
    """How an agent sits at a progressive list. `entry`: the one in hand, to be dialled in `dials_in_s` seconds; without
    a countdown it is being called, or its result is awaited. `why`: what a ready agent waits for; `at`: until when, if
    that is known. `reason`: why the hub paused (the own phone did not answer, the PBX refused); None = the agent did.
    """

    list: str
    state: SeatState
    reason: WhyPaused | None
    why: WhyWaiting | None
    at: datetime | None
    entry: CallEntryOut | None
    dials_in_s: float | None


def entry_out(doc: dict[str, Any]) -> CallEntryOut:
    """The entry from its document."""
    names = ("list", "n", "number", "name", "record", "state", "due_at", "agent", "lease_until", "attempts", "result")
    return {"id": doc["_id"]} | {name: doc[name] for name in names}  # type: ignore[return-value]
