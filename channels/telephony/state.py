"""What is known of one call. Plain values; `channels.telephony.machine` folds events into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hub.model.call import RecordingNow

Role = Literal["phone", "trunk", "local"]
TransferKind = Literal["blind", "attended"]
TapeState = RecordingNow | Literal["over"]
"""`over`: the channel goes on, and is recorded no more."""


@dataclass(frozen=True, slots=True)
class Span:
    """Time in one bridge. An end may be known before its beginning: events do not always come in order."""

    bridge: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of the call.

    Attributes:
        role: a phone of the house, the outside, or one end of a Local channel.
        endpoint: `1001` of `PJSIP/1001-00000003`.
        number, name: the caller id that the channel shows.
        dialled: what was dialled to reach it (`013900139000`).
        rang: when a dial to it began; None for the one that began the call.
        status: how that dial ended, in Asterisk's word (`ANSWER NOANSWER BUSY CANCEL CONGESTION CHANUNAVAIL`).
        cause: why it hung up (Q.850).
        hold_marks: when it put the others on hold (True) and took them back (False), in order.
        wanted_end: its far end asked to hang up, not the PBX.
        blind: nobody saw it end: it was gone when we looked again.
    """

    uniqueid: str
    role: Role = "local"
    endpoint: str = ""
    channel: str = ""
    number: str = ""
    name: str = ""
    exten: str = ""
    dialled: str = ""
    queue: str = ""
    began: datetime | None = None
    rang: datetime | None = None
    status: str = ""
    answered: datetime | None = None
    spans: tuple[Span, ...] = ()
    hold_at: datetime | None = None
    unhold_at: datetime | None = None
    hold_marks: tuple[tuple[datetime, bool], ...] = ()
    ended: datetime | None = None
    cause: str = ""
    wanted_end: bool = False
    blind: bool = False

    @property
    def talks(self) -> bool:
        """It is in a bridge now."""
        return self.ended is None and any(span.since and span.until is None for span in self.spans)

    def talks_in(self, bridge: str) -> bool:
        """It is in this bridge now."""
        return self.ended is None and any(s.since and s.until is None for s in self.spans if s.bridge == bridge)

    @property
    def holds(self) -> bool:
        """It has put the others on hold."""
        return (
            self.ended is None and self.hold_at is not None and not (self.unhold_at and self.unhold_at >= self.hold_at)
        )

    @property
    def rings(self) -> bool:
        """It is being called and has not answered."""
        return self.rang is not None and not self.status and self.answered is None and self.ended is None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay in a queue."""

    queue: str
    joined: datetime | None = None
    left: datetime | None = None
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Somebody handed the call on. `source` is the extension that did, `target` where to."""

    kind: TransferKind
    source: str
    target: str
    at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class Tape:
    """The PBX records a channel from this moment on; the file is named after the channel's unique id."""

    uniqueid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TapeMark:
    """How the recording of a channel stood from then on."""

    at: datetime
    uniqueid: str
    state: TapeState


@dataclass(frozen=True, slots=True)
class Parking:
    """The last time that it was parked: where, and until when."""

    space: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def goes_on(self) -> bool:
        """It waits there now."""
        return self.since is not None and not (self.until and self.until >= self.since)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The voicemail that the caller was put through to, and whether a message was left there."""

    name: str = ""
    reached: datetime | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call: everything else is worked out from these.

    Attributes:
        id: the linkedid it began with.
        linkedids: every one it ever had.
        n: the place of the last event in it.
        blocked: the PBX refused it, because a supervisor blocked the number.
    """

    id: str
    linkedids: tuple[str, ...] = ()
    n: int = 0
    legs: dict[str, Leg] = field(default_factory=dict)
    visits: tuple[Visit, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    blocked: bool = False
    tapes: tuple[Tape, ...] = ()
    tape_marks: tuple[TapeMark, ...] = ()
    parking: Parking = Parking()
    mailbox: Mailbox = Mailbox()

    @property
    def ended(self) -> bool:
        """All its channels are gone."""
        return bool(self.legs) and all(leg.ended for leg in self.legs.values())
