"""Where an arrival belongs. Pure: the traces and conversations are handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from hub.model.envelope import Envelope, ThreadKey
from hub.model.subjects import telling_subject
from hub.store.client import Doc
from hub.stream.parties import MOST_PARTIES, People
from hub.stream.reports import reports_of
from hub.stream.threads import MOST_REFERENCES, Trace, Traces, answered, linked

Find = Callable[[str], Doc | None]

MOST_SUBJECT_PEOPLE = 8
"""So many people of a mail may answer it by its subject alone."""
OURS = frozenset({"us"})
"""The marks of a sender who is us."""
_DONE = frozenset({"closed", "archived"})
_US = frozenset({"us"})


@dataclass(slots=True)
class Place:
    """The conversation an arrival joins (None = a new one), why, and which others it joins to it."""

    conversation: str | None = None
    reason: str = "opened"
    detail: str = ""
    also: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bearings:
    """What an arrival goes by: its keys, its subject's keys, and the marks of its sender and of everybody on it."""

    keys: list[ThreadKey]
    subjects: list[str]
    begins: bool
    at: datetime
    sender: frozenset[str]
    everybody: frozenset[str]

    def traces(self, conversation: str, message: str) -> list[Trace]:
        """The traces that the message leaves in its conversation."""
        kept = [(trace_key(key), key.own, None) for key in self.keys if key.kind in ("reference", "exact")]
        subjects = [(key, self.begins, self.at) for key in self.subjects]
        return [
            Trace(key, conversation, message, number, own, self.sender, self.everybody, at)
            for number, (key, own, at) in enumerate([*kept, *subjects])
        ]

    def referring(self, traces: Traces) -> Iterator[tuple[Trace, list[Trace]]]:
        """Its ids as traces, before it has a place, each with those of others that it meets."""
        for key in self.keys:
            if key.kind in ("reference", "exact") and (olds := traces.under(trace_key(key))):
                yield Trace(trace_key(key), "", "", 0, key.own, self.sender, self.everybody), olds

    def titled(self, traces: Traces) -> Iterator[tuple[Trace, list[Trace]]]:
        """Its subject likewise."""
        for key in self.subjects:
            if olds := traces.under(key):
                yield Trace(key, "", "", 0, self.begins, self.sender, self.everybody, self.at), olds


def used_keys(envelope: Envelope) -> list[ThreadKey]:
    """The keys that count: all but the references in the middle of a very long chain."""
    own = [k for k in envelope.thread_keys if k.kind != "reference" or k.own]
    references = [k for k in envelope.thread_keys if k.kind == "reference" and not k.own]
    if len(references) > MOST_REFERENCES:
        references = references[:1] + references[1 - MOST_REFERENCES :]
    return own + references


def look_up_keys(envelope: Envelope) -> Iterator[str]:
    """The keys under which an arrival's traces may meet others."""
    yield from (trace_key(key) for key in used_keys(envelope) if key.kind in ("reference", "exact"))
    yield from _subjects(envelope)
    yield from (f"reference|{report.original}" for report in reports_of(envelope) if report.original)


def bearings_of(envelope: Envelope, people: People) -> Bearings:
    """The bearings of an envelope; our own addresses are nobody."""
    sender = people.marks(envelope.sender.key)
    others = [a.key for a in (*envelope.to, *envelope.cc)[:MOST_PARTIES] if a.key not in envelope.own_keys]
    begins = all(key.own for key in envelope.thread_keys if key.kind == "subject")
    everybody = sender.union(*map(people.marks, others))
    if envelope.direction == "outbound":  # written by us elsewhere: whoever it went to knows the conversation
        sender = everybody = everybody | _US
    return Bearings(used_keys(envelope), [*_subjects(envelope)], begins, envelope.at, sender, everybody)


def trace_key(key: ThreadKey) -> str:
    """The key under which traces meet."""
    return f"{key.kind}|{key.value}"


def call_key(account: str, party: str) -> ThreadKey:
    """The calls of one pair, an account and the other side's address, are in one conversation while that is open."""
    return ThreadKey("exact", f"call:{account}:{party}")


def subject_key(account: str, person: str, subject: str) -> str:
    """The key under which the traces of a subject meet: of one account, and of one person in it."""
    return f"subject|{account}|{person}|{subject}"


