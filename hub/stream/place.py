"""Where an arrival belongs. Pure: the traces and conversations are handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.model.envelope import Envelope, ThreadKey
from hub.store.client import Doc
from hub.stream.parties import MOST_PARTIES, People
from hub.stream.threads import MOST_REFERENCES, Trace, Traces, linked

Find = Callable[[str], Doc | None]


@dataclass(slots=True)
class Place:
    """The conversation an arrival joins (None = a new one), why, and which others it joins to it."""

    conversation: str | None = None
    reason: str = "opened"
    detail: str = ""
    also: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bearings:
    """What an arrival goes by: its keys, and the marks of its sender and of everybody on it."""

    keys: list[ThreadKey]
    sender: frozenset[str]
    everybody: frozenset[str]

    def traces(self, conversation: str, message: str) -> list[Trace]:
        """The traces that the message leaves in its conversation."""
        kept = [key for key in self.keys if key.kind != "token"]
        return [
            Trace(trace_key(key), conversation, message, number, key.own, self.sender, self.everybody)
            for number, key in enumerate(kept)
        ]


def used_keys(envelope: Envelope) -> list[ThreadKey]:
    """The keys that count: all but the references in the middle of a very long chain."""
    own = [k for k in envelope.thread_keys if k.kind != "reference" or k.own]
    references = [k for k in envelope.thread_keys if k.kind == "reference" and not k.own]
    if len(references) > MOST_REFERENCES:
        references = references[:1] + references[1 - MOST_REFERENCES :]
    return own + references


def bearings_of(envelope: Envelope, people: People) -> Bearings:
    """The bearings of an envelope; our own addresses are nobody."""
    sender = people.marks(envelope.sender.key)
    others = [a.key for a in (*envelope.to, *envelope.cc)[:MOST_PARTIES] if a.key not in envelope.own_keys]
    return Bearings(used_keys(envelope), sender, sender.union(*map(people.marks, others)))


def trace_key(key: ThreadKey) -> str:
    """The key under which traces meet."""
    return f"{key.kind}|{key.value}"


def place(bearings: Bearings, traces: Traces, find: Find) -> Place:
    """Choose: an exact pair first, then a token of ours, then references; strangers are refused, with a note why."""
    refused: list[str] = []
    for key in bearings.keys:
        if key.kind == "exact":
            for trace in traces.under(trace_key(key)):
                found = find(trace.conversation)
                if found is not None and found["state"] != "closed":
                    return Place(found["_id"], "exact", key.value)
    for key in bearings.keys:
        if key.kind == "token":
            found = find(key.value)
            if found is not None and bearings.sender & _conversation_marks(found):
                return Place(found["_id"], "token", "the address it was sent to")
            refused.append("a token of ours, but its sender is no party there")
    return _by_reference(bearings, traces, find, refused)


def _by_reference(bearings: Bearings, traces: Traces, find: Find, refused: list[str]) -> Place:
    found: dict[str, tuple[str, str]] = {}
    for new in bearings.traces("", ""):
        for old in traces.under(new.key):
            reason = linked(new, old)
            if reason is None:
                refused.append(f"{new.key.split('|', 1)[1]}, but its sender is no party there")
            else:
                found.setdefault(old.conversation, (reason, new.key.split("|", 1)[1]))
    if not found:
        detail = f"quoted {refused[0]}" if refused else ""
        return Place(detail=detail[:300])
    winner = min(found)
    apart = set((find(winner) or {}).get("apart", ()))
    reason, detail = found[winner]
    return Place(winner, reason, detail[:300], [c for c in sorted(found) if c != winner and c not in apart])


def _conversation_marks(doc: Doc) -> set[str]:
    return {
        *doc["party_keys"],
        *(f"contact:{c}" for c in doc["contacts"]),
        *(f"customer:{c}" for c in doc["customers"]),
    }
