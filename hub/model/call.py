"""A call as everybody outside the telephony channel sees it (CONTRACT, part `call`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from hub.model.address import Address

CallDirection = Literal["inbound", "outbound", "internal"]
CallState = Literal["arrived", "waiting", "ringing", "talking", "held", "parked", "ended"]
MuteDirection = Literal["in", "out", "all"]
"""What is not heard: what the agent says (`in`), what the agent hears (`out`), or both."""
RecordingNow = Literal["on", "paused", "unknown"]
"""`unknown`: the PBX was not heard for a while, and says only when it changes."""
SpyMode = Literal["listen", "whisper", "barge"]
"""A supervisor beside a call: unheard; heard by the agent alone; heard by both."""
CallOutcome = Literal["answered", "abandoned", "no_answer", "busy", "failed", "rejected"]


class HandlerOut(TypedDict):
    """A phone that rang or talked. `user` and `name`: whose extension it is; `talk_s` counts what is over, and has the
    time on hold (`hold_s`) in it."""

    extension: str
    user: str | None
    name: str
    outcome: CallOutcome | None
    queue: str | None
    rang_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    talk_s: float
    hold_s: float


TransferOut = TypedDict(
    "TransferOut",
    {"kind": Literal["blind", "attended"], "from": str, "to": str, "at": datetime, "completed": bool},
)
"""Somebody handed the call on, from one extension to another (or to a number)."""


class VisitOut(TypedDict):
    """A stay in a queue of the PBX; `gave_up`: the caller hung up while waiting there."""

    queue: str
    joined_at: datetime | None
    left_at: datetime | None
    answered: bool
    gave_up: bool


class RingOut(TypedDict):
    """A phone of the house that rings now; `id` is the PBX's channel."""

    id: str
    extension: str
    queue: str
    since: datetime | None


PauseOut = TypedDict("PauseOut", {"from": datetime, "until": datetime | None, "by": str, "name": str})
"""The recording was to stand still, for card data, from when until when; `by` (whose name is `name`) wanted it so. No
`until`: it still is to. Whether it does, `recording_now` says."""


class InvitedOut(TypedDict):
    """Somebody was called into the call (a three-way conference)."""

    to: str
    by: str
    name: str
    at: datetime


class WrapUpOut(TypedDict):
    """What came of the call, by the agent's word: an outcome code of the house's list, and a note."""

    outcome: str
    note: str
    by: str
    name: str
    at: datetime


class TapeOut(TypedDict):
    """The PBX records a channel. `from_s`: seconds from the call's beginning to the first sound; `talked`: it was in a
    bridge while it was recorded, so there is a sound for certain; else it is only looked whether there is a file."""

    channel: str
    from_s: float
    talked: bool


RecordingState = Literal["awaited", "stored", "missing", "deleted"]


class RecordingOut(TypedDict):
    """One recording of a call (`call.recordings` of its message, in order; `n` from 1).

    `awaited`: not fetched yet; `missing`: it was given up; `deleted`: the retention rule removed it, at `ended_at`.
    """

    n: int
    state: RecordingState
    file: str | None
    type: str
    size: int
    seconds: float
    from_s: float
    ended_at: datetime | None


class CallPart(TypedDict):
    """The `call` part of a message. Times in seconds; `talk_s` by extension.

    `blind`: nobody saw it end, because the connection to the PBX was cut; it was gone when we looked again.
    `parked`: the number to dial to take it up, while it is parked. `voicemail`: the mailbox where a message was left.
    `blocked`: the PBX refused it, because a supervisor blocked the number.
    `recording_now`: whether it is recorded, by the PBX's word; None: nothing is known to be, or the call is over.
    What is not said by the PBX but noted by people stands beside it: `wrap_up`, `pauses`, `muted`, `invited`.
    """

    direction: CallDirection
    state: CallState
    outcome: CallOutcome | None
    queue: str | None
    number: str
    agents: list[HandlerOut]
    wait_s: float
    talk_s: dict[str, float]
    transfers: list[TransferOut]
    queues: list[VisitOut]
    linkedids: list[str]
    began_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    blind: bool
    blocked: bool
    parked: str | None
    voicemail: str | None
    recording_now: RecordingNow | None
    wrap_up: NotRequired[WrapUpOut]
    pauses: NotRequired[list[PauseOut]]
    muted: NotRequired[dict[str, MuteDirection]]
    invited: NotRequired[list[InvitedOut]]


NOTED = ("wrap_up", "pauses", "muted", "invited")
"""The fields of a call part that people noted; the PBX never changes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEntry:
    """One raw event of a PBX, on its way into the store.

    Attributes:
        n: its place among the account's events; a place is given once.
        linkedid: which call the PBX says it belongs to; empty when it says nothing.
    """

    n: int
    linkedid: str
    at: datetime
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNews:
    """A call as it stands after some events, to be written into the stream.

    Attributes:
        id: what it is called for ever: the first linkedid.
        told: whether it has a message (a colleague asked in the middle of another call has none).
        party: the other side; `own` is the side of the house, where it has an address.
        rings: the phones that ring, or were answered just now.
        talking: the extensions that are in it now.
        merged_into: the call that took this one in.
        heard_at: when the last event came in, for measuring the way to the screen.
        tapes: what the PBX records of it.
    """

    id: str
    linkedids: tuple[str, ...]
    n: int
    part: CallPart
    party: Address
    own: Address
    told: bool
    rings: tuple[RingOut, ...]
    talking: tuple[str, ...]
    began_at: datetime
    heard_at: datetime
    merged_into: str | None = None
    tapes: tuple[TapeOut, ...] = ()


class PersonOut(TypedDict):
    """Who an extension belongs to."""

    id: str
    name: str
    extension: str


class CandidateOut(TypedDict):
    """Somebody whom the number may belong to; `because` says why."""

    type: Literal["contact", "customer", "user"]
    id: str
    name: str
    customer: str | None
    because: Literal["number", "customer_of_contact"]


class CallOut(TypedDict):
    """A call over HTTP and in events. `id` is its message; None while it has none."""

    id: str | None
    call: str
    account: str
    conversation: str | None
    state: CallState
    linkedids: list[str]
    part: CallPart
    at: datetime


@dataclass(frozen=True, slots=True)
class Pop:
    """What a screen pop shows beside the call itself."""

    candidates: list[CandidateOut]
    conversations: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rings:
    """Calls in which phones ring, with what was looked up for them.

    Attributes:
        people: extension -> who has it.
        pops: ring -> what its screen pop shows.
        conversations: the other side's address -> the conversation of its calls, where there is one.
    """

    news: tuple[CallNews, ...]
    people: Mapping[str, PersonOut]
    pops: Mapping[str, Pop]
    conversations: Mapping[str, str]


TakeRings = Callable[[], Sequence[Rings]]
"""Hands over the rings that are to be told, each once; asked when they can be, and again when that has to be repeated."""