def subject_traces(
    message: Doc, conversation: str, receivers: list[str], sender: frozenset[str], people: frozenset[str]
) -> Iterator[Trace]:
    """The traces that the subject of a message of ours leaves: who answers by it alone comes back here. They are
    numbered after those that the message has."""
    told = telling_subject(message["subject"])
    for number, receiver in enumerate(receivers[:MOST_SUBJECT_PEOPLE] if told else ()):
        key = subject_key(message["account"], receiver, told[0] if told else "")
        yield Trace(key, conversation, message["_id"], 1 + number, True, sender, people, message["at"])


def _subjects(envelope: Envelope) -> Iterator[str]:
    subject = next((key.value for key in envelope.thread_keys if key.kind == "subject"), None)
    if subject is not None:
        everybody = (a.key for a in (envelope.sender, *envelope.to[:MOST_PARTIES], *envelope.cc[:MOST_PARTIES]))
        people = [p for p in dict.fromkeys(everybody) if p not in envelope.own_keys and not p.startswith("raw:")]
        yield from (subject_key(envelope.account, person, subject) for person in people[:MOST_SUBJECT_PEOPLE])


def place(bearings: Bearings, traces: Traces, find: Find) -> Place:
    """Choose: an exact pair first, then ids, then a token of ours, then the subject; strangers are refused, with a note
    why. An id that is known says more than the address that a mail was sent to, and a subject says least: mails that
    ids bring together later are joined then, whatever their subjects."""
    refused: list[str] = []
    exact = _by_pair(bearings, traces, find)
    if exact is not None:
        return exact
    found = _by_reference(bearings, traces, refused)
    if not found and (conversation := _by_token(bearings, find, refused)):
        return Place(conversation, "token", "the address it was sent to")
    if not found or bearings.begins:
        for conversation, subject in _by_subject(bearings, traces, find).items():
            found.setdefault(conversation, ("subject", subject))
    if not found:
        detail = f"quoted {refused[0]}" if refused else ""
        return Place(detail=detail[:300])
    winner = min(found)
    apart = set((find(winner) or {}).get("apart", ()))
    reason, detail = found[winner]
    return Place(winner, reason, detail[:300], [c for c in sorted(found) if c != winner and c not in apart])


def _by_pair(bearings: Bearings, traces: Traces, find: Find) -> Place | None:
    for key in bearings.keys:
        for trace in traces.under(trace_key(key)) if key.kind == "exact" else ():
            found = find(trace.conversation)
            if found is not None and found["state"] != "closed":
                return Place(found["_id"], "exact", key.value)
    return None


def _by_reference(bearings: Bearings, traces: Traces, refused: list[str]) -> dict[str, tuple[str, str]]:
    """Conversation -> (reason, id)."""
    found: dict[str, tuple[str, str]] = {}
    for new, olds in bearings.referring(traces):
        for old in olds:
            reason = linked(new, old)
            if reason is None:
                refused.append(f"{new.key.split('|', 1)[1]}, but its sender is no party there")
            else:
                found.setdefault(old.conversation, (reason, new.key.split("|", 1)[1]))
    return found


def _by_token(bearings: Bearings, find: Find, refused: list[str]) -> str | None:
    for key in bearings.keys:
        if key.kind == "token":
            found = find(key.value)
            if found is not None and bearings.sender & _conversation_marks(found):
                return str(found["_id"])
            refused.append("a token of ours, but its sender is no party there")
    return None


def _by_subject(bearings: Bearings, traces: Traces, find: Find) -> dict[str, str]:
    """Conversation -> subject. An answer goes to one: the newest that is not finished. What begins something takes in
    the answers that came before it, as far as they have come to nothing else meanwhile."""
    found: dict[str, str] = {}
    for new, olds in bearings.titled(traces):
        at_home = {old.conversation for old in olds if old.own and old.sender != OURS}
        for old in olds:
            conversation = find(old.conversation)
            if conversation is None or conversation["state"] in _DONE or not answered(new, old):
                continue
            if not bearings.begins or old.conversation not in at_home:
                found.setdefault(conversation["_id"], new.key.split("|", 3)[3])
    if bearings.begins or not found:
        return found
    newest = max(found, key=lambda c: ((find(c) or {}).get("last_seq", 0), c))
    return {newest: found[newest]}


def _conversation_marks(doc: Doc) -> set[str]:
    return {
        *doc["party_keys"],
        *(f"contact:{c}" for c in doc["contacts"]),
        *(f"customer:{c}" for c in doc["customers"]),
    }
