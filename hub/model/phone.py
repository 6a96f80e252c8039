"""Phones of the house as everybody outside the channel sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from hub.model.conversation import PersonRef

PhoneKind = Literal["desk", "browser"]


class IceServer(TypedDict):
    """As a browser's `RTCPeerConnection` takes it."""

    urls: list[str]
    username: NotRequired[str]
    credential: NotRequired[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLine:
    """How phones in browsers reach the far side: where the hub carries their SIP to, and the way of their sound.

    Attributes:
        relay_only: sound goes through a server of these, and never straight.
        lasts_s: the servers' passwords run out after so long; None where they have none.
    """

    url: str
    ice_servers: list[IceServer]
    relay_only: bool = False
    lasts_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAt:
    """A phone as the far side knows it.

    Attributes:
        state: in the far side's words (`Not in use`, `Ringing`, `Unavailable` ...).
        contact: where it is registered, as far as the far side says it.
    """

    extension: str
    kind: PhoneKind
    state: str
    registered: bool
    contact: str = ""
    agent: str = ""


class SoundWay(TypedDict):
    """The way of the sound of a phone in a browser. `renew_in_s`: ask for it anew then, before passwords run out."""

    ice_servers: list[IceServer]
    relay_only: bool
    renew_in_s: int | None


class MyPhone(SoundWay):
    """What the console needs to be its owner's phone. `desk`: the phone stands on the desk, and the rest is empty."""

    account: str
    extension: str
    kind: PhoneKind
    sip_uri: str
    password: str
    ws_url: str


class PhoneOut(TypedDict):
    """A phone, who has it, and where it is. `kind` is None where the far side has no such phone.

    `registered_from`: a browser's address, or the desk phone's. `since`: of a browser, when it came.
    """

    account: str
    extension: str
    kind: PhoneKind | None
    state: str
    registered: bool
    registered_from: str
    agent: str
    since: datetime | None
    user: PersonRef | None
