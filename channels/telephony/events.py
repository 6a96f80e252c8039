"""Which AMI events matter to a call, and to which call each belongs (Asterisk 22, AMI 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = frozenset({
    "Newchannel", "Newstate", "NewCallerid", "NewConnectedLine", "Hangup", "HangupRequest",
    "DialBegin", "DialState", "DialEnd",
    "BridgeEnter", "BridgeLeave", "Hold", "Unhold",
    "QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon",
    "AgentCalled", "AgentConnect", "AgentComplete", "AgentRingNoAnswer", "AgentDump",
    "BlindTransfer", "AttendedTransfer", "LocalBridge", "Pickup",
    "ParkedCall", "UnParkedCall", "ParkedCallTimeOut", "ParkedCallGiveUp",
    "MixMonitorStart", "MixMonitorStop", "MixMonitorMute",
    "ConfbridgeStart", "ConfbridgeJoin", "ConfbridgeLeave", "ConfbridgeEnd",
    "MainstemBlindEnd", "MainstemTapeDoubt", "MainstemTapeOver",
})  # fmt: skip
"""`MainstemBlindEnd` is our own: a channel that was gone when we looked again after a lost connection; `MainstemTapeDoubt`:
a recording of which we cannot know any more whether it stands still; `MainstemTapeOver`: a channel that is recorded no more,
by the PBX's answer when we asked."""

OURS = frozenset({"MainstemHold", "MainstemUnhold", "MainstemInvited", "MainstemBlocked", "MainstemVoicemail"})
"""What the hub that acts, or our dialplan, tells by AMI's `UserEvent`."""
_HELPERS = ("@mainstem-hold-", "@mainstem-blocked-list-")
"""Channels that play music to who is on hold, or write the list of blocked numbers: no calls."""
SPY = "mainstem-spy-"
"""Unique ids of supervisors' phones beside a call begin so: they are no calls, and nobody's talk time."""

_LINKED = (
    "Linkedid",
    "OrigTransfererLinkedid",
    "TransfererLinkedid",
    "LocalOneLinkedid",
    "ParkeeLinkedid",
    "DestLinkedid",
)
_EARLIEST = 946_684_800.0
"""The year 2000: what is before that is no time of day."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One kept event: what the PBX said, and when.

    Attributes:
        n: its place among all events of the account; 0 while it has none.
        at: by the PBX's clock where it says so (`timestampevents`), else when it was heard.
    """

    fields: Mapping[str, str]
    at: datetime
    n: int = 0

    @property
    def name(self) -> str:
        name = self.fields.get("Event", "")
        return self.fields.get("UserEvent", "") if name == "UserEvent" else name

    @property
    def linkedid(self) -> str:
        """The call it belongs to by the PBX's word; empty when it says nothing."""
        return next((self.fields[key] for key in _LINKED if self.fields.get(key)), "")

    @property
    def uniqueid(self) -> str:
        """The channel it is about."""
        return self.fields.get("Uniqueid", "")

    @property
    def beside(self) -> bool:
        """It is about a supervisor's phone beside a call."""
        return self.linkedid.startswith(SPY) or self.uniqueid.startswith(SPY)

    def get(self, field: str) -> str:
        """A field; `<unknown>`, as Asterisk writes where it knows nothing, is nothing."""
        value = self.fields.get(field, "")
        return "" if value == "<unknown>" else value


def is_kept(fields: Mapping[str, str]) -> bool:
    """Whether an event of the PBX has to do with a call."""
    name = fields.get("Event", "")
    told = fields.get("UserEvent") in OURS if name == "UserEvent" else name in KEPT
    return told and not any(is_helper(fields.get(key, "")) for key in ("Channel", "DestChannel", "LocalOneChannel"))


def is_helper(channel: str) -> bool:
    """Whether a channel only serves the hub, and is in no call."""
    return any(context in channel for context in _HELPERS)


def heard_at(fields: Mapping[str, str], heard: datetime) -> datetime:
    """The event's own time, to the microsecond, or when it was heard."""
    try:
        stamp = float(fields.get("Timestamp", ""))
        return datetime.fromtimestamp(stamp, UTC) if stamp > _EARLIEST else heard
    except (ValueError, OverflowError, OSError):
        return heard
