"""Which messages belong together: a rule between pairs of messages, so that the order of arrival does not matter.

Each message leaves *traces*: one for its own id, one per id that it refers to. Two messages that left a trace under
the same id are linked when the one who refers was a party of the message referred to (an address, a contact or a
customer of it). So a stranger who quotes an id joins nothing, whoever arrives first. A conversation is a connected
set of linked messages; an arrival that links two conversations joins them.

A message that refers to no other leaves traces of its subject as well, one for each person on it (`answered`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter

from hub.store.client import Doc
from hub.store.collections import THREADS
from hub.store.unit import Unit

MOST_REFERENCES = 20
SUBJECT_AGE = timedelta(days=14)
"""Mails of one subject are further apart than this: another matter."""
CLOCKS_DIFFER = timedelta(hours=1)
"""So much may an answer seem to be older than what it answers."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One id that a message has (`own`) or refers to.

    Attributes:
        number: of the trace among those of its message; the two make its id in the store.
        sender: marks of who wrote the message (see `People.marks`).
        people: marks of everybody on it: writer, receivers, copies.
        at: when it was written; of traces of a subject only.
    """

    key: str
    conversation: str
    message: str
    number: int
    own: bool
    sender: frozenset[str]
    people: frozenset[str]
    at: datetime | None = None

    def document(self) -> Doc:
        """As stored."""
        return ({"at": self.at} if self.at else {}) | {
            "_id": trace_id(self.message, self.number),
            "key": self.key,
            "conversation": self.conversation,
            "own": self.own,
            "sender": sorted(self.sender),
            "people": sorted(self.people),
        }


def linked(new: Trace, old: Trace) -> str | None:
    """Why two messages that share an id belong together; None when they do not."""
    if new.own and old.own:
        return "same-message" if new.sender & old.sender else None
    if old.own:
        return "reference" if new.sender & old.people else None
    if new.own:
        return "referenced-by" if old.sender & new.people else None
    if new.sender & old.people and old.sender & new.people:
        return "sibling"  # both answer a message that we never got
    return None


def answered(new: Trace, old: Trace) -> bool:
    """Whether two messages of one subject are question and answer: one of them is an answer (not `own`) of somebody who
    was on the other, written after it, and not long after. Two that both begin something never belong together."""
    return _answers(new, old) or _answers(old, new)


def _answers(answer: Trace, other: Trace) -> bool:
    if answer.own or answer.at is None or other.at is None or not answer.sender & other.people:
        return False
    return -CLOCKS_DIFFER <= answer.at - other.at <= SUBJECT_AGE


class Traces:
    """The traces that matter to a batch: those stored, and those the batch itself leaves."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[Trace]] = defaultdict(list)
        self.left: list[Trace] = []

    async def look_up(self, unit: Unit, keys: Iterable[str]) -> None:
        """Read the stored traces under these keys."""
        wanted = list(set(keys))
        if not wanted:
            return
        found = await unit.beside[THREADS].find({"key": {"$in": wanted}}, batch_size=2000).to_list()
        for doc in sorted(found, key=itemgetter("_id")):
            self._by_key[doc["key"]].append(
                Trace(
                    doc["key"],
                    doc["conversation"],
                    *_message_and_number(doc["_id"]),
                    doc["own"],
                    frozenset(doc["sender"]),
                    frozenset(doc["people"]),
                    doc.get("at"),
                )
            )

    def conversations(self) -> set[str]:
        """All conversations that the traces read so far speak of."""
        return {trace.conversation for traces in self._by_key.values() for trace in traces}

    def under(self, key: str) -> list[Trace]:
        """The traces under a key, oldest first."""
        return self._by_key.get(key, [])

    def leave(self, trace: Trace) -> None:
        """A message of this batch leaves a trace."""
        self._by_key[trace.key].append(trace)
        self.left.append(trace)

    def moved(self, loser: str, winner: str) -> None:
        """One conversation was joined into another: its traces lead there now."""
        for traces in self._by_key.values():
            traces[:] = [_in(t, winner) if t.conversation == loser else t for t in traces]
        self.left = [_in(t, winner) if t.conversation == loser else t for t in self.left]


def _in(trace: Trace, conversation: str) -> Trace:
    return replace(trace, conversation=conversation)


def trace_id(message: str, number: int) -> str:
    """The id of a message's trace: whoever has the message finds its traces without an index of their own."""
    return f"{message}|{number}"


def _message_and_number(trace: str) -> tuple[str, int]:
    message, _, number = trace.rpartition("|")
    return message, int(number)
