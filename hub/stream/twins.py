"""One mail that was sent to two of our mailboxes is one message: the second copy is noted on the first (`also`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.model.envelope import Envelope
from hub.store.client import Doc
from hub.store.collections import MESSAGES
from hub.store.unit import Unit
from hub.stream.conversations import add_unique, links_of
from hub.stream.threads import Traces


class Twins:
    """The messages of other accounts that arrivals may be copies of, by id."""

    def __init__(self) -> None:
        self._known: dict[str, Doc] = {}

    async def look_up(self, unit: Unit, envelopes: Iterable[Envelope], traces: Traces) -> None:
        """Read the messages that bear the ids of these envelopes. Usually there are none, and nothing is asked."""
        ids = {message for envelope in envelopes for message in _bearers(envelope, traces)}
        if ids:
            found = unit.beside[MESSAGES].find({"_id": {"$in": sorted(ids)}}, batch_size=2000)
            self._known |= {doc["_id"]: doc async for doc in found}

    def add(self, doc: Doc) -> None:
        """A message that the batch itself stores, or a newer state of one."""
        self._known[doc["_id"]] = doc

    def known(self) -> Iterable[Doc]:
        """All that were read or added."""
        return self._known.values()

    def of(self, envelope: Envelope, traces: Traces) -> Doc | None:
        """The message that this envelope is a copy of: the same id, made of the same content, in another account."""
        for message in _bearers(envelope, traces):
            doc = self._known.get(message)
            if doc is None or not envelope.fingerprint or doc.get("fingerprint") != envelope.fingerprint:
                continue
            if doc["account"] != envelope.account and doc["direction"] == envelope.direction:
                return doc
        return None


def with_copy(doc: Doc, envelope: Envelope) -> Doc | None:
    """The message with the copy noted; None where it is noted already."""
    noted = doc.get("also") or []
    if any(each["account"] == envelope.account for each in noted):
        return None
    copy: dict[str, Any] = {"account": envelope.account, "raw": envelope.raw, "ledger": envelope.ledger}
    return {**doc, "also": [*noted, copy], "revision": doc["revision"] + 1}


def came_to_also(conversation: Doc, account: str, own_keys: frozenset[str]) -> None:
    """The conversation belongs to another account too, whose own addresses are no parties of it."""
    add_unique(conversation["accounts"], [account])
    both = zip(conversation["party_keys"], conversation["parties"], strict=True)
    kept = [(key, party) for key, party in both if key not in own_keys]
    conversation["party_keys"], conversation["parties"] = [key for key, _ in kept], [party for _, party in kept]
    conversation["links"] = links_of(conversation)
    conversation["revision"] += 1


def _bearers(envelope: Envelope, traces: Traces) -> list[str]:
    """The messages that have this envelope's own id."""
    own = [f"reference|{key.value}" for key in envelope.thread_keys if key.kind == "reference" and key.own]
    return [trace.message for key in own for trace in traces.under(key) if trace.own]
