"""Calls as a real Asterisk told them (`tests/channels/telephony/traces`), made over for other people, again and again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.bench.child import ROOT

TRACES = ROOT / "tests" / "channels" / "telephony" / "traces"
MIX = ("queue-answered", "abandoned", "two-answer-at-once", "blind-transfer", "queue-answered", "held")
FIRST_EXTENSION = 2000
CREW = 5
"""Agents of one queue."""
_CALLER = "13800138000"
_UNIQUE = re.compile(r"\b(\d{10})\.(\d+)\b")
_CHANNEL = re.compile(r"-([0-9a-f]{8})(?=;|$)")
_BRIDGE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PHONE = re.compile(r"\b100([1-4])\b")
_QUEUE = re.compile(r"\bsupport\b")
STAMP = b"Timestamp: 0\r\n"
"""Stands where the moment of sending goes."""


def number_of(contact: int) -> str:
    """The phone number of a contact, as the carrier writes it."""
    return f"138{contact:08}"


def queue_name(number: int) -> str:
    """A queue, by the PBX's name and ours."""
    return f"support{number}"


@dataclass(frozen=True)
class Script:
    """One recorded flow."""

    name: str

    @cached_property
    def _events(self) -> list[tuple[float, dict[str, str]]]:
        lines = (TRACES / f"{self.name}.jsonl").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        began = float(events[0]["Timestamp"])
        return [(float(each["Timestamp"]) - began, each) for each in events]

    def events(self, call: int, number: str, agents: int, queue: int | None = None) -> Iterator[tuple[float, bytes]]:
        """Seconds after the beginning, and what goes over the wire, of the call with this number; where a queue is given, it
        comes there, to the first phone of that queue."""
        made = _Names(call, number, agents, queue)
        for after, fields in self._events:
            lines = [f"{key}: {made.over(value)}\r\n" for key, value in fields.items() if key != "Timestamp"]
            yield after, "".join(lines).encode() + STAMP + b"\r\n"


@dataclass
class _Names:
    """Ids, channels, bridges and phones of one call: nobody else has them, and within the call they stay the same."""

    call: int
    number: str
    agents: int
    own_queue: int | None

    def over(self, value: str) -> str:
        """The value, of this call."""
        value = value.replace(_CALLER, self.number)
        value = _BRIDGE.sub(lambda found: f"{found[0][:8]}-{self.call}", value)
        value = _UNIQUE.sub(lambda found: f"{found[1]}.{self.call * 1000 + int(found[2]) % 1000}", value)
        value = _CHANNEL.sub(lambda found: f"-{self.call:06x}{found[1][-2:]}", value)
        value = _QUEUE.sub(queue_name(self._queue), value)
        return _PHONE.sub(lambda found: str(self._extension(int(found[1]))), value)

    @property
    def _queue(self) -> int:
        return self.call % (self.agents // CREW) if self.own_queue is None else self.own_queue

    def _extension(self, place: int) -> int:
        number = (self.call * 4 + place) % CREW if self.own_queue is None else 0
        return FIRST_EXTENSION + self._queue * CREW + number
