"""What came in, inside a batch: a repeat, a second copy, or a new message with all that follows from it."""

from __future__ import annotations

from crm_core.ground.errors import NotFound
from crm_core.ground.ids import new_id
from hub.events import ForwardAsked
from hub.model.envelope import Envelope
from hub.model.message import MessageOut, Party, message_out
from hub.store.client import Doc
from hub.store.collections import LEDGER, MESSAGES, RAW, REPEATS
from hub.stream.amendments import amend
from hub.stream.bookkeeping import ledger_document, repeat_document
from hub.stream.conversations import announce_conversation, new_conversation
from hub.stream.documents import arrival_document, last_inbound, take_in
from hub.stream.found import addresses_of, id_of_its_own
from hub.stream.joining import join
from hub.stream.ops import Amendment, Arrival
from hub.stream.pending import Pending
from hub.stream.place import Place, bearings_of, place
from hub.stream.reports import address_fact, changes_of, could_not_be_reached
from hub.stream.ruled import rule_conversation
from hub.stream.rules import Effects, apply_rules, facts_of
from hub.stream.twins import came_to_also, with_copy


async def arrive(pending: Pending, op: Arrival, seq: int) -> MessageOut:
    """The message that the envelope is, or is known as."""
    e, found = op.envelope, pending.found
    external_id = e.external_id
    stored = found.stored.get((e.account, external_id))
    if stored and _is_ours_come_back(e, stored):
        return _repeat(pending, op, stored)
    if stored and stored.get("fingerprint") != e.fingerprint and e.fingerprint:
        external_id = id_of_its_own(external_id, e.fingerprint)
        stored = found.stored.get((e.account, external_id))
    if stored:
        return _repeat(pending, op, stored)
    if twin := found.twins.of(e, found.traces):
        return _copy(pending, op, twin)
    return await _store(pending, op, seq, external_id)


def _is_ours_come_back(envelope: Envelope, stored: Doc) -> bool:
    """A mail that we sent and that came back to us: a list, a forward, or the copy in the Sent folder. It is that
    message, not another; so a loop through ourselves ends here."""
    sender = envelope.sender.key
    return stored["direction"] == "outbound" and not stored.get("raw") and sender in envelope.own_keys


def _repeat(pending: Pending, op: Arrival, stored: Doc) -> MessageOut:
    _settle(pending, op, stored["external_id"])
    pending.inserts[REPEATS].append(repeat_document(op, stored))
    return message_out(stored)


def _copy(pending: Pending, op: Arrival, twin: Doc) -> MessageOut:
    """The same mail came to another mailbox of ours: the message notes it, and our own address is no party."""
    e, found = op.envelope, pending.found
    twin = found.amending.get(twin["_id"], twin)
    noted = with_copy(twin, e)
    if noted is None:
        return _repeat(pending, op, twin)
    if any(doc is twin for doc in pending.inserts[MESSAGES]):
        twin.update(noted)
        noted = twin
    else:
        found.amending[twin["_id"]] = noted
        noted["_changed"] = True
        found.twins.add(noted)
    conversation = found.conversation(noted["conversation"])
    if conversation is not None:
        before = dict(conversation)
        pending.touch(conversation)
        came_to_also(conversation, e.account, e.own_keys)
        announce_conversation(pending.unit, before, conversation)
    return _repeat(pending, op, noted)


async def _store(pending: Pending, op: Arrival, seq: int, external_id: str) -> MessageOut:
    e, found = op.envelope, pending.found
    bearings = bearings_of(e, found.people)
    reports = found.reported.of(e)
    if reports:  # whoever made it is no party; what it is about says where it belongs
        report, original = reports[0]
        where = Place(original["conversation"], report.kind, original["external_id"] or "")
    else:
        where = place(bearings, found.traces, found.conversation)
    conversation = await _conversation_for(pending, op, where.conversation, where.also)
    state_before = conversation["state"]
    message = op.message or new_id()
    doc = arrival_document(op, message, seq, conversation["_id"], where, found.people, external_id)
    traces = bearings.traces(conversation["_id"], message)
    doc["traces"] = len(traces)
    for trace in traces:
        found.traces.leave(trace)
    take_in(conversation, doc, [] if reports else _parties(pending, op), found.people)
    answerable = (
        e.kind == "message" and not e.automatic
    )  # a call takes no text: an answer goes by what was written last
    if e.direction == "inbound" and answerable and e.sender.key not in e.own_keys:
        conversation["last_inbound"] = last_inbound(doc, e.sender.key, e.sender.name)
    if e.direction == "inbound" and e.kind == "message" and found.rules and not reports:
        effects = apply_rules(found.rules, facts_of(e, op.files))
        if e.sender.key in e.own_keys:
            effects.forward.clear()  # from ourselves: it would go round
        _rule(pending, doc, conversation, effects, "open" if where.conversation is None else state_before)
    found.stored[e.account, external_id] = doc
    found.twins.add(doc)
    pending.append(doc, conversation)
    _settle(pending, op, external_id)
    _report(pending, doc, e)
    return message_out(doc)


def _rule(pending: Pending, doc: Doc, conversation: Doc, effects: Effects, state_before: str) -> None:
    """What the rules do, before anybody is told."""
    if not effects.ruled:
        return
    rule_conversation(doc, conversation, effects, state_before)
    if effects.forward:
        asked = [{"to": to, "rule": rule} for to, rule in effects.forward.items()]
        pending.unit.announce(ForwardAsked(message=doc["_id"], conversation=conversation["_id"], forward=asked))


def _report(pending: Pending, arrival: Doc, envelope: Envelope) -> None:
    """What a bounce, receipt or complaint says of our message is shown on it, and noted of the address."""
    found = pending.found
    for report, original in found.reported.of(envelope):
        for change in changes_of(
            found.amending.get(original["_id"], original), report, arrival["_id"], arrival["stored_at"]
        ):
            before = found.amending[original["_id"]]
            shown = amend(pending, Amendment(original["_id"], change))
            failed = change.get("delivery.state") == "failed" and found.amending[original["_id"]] is not before
            if failed and report.permanent:
                pending.unit.announce(could_not_be_reached(shown))
        if fact := address_fact(original, report, arrival["_id"], arrival["stored_at"]):
            pending.address_facts.append(fact)


def _settle(pending: Pending, op: Arrival, external_id: str) -> None:
    """Its raw input has become a message (or is known to be one), and its place at the far side is noted."""
    if op.raw:
        pending.inserts[RAW].append(op.raw)
    elif op.envelope.raw:
        pending.settled_raw.append(op.envelope.raw)
    if op.envelope.ledger:
        pending.inserts[LEDGER].append(ledger_document(op, external_id))


async def _conversation_for(pending: Pending, op: Arrival, winner: str | None, also: list[str]) -> Doc:
    if winner is None:
        e, fresh = op.envelope, op.conversation or new_id()
        return pending.open(new_conversation(fresh, queue=e.queue, subject=e.subject[:300], at=op.at))
    conversation = pending.found.conversation(winner)
    if conversation is None:
        raise NotFound("the conversation it belongs to is gone", conversation=winner)
    for other in also:
        loser = pending.found.conversation(other)
        if loser is not None and loser["_id"] != conversation["_id"]:
            await join(pending, loser, conversation)
    pending.touch(conversation)
    return conversation


def _parties(pending: Pending, op: Arrival) -> list[tuple[str, Party]]:
    own = op.envelope.own_keys
    return [(a.key, pending.found.people.party(a)) for a in addresses_of(op) if a.key not in own]
