"""What a batch needs to know before it decides: all of it in a handful of queries, once the unit has the turn."""

from __future__ import annotations

from collections import defaultdict

from hub.model.address import Address
from hub.model.envelope import Envelope
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, MESSAGES
from hub.store.unit import Unit, at_once
from hub.stream.ops import Amendment, Arrival, Op, Writing
from hub.stream.parties import MOST_PARTIES, People
from hub.stream.place import look_up_keys
from hub.stream.reported import Reported
from hub.stream.rulebook import rules_in_force
from hub.stream.threads import Traces
from hub.stream.twins import Twins

_ALL = 2000
"""Documents in one answer of the server: a batch needs them all at once."""


class Found:
    """What the store holds of everything that a batch speaks of.

    Attributes:
        people: who the addresses are.
        traces: which messages share an id with those that arrive.
        stored: messages by (account, external id), to tell repeats.
        written: messages by client id, to tell repeats of what we write.
        amending: the messages that are to be changed, by id.
        reported: which messages of ours the arrivals report on.
        twins: which messages the arrivals are copies of, that came to another of our mailboxes.
        rules: what is done with arrivals before anybody sees them.
        conversations: by id; those that the batch opens are put in by the batch.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self.people = People()
        self.traces = Traces()
        self.stored: dict[tuple[str, str], Doc] = {}
        self.written: dict[str, Doc] = {}
        self.amending: dict[str, Doc] = {}
        self.reported = Reported()
        self.twins = Twins()
        self.rules: list[Doc] = []
        self.conversations: dict[str, Doc] = {}

    async def look_up(self, ops: list[Op]) -> None:
        """Read it all: first what the operations name, then what that leads to."""
        arrivals = [op for op in ops if isinstance(op, Arrival)]
        writings = [op for op in ops if isinstance(op, Writing)]
        envelopes = [op.envelope for op in arrivals]
        await at_once(
            self._stored(envelopes),
            self.people.look_up(self._unit, _keys(arrivals, writings)),
            self.traces.look_up(self._unit, (key for envelope in envelopes for key in look_up_keys(envelope))),
            self._written([op.draft.client_id for op in writings if op.draft.client_id]),
            self._amending([op.message for op in ops if isinstance(op, Amendment)]),
            self._rules(envelopes),
        )
        await self.reported.look_up(self._unit, envelopes, self.traces)
        self.amending = self.reported.messages() | self.amending
        fresh = (e for e in envelopes if (e.account, e.external_id) not in self.stored)
        await self.twins.look_up(self._unit, fresh, self.traces)
        wanted = self.traces.conversations()
        wanted |= {k.value for e in envelopes for k in e.thread_keys if k.kind == "token"}
        wanted |= {op.draft.conversation for op in writings if not op.opening}
        wanted |= {doc["conversation"] for doc in self.amending.values()}
        await self._conversations(wanted)

    def conversation(self, conversation: str) -> Doc | None:
        """A living conversation; one that was joined away leads to where it went."""
        doc = self.conversations.get(conversation)
        while doc is not None and doc["state"] == "merged":
            doc = self.conversations.get(doc["merged_into"])
        return doc

    async def _stored(self, envelopes: list[Envelope]) -> None:
        ids: dict[str, set[str]] = defaultdict(set)
        for e in envelopes:
            ids[e.account].add(e.external_id)
        await self._by_external_ids(ids)
        reused: dict[str, set[str]] = defaultdict(set)
        for e in envelopes:
            stored = self.stored.get((e.account, e.external_id))
            if stored and e.fingerprint and stored.get("fingerprint") != e.fingerprint:
                reused[e.account].add(id_of_its_own(e.external_id, e.fingerprint))
        await self._by_external_ids(reused)

    async def _by_external_ids(self, by_account: dict[str, set[str]]) -> None:
        for account, ids in by_account.items():
            for doc in await self._messages({"account": account, "external_id": {"$in": list(ids)}}):
                self.stored[account, doc["external_id"]] = doc

    async def _rules(self, envelopes: list[Envelope]) -> None:
        if any(e.direction == "inbound" and e.kind == "message" for e in envelopes):
            self.rules = await rules_in_force(self._unit)

    async def _written(self, clients: list[str]) -> None:
        if clients:
            self.written = {d["client_id"]: d for d in await self._messages({"client_id": {"$in": clients}})}

    async def _amending(self, ids: list[str]) -> None:
        if ids:
            self.amending = {d["_id"]: d for d in await self._messages({"_id": {"$in": ids}})}

    async def _messages(self, query: Doc) -> list[Doc]:
        return await self._unit.beside[MESSAGES].find(query, batch_size=_ALL).to_list()

    async def _conversations(self, wanted: set[str]) -> None:
        while wanted:
            query = {"_id": {"$in": list(wanted)}}
            for doc in await self._unit.beside[CONVERSATIONS].find(query, batch_size=_ALL).to_list():
                self.conversations[doc["_id"]] = doc
            gone = {d["merged_into"] for d in self.conversations.values() if d["state"] == "merged"}
            wanted = gone - self.conversations.keys()


def _keys(arrivals: list[Arrival], writings: list[Writing]) -> set[str]:
    """The address keys of everybody."""
    return {a.key for op in arrivals for a in addresses_of(op)} | {
        a.key for op in writings for a in (*recipients_of(op), *op.draft.cc, *op.draft.bcc)
    }


def addresses_of(op: Arrival) -> list[Address]:
    """Everybody on an arrival who counts as a party."""
    e = op.envelope
    return [e.sender, *(*e.to, *e.cc)[:MOST_PARTIES]]


def recipients_of(op: Writing) -> list[Address]:
    """Who a message of ours names as its receivers."""
    return [*(op.opening.to if op.opening else op.draft.to)]


def id_of_its_own(external_id: str, fingerprint: str | None) -> str:
    """The id under which a second message is kept whose careless sender used an id again."""
    return f"{external_id}#{fingerprint[:12]}" if fingerprint else external_id
