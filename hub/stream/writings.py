"""What we write ourselves, inside a batch: answers, notes, conversations that we begin."""

from __future__ import annotations

from typing import Literal

from crm_core.access.actor import SYSTEM
from crm_core.ground.errors import Invalid, NotFound
from hub.events import OutboxFilled
from hub.model.address import Address
from hub.model.message import MessageOut, Party, message_out
from hub.store.client import Doc
from hub.store.collections import OUTBOX
from hub.stream.conversations import new_conversation
from hub.stream.documents import take_in, writing_document
from hub.stream.found import recipients_of
from hub.stream.ops import Writing
from hub.stream.pending import Pending
from hub.stream.place import OURS, subject_traces
from hub.stream.threads import Trace


def write_ours(pending: Pending, op: Writing, seq: int) -> MessageOut:
    """A message of ours; one that is known by its client id is not written again."""
    found, draft = pending.found, op.draft
    if draft.client_id and draft.client_id in found.written:
        return message_out(found.written[draft.client_id])
    conversation = _opened(pending, op) if op.opening else found.conversation(draft.conversation)
    if conversation is None:
        raise NotFound("there is no such conversation", conversation=draft.conversation)
    to = recipients_of(op) or _answer_to(conversation)
    if draft.kind == "reply" and not to:
        raise Invalid("this conversation has nobody to answer to; name a receiver in `to`")
    kind: Literal["user", "system"] = "system" if draft.author == SYSTEM else "user"
    author: Party = {"kind": kind, "id": draft.author, "name": draft.author_name, "address": ""}
    party_to = [found.people.party(a) for a in to if draft.kind == "reply"]
    party_cc = [found.people.party(a) for a in draft.cc]
    party_bcc = [found.people.party(a) for a in draft.bcc]
    doc = writing_document(op, seq, conversation, party_to, party_cc, author, party_bcc)
    parties = [(a.key, found.people.party(a)) for a in (*to, *draft.cc)] if draft.kind == "reply" else []
    pending.touch(conversation)
    take_in(conversation, doc, parties, found.people)
    if draft.kind == "reply":
        _queue(pending, op, doc, conversation, [a.key for a in (*to, *draft.cc, *draft.bcc)])
    if draft.client_id:
        found.written[draft.client_id] = doc
    pending.append(doc, conversation)
    return message_out(doc)


def _opened(pending: Pending, op: Writing) -> Doc:
    assert op.opening is not None
    o = op.opening
    doc = new_conversation(o.conversation, queue=o.queue, subject=op.draft.subject or "", at=op.at)
    doc.update(assignee=o.assignee, records=o.records, state=o.state)
    return pending.open(doc)


def _answer_to(conversation: Doc) -> list[Address]:
    last = conversation["last_inbound"]
    if last:
        return [Address(last["key"], last["name"])]
    return [
        Address(key, party["name"])
        for key, party in zip(conversation["party_keys"], conversation["parties"], strict=True)
    ]


def _queue(pending: Pending, op: Writing, doc: Doc, conversation: Doc, receivers: list[str]) -> None:
    """For the outbox, with the traces by which an answer finds its way back."""
    found = pending.found
    marks = frozenset().union(*(found.people.marks(k) for k in receivers), conversation["party_keys"])
    if doc["external_id"]:
        key = f"reference|{doc['external_id']}"
        doc["traces"] = 1
        found.traces.leave(Trace(key, conversation["_id"], doc["_id"], 0, True, OURS, OURS | marks))
        for trace in subject_traces(doc, conversation["_id"], receivers, OURS, OURS | marks):
            found.traces.leave(trace)
            doc["traces"] += 1
    pending.inserts[OUTBOX].append(
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
    pending.unit.announce(OutboxFilled(account=doc["account"]))
