"""What a channel with calls does for the hub, beside `hub.channel`: steering, supervision, phones, recordings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from crm_core.ground.ids import new_id
from hub.model.call import CallEntry, CallNews, CallOutcome, MuteDirection, Rings, SpyMode, TakeRings
from hub.model.phone import PhoneAt, PhoneKind, PhoneLine

AccountT_contra = TypeVar("AccountT_contra", contravariant=True)
"""The channel's own kind of `hub.channel.Account`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPlace:
    """Where the far side leaves the recordings of calls, for a hub or worker that can read there.

    Attributes:
        folder: what it writes; a recording is a file named after its channel.
        clear: whether a file is removed there once it is in the store.
        give_up_after: so long after the call's end a file is waited for.
        keep_days: after so many days the retention rule removes a recording from the store; None = never.
    """

    folder: Path
    clear: bool
    give_up_after: timedelta
    keep_days: int | None


class CallLog(Protocol):
    """Calls of one account in the store, for a channel that has any."""

    async def keep(self, entries: Sequence[CallEntry], keep_for: timedelta) -> None:
        """Append raw events of the PBX, durably, before anything is made of them."""
        ...

    async def last(self) -> int:
        """The place of the last event kept; 0 where there is none."""
        ...

    async def unfinished(self) -> list[CallEntry]:
        """The events from which the calls that are live, or not yet in the stream, can be made anew; in order."""
        ...

    async def look_up(self, news: Sequence[CallNews]) -> Rings:
        """What the screen pops of the phones that ring in these calls show. Needs nothing that is kept yet."""
        ...

    async def ring(self, take: TakeRings) -> None:
        """Tell of the rings that nobody was told of, durably; `publish` does not. Safe to repeat."""
        ...

    async def publish(self, news: Sequence[CallNews]) -> None:
        """Bring messages and consoles in step with the calls as they are. Safe to repeat."""
        ...

    async def heard_until(self) -> datetime | None:
        """When the PBX was last heard, by any hub; None = never."""
        ...

    async def worked_through(self, n: int) -> None:
        """Everything up to this place is published, and the PBX is heard at this moment."""
        ...

    async def gap(self, since: datetime, until: datetime, ended: int) -> None:
        """Note a time in which the PBX could not be heard, and how many calls were over afterwards."""
        ...

    async def pauses_wanted(self, calls: Collection[str]) -> set[str]:
        """Of these calls (by id), those whose recording somebody wants to stand still, and has not let go on since."""
        ...

    async def beside(self, phones: Sequence[PhoneBeside]) -> None:
        """Supervisors' phones that are beside a call now, all of them. Safe to repeat."""
        ...

    async def blocked(self) -> Mapping[str, datetime | None]:
        """The numbers (E.164) whose calls the far side should refuse, and until when; None = always."""
        ...


@dataclass(frozen=True, slots=True)
class PhoneBeside:
    """A supervisor's phone beside a call, and how."""

    extension: str
    linkedid: str
    mode: SpyMode


Still = Callable[[], Awaitable[float]]
"""Asked when nothing but the act itself is left to do: raises `Late` where it is not wanted any more, else says until when, by
the clock of the loop, it may be done."""


def new_reference() -> str:
    """How a call that is to be dialled can be found again, whatever happens meanwhile."""
    return f"mainstem-{new_id()}"


@dataclass(frozen=True, slots=True)
class DialledCall:
    """What the far side knows of a call that was to be dialled.

    Attributes:
        state: it never came there; it goes on; it is over; or it was lost there without a word of how it ended.
        outcome: of one that is over, how the number took it; None = the own phone was not answered: nobody was called.
    """

    state: Literal["unknown", "live", "over", "lost"]
    outcome: CallOutcome | None = None


PhoneState = Literal["in", "paused", "out"]
"""How a phone stands to a queue of the PBX."""


