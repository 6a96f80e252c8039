"""The contract between the hub and a channel: what a folder under `channels/` fills in.

The hub supplies supervision, back-off, leases, rate limits, retries and health; a channel contains only its protocol.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from crm_core.ground.errors import NotFound
from hub.calling import CallControl, CallLog, CallSupervision, PbxPlan, PhoneControl, RecordingPlace
from hub.errors import InDoubt, Permanent
from hub.model.delivery import Delivery, DeliveryState
from hub.model.envelope import Envelope
from hub.model.message import MessageOut


class Account(BaseModel):
    """What an operator configures for one account. Each channel extends it; secrets are `SecretStr`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    channel: str
    queue: str = "general"
    enabled: bool = True
    rate_per_minute: int | None = None
    """Most messages sent in a minute; None = no limit."""


AccountT = TypeVar("AccountT", bound=Account)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that `mainstem doctor` looked at on an account's far side. `advice`: what to do, or what to know."""

    ok: bool
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can carry; the console draws its composer from it."""

    text: bool = True
    html: bool = False
    attachments: bool = False
    subject: bool = False
    cc: bool = False
    delivery_reports: bool = False
    read_reports: bool = False
    outbound: bool = True
    max_chars: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Fields of an account that belong together on screen: a heading and the names of the fields, each in both languages.

    Attributes:
        fields: field -> (English, Chinese). A field of a nested model is written `outer.inner`.
        fine: only for fine tuning; the form keeps it folded.
    """

    en: str
    zh: str
    fields: Mapping[str, tuple[str, str]]
    fine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The far side took it."""

    state: DeliveryState = "sent"
    far_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """Raw input. `note` is what the channel wrote beside it (peer, envelope addresses).

    `kept` is false for what was only taken in (`Inlet.take_raw`): it becomes durable together with its message.
    """

    id: str
    account: str
    content: bytes
    at: datetime
    note: Mapping[str, Any]
    correlation: str
    kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What became of a message on one side, for the other side to follow. None = as it was.

    Attributes:
        places: the far side's places of it, as the channel wrote them into `Envelope.ledger`.
    """

    external_id: str
    places: tuple[str, ...] = ()
    seen: bool | None = None
    deleted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """A webhook call as the web edge hands it on. `url` is the public address that the far side signed."""

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What the far side gets back."""

    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""


class Inlet(Protocol):
    """A channel's whole view of the hub, bound to one account."""

    @property
    def calls(self) -> CallLog:
        """The calls of the account."""
        ...

    async def keep_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        """Keep raw input, durably, before anything is made of it."""
        ...

    async def take_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        """Raw input of a far side that keeps it until it hears that the message is stored. Small input becomes durable in
        one commit with the message (hand it to `ingest`), large input at once, as by `keep_raw`."""
        ...

    async def ingest(self, envelope: Envelope, raw: Raw | None = None) -> MessageOut:
        """Put a message into the stream, with its raw input where that was only taken; returns when both are durable. A
        repeat returns the stored message."""
        ...

    async def amend(self, external_id: str, change: Mapping[str, Any]) -> MessageOut | None:
        """Change a stored message by its far side's id (`{"delivery.state": "delivered"}`, `{"call": {...}}`)."""
        ...

    async def position(self) -> dict[str, Any]:
        """Where this account's receiver stands (a bookmark the channel wrote itself); empty at first."""
        ...

    async def move_to(self, position: Mapping[str, Any]) -> None:
        """Write the bookmark."""
        ...

    async def holds(self, external_ids: list[str]) -> set[str]:
        """Which of these far ids the store has, as messages, known repeats or quarantined input."""
        ...

    async def has(self, external_id: str, fingerprint: str | None) -> bool:
        """Whether the store has this very message (`Envelope.fingerprint`), and not only another of the same id."""
        ...

    def connected(self, detail: str = "") -> None:
        """Tell the health page that the connection stands."""
        ...

    def heard(self) -> None:
        """Tell the health page that something came from the far side."""
        ...

    def sign(self, purpose: str, value: str) -> str:
        """A short signed token that carries `value` (a conversation id in a reply address)."""
        ...

    def check(self, purpose: str, token: str) -> str | None:
        """The value of a token of ours, or None when it is not genuine."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook(Generic[AccountT]):
    """One webhook of a channel, mounted at `/hooks/ACCOUNT/PATH`.

    `verify` says whether the call is genuine (a signature); it must not trust anything else.
    """

    path: str
    verify: Callable[[AccountT, HookRequest], bool]
    handle: Callable[[AccountT, HookRequest, Inlet], Awaitable[HookAnswer]]


class Channel(ABC, Generic[AccountT]):
    """A kind of communication. Errors: `Transient` for what may pass, `Permanent` for what a person must mend."""

    kind: ClassVar[str]
    account_model: type[AccountT]
    can: ClassVar[Capabilities]
    form: ClassVar[tuple[Section, ...]] = ()
    """How the account form is laid out; fields that it does not name come last, under their own names."""
    hooks: tuple[Hook[AccountT], ...] = ()
    control: CallControl[AccountT] | None = None
    """Of a channel with calls: dialling and hanging up."""
    supervision: CallSupervision[AccountT] | None = None
    """Of a channel with calls: listening, whispering, joining, taking over."""
    phones: PhoneControl[AccountT] | None = None
    """Of a channel with calls: which phones there are, and browsers as phones."""
    plan: PbxPlan[AccountT] | None = None
    """Of a channel with calls: its far side's queues, hours, menus and numbers, described in the hub."""
    receives: ClassVar[bool] = True
    """Whether an account holds a connection (then one hub owns it, by lease)."""

    @abstractmethod
    async def probe(self, account: AccountT) -> None:
        """Try the configuration against the far side; raises with the reason."""

    async def examine(self, account: AccountT, queues: Sequence[str]) -> list[Remark]:
        """What is to be said of the far side beyond `probe`, after it; must change nothing there.

        Args:
            queues: the ids of the hub's queues.
        """
        return []

    @abstractmethod
    async def receive(self, account: AccountT, inlet: Inlet) -> None:
        """Take messages in until cancelled; raises when the connection is lost (the hub calls again, with back-off)."""

    @abstractmethod
    async def replay(self, account: AccountT, raw: Raw, inlet: Inlet) -> None:
        """Make messages of raw input that was kept but not finished (after a crash). Must be safe to repeat."""

    @abstractmethod
    async def send(self, account: AccountT, delivery: Delivery, inlet: Inlet) -> Receipt:
        """Hand a message to the far side, once."""

    def owns(self, account: AccountT, key: str) -> bool:
        """Whether an address key is the account's own, so that an answer to all leaves it out."""
        return False

    def make_id(self, account: AccountT, message: str) -> str:
        """The external id of a message of ours, made before the first try and the same at each."""
        return message

    async def find_sent(self, account: AccountT, delivery: Delivery) -> Receipt | None:
        """After a crash: did the far side get it? None = surely not.

        Raises:
            InDoubt: the far side cannot be asked; the account's `in_doubt` policy decides.
        """
        raise InDoubt(f"{account.id}: the far side cannot be asked about {delivery.external_id}")

    def keeps_copies(self, account: AccountT) -> bool:
        """Whether a copy of what went out is to be filed at the far side (`file_copy`)."""
        return False

    async def file_copy(self, account: AccountT, delivery: Delivery, inlet: Inlet) -> None:
        """File our copy of a message that went out: once, however often this is called.

        Raises:
            Transient: not now; it is asked for again.
            Permanent: there is no place for copies.
        """

    async def follow(self, account: AccountT, marks: Sequence[Marks], inlet: Inlet) -> None:
        """Bring the far side's marks (read, deleted) in step with ours. Must be safe to repeat; a channel whose far
        side keeps none has nothing to do."""

    async def backfill(
        self, account: AccountT, since: datetime, inlet: Inlet, tell: Callable[[int, int], Awaitable[None]]
    ) -> int:
        """Take in what came since then and is not held; returns how many were looked at. Safe to repeat, and beside
        `receive`.

        Args:
            tell: is told how much is done, of how much.

        Raises:
            Permanent: the far side keeps nothing to fill in from.
        """
        raise Permanent(f"the far side of {account.id} keeps nothing that could be filled in")

    async def composed(self, account: AccountT, delivery: Delivery, inlet: Inlet) -> bytes | None:
        """A message of ours as it goes over the wire, for exports; None where it is no mail (RFC 5322)."""
        return None

    def recordings(self, account: AccountT) -> RecordingPlace | None:
        """Where recordings of calls are found; None where there are none, or nobody here can read them."""
        return None

    def inventory(self, account: AccountT, since: datetime) -> AsyncIterator[str] | None:
        """The far side's ids since then, for `mainstem reconcile`; None where the far side keeps nothing."""
        return None


AnyChannel = Channel[Any]


def load(kind: str) -> AnyChannel:
    """The channel of a kind, found by folder name: `channels/KIND/` exports `channel`."""
    if kind not in kinds():
        raise NotFound(f"there is no channel {kind!r}; installed: {', '.join(kinds())}", channel=kind)
    return cast(AnyChannel, importlib.import_module(f"channels.{kind}").channel)


def kinds() -> list[str]:
    """The kinds of channel that are installed."""
    package = importlib.import_module("channels")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)
