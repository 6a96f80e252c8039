"""Which supervisors' phones are beside a call now, by the PBX's word: from the moment they hear it until they hang up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from channels.telephony.ami import Fields
from channels.telephony.events import SPY
from channels.telephony.leg_steps import endpoint_of
from hub.calling import CallLog, PhoneBeside
from hub.model.call import SpyMode

_MODES: dict[str, SpyMode] = {each: each for each in get_args(SpyMode)}
"""The extensions of the context `mainstem-spy`."""


class Beside:
    """Of one PBX. Nothing of it is kept: whoever listens next asks the PBX."""

    def __init__(self) -> None:
        self._phones: dict[str, PhoneBeside] = {}
        self._news = True

    def take(self, channels: Sequence[Fields]) -> None:
        """All channels that there are (`CoreShowChannel`)."""
        linked = {each.get("Channel", ""): each.get("Linkedid", "") for each in channels}
        self._phones = {}
        for each in channels:
            if each.get("Application") == "ChanSpy":
                heard = each.get("ApplicationData", "").partition(",")[0]
                self._comes(
                    each.get("Uniqueid", ""), each.get("Channel", ""), linked.get(heard, ""), each.get("Exten", "")
                )
        self._news = True

    def hear(self, events: Iterable[Fields]) -> None:
        """What the PBX tells. Between two manners of being there a phone is nowhere for a moment: that is no end."""
        for each in events:
            match each.get("Event"):
                case "ChanSpyStart":
                    heard, mode = each.get("SpyeeLinkedid", ""), each.get("SpyerExten", "")
                    self._comes(each.get("SpyerUniqueid", ""), each.get("SpyerChannel", ""), heard, mode)
                case "Hangup":
                    self._news |= self._phones.pop(each.get("Uniqueid", ""), None) is not None

    async def tell(self, calls: CallLog) -> None:
        """Have supervisors told where something changed.

        Raises:
            Unavailable: the store is away.
        """
        if self._news:
            self._news = False
            await calls.beside(tuple(self._phones.values()))

    def _comes(self, uniqueid: str, channel: str, linkedid: str, mode: str) -> None:
        if uniqueid.startswith(SPY) and mode in _MODES:
            self._phones[uniqueid] = PhoneBeside(endpoint_of(channel), linkedid, _MODES[mode])
            self._news = True