class CallControl(Protocol[AccountT_contra]):
    """What a channel with calls can be told to do. Errors: as `Channel`."""

    async def dial(
        self, account: AccountT_contra, extension: str, number: str, reference: str | None = None,
        still: Still | None = None, *, traced: bool = False,
    ) -> str:  # fmt: skip
        """Ring an extension and, when it answers, the number; returns the reference that the call has at the far side,
        which is `reference` where one is given. `still` is asked right before. `traced`: `trace` may be asked about it, as
        about the last such call of the extension. Raises `InDoubt` where the far side may have taken it all the same."""
        ...

    async def trace(self, account: AccountT_contra, reference: str) -> DialledCall:
        """What the far side knows of a call that was to be dialled under this reference."""
        ...

    async def queue(self, account: AccountT_contra, queue: str, extension: str, name: str, state: PhoneState) -> None:
        """Let a phone take calls of a queue of the far side, or pause it there, or take it out. Safe to repeat."""
        ...

    async def hang_up(self, account: AccountT_contra, linkedids: Sequence[str]) -> int:
        """End all channels of a call; returns how many there were."""
        ...

    # Of a call that the phone of `extension` is in. Each raises `Conflict` where it does not fit the call as it is.

    async def answer(self, account: AccountT_contra, linkedids: Sequence[str], extension: str) -> None:
        """Have the ringing phone answer."""
        ...

    async def hold(self, account: AccountT_contra, linkedids: Sequence[str], extension: str) -> None:
        """Put the other side on hold. Safe to repeat."""
        ...

    async def resume(self, account: AccountT_contra, linkedids: Sequence[str], extension: str) -> None:
        """Take the other side back."""
        ...

    async def mute(
        self, account: AccountT_contra, linkedids: Sequence[str], extension: str, direction: MuteDirection, *, on: bool
    ) -> MuteDirection | None:
        """Mute the phone, or not any more; returns what is muted now. Safe to repeat."""
        ...

    async def transfer(self, account: AccountT_contra, linkedids: Sequence[str], extension: str, to: str) -> None:
        """Send the other side to somebody without asking first."""
        ...

    async def consult(self, account: AccountT_contra, linkedids: Sequence[str], extension: str, to: str) -> None:
        """Ask somebody while the other side waits; then `complete` or `cancel`."""
        ...

    async def complete(self, account: AccountT_contra, linkedids: Sequence[str], extension: str) -> None:
        """Hand the call over to who was asked."""
        ...

    async def cancel(self, account: AccountT_contra, linkedids: Sequence[str], extension: str) -> None:
        """Back to the other side."""
        ...

    async def invite(self, account: AccountT_contra, linkedids: Sequence[str], extension: str, to: str) -> None:
        """Call somebody into the call (a conference)."""
        ...

    async def play(self, account: AccountT_contra, linkedids: Sequence[str], extension: str, digits: str) -> None:
        """Play keys (DTMF) to the other side."""
        ...

    async def pause_recording(self, account: AccountT_contra, linkedids: Sequence[str], *, paused: bool) -> int:
        """Let the call's recordings stand still, or go on; returns how many there are. Safe to repeat."""
        ...

    async def pause_phone(self, account: AccountT_contra, extension: str, *, paused: bool) -> int:
        """Pause a phone for after-call work in all its queues, or end that; returns in how many. Safe to repeat."""
        ...

    async def block(self, account: AccountT_contra, blocked: Mapping[str, datetime | None]) -> None:
        """Refuse the calls of these numbers (until when; None = always) and of no others. Safe to repeat."""
        ...


class CallSupervision(Protocol[AccountT_contra]):
    """What a channel with calls can do for supervisors. Errors: as `Channel`; `Conflict` where nobody talks."""

    async def spy(self, account: AccountT_contra, linkedids: Sequence[str], extension: str, mode: SpyMode) -> str:
        """Put a phone beside a call, or switch it there; returns the extension of the agent."""
        ...

    async def take_over(self, account: AccountT_contra, linkedids: Sequence[str], extension: str) -> str:
        """Lead the outside line of a call to a phone; returns the extension whose place it takes."""
        ...


class PhoneControl(Protocol[AccountT_contra]):
    """The phones of a channel with calls. Errors: as `Channel`."""

    def line(self, account: AccountT_contra, user: str) -> PhoneLine | None:
        """How a person's browser can be a phone there; None where the account does not say."""
        ...

    async def admit(self, account: AccountT_contra, extension: str, password: str) -> PhoneKind | None:
        """Let a browser be the phone of this extension, from now on with this password only; which kind of phone the
        extension has (a desk phone gets no password), None where the far side has none."""
        ...

    async def phones(self, account: AccountT_contra) -> list[PhoneAt]:
        """The phones of the far side, as they are now."""
        ...


class PbxPlan(Protocol[AccountT_contra]):
    """Queues, opening hours, menus and numbers of a far side, described in the hub and rendered as its configuration."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a plan."""
        ...

    def checked(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The plan with its defaults, as JSON; raises `Invalid` naming each field that is wrong or leads nowhere."""
        ...

    def render(self, plan: Mapping[str, Any]) -> dict[str, str]:
        """File name -> text, always the same for the same plan. Raises `Invalid`."""
        ...

    def folder(self, account: AccountT_contra) -> Path | None:
        """Where the far side reads its files, as this hub sees it; None where only an operator can write there."""
        ...

    async def reload(self, account: AccountT_contra) -> dict[str, str]:
        """Have the far side read its files anew; what it said, by its part. Errors: as `Channel`; `SetupError` where
        nobody may ask for it."""
        ...
