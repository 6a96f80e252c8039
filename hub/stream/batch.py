"""One batch of the commit loop inside one unit of work: look everything up, decide in memory, write it all."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import Any, Literal

from pymongo import InsertOne, ReplaceOne, UpdateOne

from crm_core.access.actor import SYSTEM
from crm_core.ground.errors import Invalid, MainstemError, NotFound
from crm_core.ground.ids import new_id
from hub.events import ForwardAsked, MessageAmended, MessageAppended, OutboxFilled
from hub.model.address import Address
from hub.model.conversation import conversation_out, conversation_rooms
from hub.model.envelope import Envelope
from hub.model.message import MessageOut, Party, message_hint, message_out
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, LEDGER, MESSAGES, MOVES, OUTBOX, RAW, REPEATS, THREADS
from hub.store.mail_collections import ADDRESS_FACTS
from hub.store.unit import Unit
from hub.stream.amending import amended
from hub.stream.conversations import announce_conversation, new_conversation
from hub.stream.documents import arrival_document, last_inbound, take_in, writing_document
from hub.stream.found import Found, addresses_of, id_of_its_own, recipients_of
from hub.stream.moves import absorb
from hub.stream.ops import Amendment, Arrival, Op, Writing
from hub.stream.place import OURS, Place, bearings_of, place, subject_traces
from hub.stream.reports import address_fact, changes_of, could_not_be_reached
from hub.stream.ruled import rule_conversation
from hub.stream.rules import Effects, apply_rules, facts_of
from hub.stream.threads import Trace
from hub.stream.twins import came_to_also, with_copy

Outcome = MessageOut | MainstemError


class Batch:
    """Works through operations in order. Made anew for each try, so that a repeated transaction starts clean."""

    def __init__(self, unit: Unit, ops: list[Op]) -> None:
        self._unit = unit
        self._ops = ops
        self._found = Found(unit)
        self._before: dict[str, Doc] = {}
        self._fresh: set[str] = set()
        self._touched: set[str] = set()
        self._inserts: dict[str, list[Doc]] = defaultdict(list)
        self._settled_raw: list[str] = []
        self._address_facts: list[tuple[str, Doc]] = []

    async def run(self) -> list[Outcome]:
        """Commit the batch within the unit; one outcome per operation, in order."""
        seq = self._unit.first_seq
        await self._found.look_up(self._ops)
        outcomes: list[Outcome] = []
        for number, op in enumerate(self._ops):
            try:
                outcomes.append(await self._apply(op, seq + number))
            except MainstemError as error:
                outcomes.append(error)
        await self._write()
        return outcomes

    # -- deciding --------------------------------------------------------------------------------------------

    async def _apply(self, op: Op, seq: int) -> MessageOut:
        match op:
            case Arrival():
                return await self._arrive(op, seq)
            case Writing():
                return self._write_ours(op, seq)
            case Amendment():
                return self._amend(op)

    async def _arrive(self, op: Arrival, seq: int) -> MessageOut:
        e = op.envelope
        external_id = e.external_id
        stored = self._found.stored.get((e.account, external_id))
        if stored and _is_ours_come_back(e, stored):
            return self._repeat(op, stored)
        if stored and stored.get("fingerprint") != e.fingerprint and e.fingerprint:
            external_id = id_of_its_own(external_id, e.fingerprint)
            stored = self._found.stored.get((e.account, external_id))
        if stored:
            return self._repeat(op, stored)
        if twin := self._found.twins.of(e, self._found.traces):
            return self._copy(op, twin)
        return await self._store(op, seq, external_id)

    def _repeat(self, op: Arrival, stored: Doc) -> MessageOut:
        self._settle(op, stored["external_id"])
        self._inserts[REPEATS].append(_repeat(op, stored))
        return message_out(stored)

    def _copy(self, op: Arrival, twin: Doc) -> MessageOut:
        """The same mail came to another mailbox of ours: the message notes it, and our own address is no party."""
        e = op.envelope
        twin = self._found.amending.get(twin["_id"], twin)
        noted = with_copy(twin, e)
        if noted is None:
            return self._repeat(op, twin)
        if any(doc is twin for doc in self._inserts[MESSAGES]):
            twin.update(noted)
            noted = twin
        else:
            self._found.amending[twin["_id"]] = noted
            noted["_changed"] = True
            self._found.twins.add(noted)
        conversation = self._found.conversation(noted["conversation"])
        if conversation is not None:
            before = dict(conversation)
            self._touch(conversation)
            came_to_also(conversation, e.account, e.own_keys)
            announce_conversation(self._unit, before, conversation)
        return self._repeat(op, noted)

    async def _store(self, op: Arrival, seq: int, external_id: str) -> MessageOut:
        e = op.envelope
        bearings = bearings_of(e, self._found.people)
        reports = self._found.reported.of(e)
        if reports:  # whoever made it is no party; what it is about says where it belongs
            report, original = reports[0]
            where = Place(original["conversation"], report.kind, original["external_id"] or "")
        else:
            where = place(bearings, self._found.traces, self._found.conversation)
        conversation = await self._conversation_for(op, where.conversation, where.also)
        state_before = conversation["state"]
        message = new_id()
        doc = arrival_document(op, message, seq, conversation["_id"], where, self._found.people, external_id)
        traces = bearings.traces(conversation["_id"], message)
        doc["traces"] = len(traces)
        for trace in traces:
            self._found.traces.leave(trace)
        take_in(conversation, doc, [] if reports else self._parties(op), self._found.people)
        if e.direction == "inbound" and not e.automatic and e.sender.key not in e.own_keys:
            conversation["last_inbound"] = last_inbound(doc, e.sender.key, e.sender.name)
        if e.direction == "inbound" and e.kind == "message" and self._found.rules and not reports:
            effects = apply_rules(self._found.rules, facts_of(e, op.files))
            if e.sender.key in e.own_keys:
                effects.forward.clear()  # from ourselves: it would go round
            self._rule(doc, conversation, effects, "open" if where.conversation is None else state_before)
        self._found.stored[e.account, external_id] = doc
        self._found.twins.add(doc)
        self._append(doc, conversation)
        self._settle(op, external_id)
        self._report(doc, e)
        return message_out(doc)

    def _rule(self, doc: Doc, conversation: Doc, effects: Effects, state_before: str) -> None:
        """What the rules do, before anybody is told."""
        if not effects.ruled:
            return
        rule_conversation(doc, conversation, effects, state_before)
        if effects.forward:
            asked = [{"to": to, "rule": rule} for to, rule in effects.forward.items()]
            self._unit.announce(ForwardAsked(message=doc["_id"], conversation=conversation["_id"], forward=asked))

    def _report(self, arrival: Doc, envelope: Envelope) -> None:
        """What a bounce, receipt or complaint says of our message is shown on it, and noted of the address."""
        for report, original in self._found.reported.of(envelope):
            for change in changes_of(
                self._found.amending.get(original["_id"], original), report, arrival["_id"], arrival["stored_at"]
            ):
                before = self._found.amending[original["_id"]]
                shown = self._amend(Amendment(original["_id"], change))
                failed = (
                    change.get("delivery.state") == "failed" and self._found.amending[original["_id"]] is not before
                )
                if failed and report.permanent:
                    self._unit.announce(could_not_be_reached(shown))
            if fact := address_fact(original, report, arrival["_id"], arrival["stored_at"]):
                self._address_facts.append(fact)

    def _settle(self, op: Arrival, external_id: str) -> None:
        """Its raw input has become a message (or is known to be one), and its place at the far side is noted."""
        if op.envelope.raw:
            self._settled_raw.append(op.envelope.raw)
        if op.envelope.ledger:
            self._inserts[LEDGER].append(_ledger(op, external_id))

    async def _conversation_for(self, op: Arrival, winner: str | None, also: list[str]) -> Doc:
        if winner is None:
            e = op.envelope
            doc = new_conversation(new_id(), queue=e.queue, subject=e.subject[:300], at=op.at)
            self._found.conversations[doc["_id"]] = doc
            self._fresh.add(doc["_id"])
            return doc
        conversation = self._found.conversation(winner)
        if conversation is None:
            raise NotFound("the conversation it belongs to is gone", conversation=winner)
        for other in also:
            loser = self._found.conversation(other)
            if loser is not None and loser["_id"] != conversation["_id"]:
                await self._join(loser, conversation)
        self._touch(conversation)
        return conversation

    async def _join(self, loser: Doc, winner: Doc) -> None:
        """An arrival shows that two conversations are one."""
        pending = [doc["_id"] for doc in self._inserts[MESSAGES] if doc["conversation"] == loser["_id"]]
        self._touch(loser)
        self._touch(winner)
        before_loser, before_winner = dict(loser), dict(winner)
        move = await absorb(self._unit, loser, winner, by="system", fresh=loser["_id"] in self._fresh)
        move["messages"] += pending  # not in the store yet: an undo must find them too
        self._inserts[MOVES].append(move)
        self._moved(loser["_id"], winner["_id"])
        announce_conversation(self._unit, before_loser, loser)
        announce_conversation(self._unit, before_winner, winner, moved=True)

    def _moved(self, loser: str, winner: str) -> None:
        """Whatever this batch holds of one conversation belongs to another now."""
        self._found.traces.moved(loser, winner)
        held = (
            self._inserts[MESSAGES],
            self._inserts[OUTBOX],
            self._found.amending.values(),
            self._found.stored.values(),
            self._found.twins.known(),
        )
        for doc in chain(*held, self._found.written.values()):
            if doc["conversation"] == loser:
                doc["conversation"] = winner

    def _touch(self, conversation: Doc) -> None:
        """Remember how a stored conversation was, before this batch changes it for the first time."""
        key = conversation["_id"]
        if key not in self._fresh and key not in self._touched:
            self._touched.add(key)
            self._before[key] = {k: [*v] if type(v) is list else v for k, v in conversation.items()}

    def _parties(self, op: Arrival) -> list[tuple[str, Party]]:
        own = op.envelope.own_keys
        return [(a.key, self._found.people.party(a)) for a in addresses_of(op) if a.key not in own]

    def _write_ours(self, op: Writing, seq: int) -> MessageOut:
        draft = op.draft
        if draft.client_id and draft.client_id in self._found.written:
            return message_out(self._found.written[draft.client_id])
        conversation = self._opened(op) if op.opening else self._found.conversation(draft.conversation)
        if conversation is None:
            raise NotFound("there is no such conversation", conversation=draft.conversation)
        to = recipients_of(op) or self._answer_to(conversation)
        if draft.kind == "reply" and not to:
            raise Invalid("this conversation has nobody to answer to; name a receiver in `to`")
        kind: Literal["user", "system"] = "system" if draft.author == SYSTEM else "user"
        author: Party = {"kind": kind, "id": draft.author, "name": draft.author_name, "address": ""}
        party_to = [self._found.people.party(a) for a in to if draft.kind == "reply"]
        party_cc = [self._found.people.party(a) for a in draft.cc]
        party_bcc = [self._found.people.party(a) for a in draft.bcc]
        doc = writing_document(op, seq, conversation, party_to, party_cc, author, party_bcc)
        parties = [(a.key, self._found.people.party(a)) for a in (*to, *draft.cc)] if draft.kind == "reply" else []
        self._touch(conversation)
        take_in(conversation, doc, parties, self._found.people)
        if draft.kind == "reply":
            self._queue(op, doc, conversation, [a.key for a in (*to, *draft.cc, *draft.bcc)])
        if draft.client_id:
            self._found.written[draft.client_id] = doc
        self._append(doc, conversation)
        return message_out(doc)

    def _opened(self, op: Writing) -> Doc:
        assert op.opening is not None
        o = op.opening
        doc = new_conversation(o.conversation, queue=o.queue, subject=op.draft.subject or "", at=op.at)
        doc.update(assignee=o.assignee, records=o.records, state=o.state)
        self._found.conversations[doc["_id"]] = doc
        self._fresh.add(doc["_id"])
        return doc

    def _answer_to(self, conversation: Doc) -> list[Address]:
        last = conversation["last_inbound"]
        if last:
            return [Address(last["key"], last["name"])]
        return [
            Address(key, party["name"])
            for key, party in zip(conversation["party_keys"], conversation["parties"], strict=True)
        ]

    def _queue(self, op: Writing, doc: Doc, conversation: Doc, receivers: list[str]) -> None:
        marks = frozenset().union(*(self._found.people.marks(k) for k in receivers), conversation["party_keys"])
        if doc["external_id"]:
            key = f"reference|{doc['external_id']}"
            doc["traces"] = 1
            self._found.traces.leave(Trace(key, conversation["_id"], doc["_id"], 0, True, OURS, OURS | marks))
            for trace in subject_traces(doc, conversation["_id"], receivers, OURS, OURS | marks):
                self._found.traces.leave(trace)
                doc["traces"] += 1
        self._inserts[OUTBOX].append(
            {
                "_id": doc["_id"],
                "seq": doc["seq"],
                "account": doc["account"],
                "channel": doc["channel"],
                "conversation": doc["conversation"],
                "state": "queued",
                "attempts": 0,
                "next_at": op.draft.send_at or op.at,
                "lease_until": None,
                "owner": None,
                "created_at": op.at,
            }
        )
        self._unit.announce(OutboxFilled(account=doc["account"]))

    def _amend(self, op: Amendment) -> MessageOut:
        doc = self._found.amending.get(op.message)
        if doc is None:
            raise NotFound("there is no such message", message=op.message)
        try:
            after = amended(doc, op.change, force=op.force)
        except ValueError as error:
            raise Invalid(str(error)) from None
        if after is None:
            return message_out(doc)
        self._found.amending[op.message] = after
        after["_changed"] = True
        conversation = self._found.conversation(after["conversation"])
        rooms = conversation_rooms(conversation) if conversation else frozenset()
        shown = {k: v for k, v in after.items() if k != "_changed"}
        self._unit.announce(
            MessageAmended(conversation=after["conversation"], message=message_hint(shown), _rooms=rooms)
        )
        return message_out(shown)

    def _append(self, doc: Doc, conversation: Doc) -> None:
        self._inserts[MESSAGES].append(doc)
        event = MessageAppended(
            conversation=conversation_out(conversation),
            message=message_hint(doc),
            _rooms=conversation_rooms(conversation),
        )
        self._unit.announce(event, doc["seq"])

    # -- writing ---------------------------------------------------------------------------------------------

    def _change(self, conversation: str) -> UpdateOne:
        """Only what differs: the store then leaves the indexes of all other fields alone."""
        before, after = self._before[conversation], self._found.conversations[conversation]
        return UpdateOne({"_id": conversation}, {"$set": {k: v for k, v in after.items() if before.get(k) != v}})

    async def _write(self) -> None:
        db, session = self._unit.db, self._unit.session
        changes: list[Any] = [InsertOne(self._found.conversations[c]) for c in sorted(self._fresh)]
        changes += [self._change(c) for c in sorted(self._touched)]
        if changes:
            await db[CONVERSATIONS].bulk_write(changes, ordered=False, session=session)
        self._inserts[THREADS] += [trace.document() for trace in self._found.traces.left]
        if places := [_once(place) for place in self._inserts.pop(LEDGER, ())]:
            await db[LEDGER].bulk_write(places, session=session)
        for name, docs in self._inserts.items():
            if docs:
                await db[name].insert_many(docs, session=session)
        changed = [doc for doc in self._found.amending.values() if doc.pop("_changed", False)]
        amendments = [ReplaceOne({"_id": doc["_id"]}, doc) for doc in changed]
        if amendments:
            await db[MESSAGES].bulk_write(amendments, ordered=False, session=session)
        if self._settled_raw:
            found = {"_id": {"$in": self._settled_raw}}
            await db[RAW].update_many(found, {"$unset": {"open": 1}}, session=session)
        facts = [UpdateOne({"_id": key}, {"$set": fact}, upsert=True) for key, fact in self._address_facts]
        if facts:
            await db[ADDRESS_FACTS].bulk_write(facts, session=session)


def _is_ours_come_back(envelope: Envelope, stored: Doc) -> bool:
    """A mail that we sent and that came back to us: a list, a forward, or the copy in the Sent folder. It is that
    message, not another; so a loop through ourselves ends here."""
    sender = envelope.sender.key
    return stored["direction"] == "outbound" and not stored.get("raw") and sender in envelope.own_keys


def quarantine_document(op: Arrival, error: Exception) -> Doc:
    """What is kept of an envelope that cannot be stored; its raw input stands beside it."""
    e = op.envelope
    return {
        "_id": new_id(),
        "account": e.account,
        "channel": e.channel,
        "external_id": e.external_id.encode("utf-8", "replace").decode(),
        "raw": e.raw,
        "sender": e.sender.key.encode("utf-8", "replace").decode(),
        "error": f"{type(error).__name__}: {error}"[:2000].encode("utf-8", "replace").decode(),
        "state": "waiting",
        "at": op.at,
    }


def _once(place: Doc) -> UpdateOne:
    """A place is noted once: raw input that is replayed, and whoever fetched it, may both come with it."""
    key = {name: place[name] for name in ("account", "place")}
    return UpdateOne(key, {"$setOnInsert": {k: v for k, v in place.items() if k not in key}}, upsert=True)


def _ledger(op: Arrival, external_id: str) -> Doc:
    e = op.envelope
    return {"_id": new_id(), "account": e.account, "place": e.ledger, "external_id": external_id, "at": op.at}


def _repeat(op: Arrival, stored: Doc) -> Doc:
    e = op.envelope
    return {
        "_id": new_id(),
        "account": e.account,
        "external_id": stored["external_id"],
        "message": stored["_id"],
        "raw": e.raw,
        "at": op.at,
    }
