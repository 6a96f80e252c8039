"""Message documents from what came in or was written, and what a message does to its conversation. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.model.message import Party
from hub.store.client import Doc
from hub.stream.conversations import add_unique, links_of
from hub.stream.ops import Arrival, Writing
from hub.stream.parties import MOST_PARTIES, People
from hub.stream.place import Place

MOST_ADDRESSES = 500
MOST_TEXT = 1_000_000
MOST_HTML = 2_000_000
PREVIEW = 160


def arrival_document(
    arrival: Arrival, message: str, seq: int, conversation: str, where: Place, people: People, external_id: str
) -> Doc:
    """The stored form of an envelope. What is over a bound is cut here; the raw source keeps all of it."""
    e = arrival.envelope
    text, full = e.text[:MOST_TEXT], e.full_text[:MOST_TEXT]
    doc: Doc = {
        "_id": message,
        "seq": seq,
        "conversation": conversation,
        "channel": e.channel,
        "account": e.account,
        "direction": e.direction,
        "kind": e.kind,
        "author": people.party(e.sender),
        "to": [people.party(a) for a in e.to[:MOST_ADDRESSES]],
        "cc": [people.party(a) for a in e.cc[:MOST_ADDRESSES]],
        "subject": e.subject[:1000],
        "text": text,
        "html": e.html[:MOST_HTML] if e.html is not None else None,
        "attachments": arrival.files,
        "external_id": external_id,
        "reply_to": e.reply_to,
        "references": [k.value for k in e.thread_keys if k.kind == "reference" and not k.own][-20:],
        "joined_because": {"reason": where.reason, "detail": where.detail},
        "delivery": None,
        "at": e.at,
        "stored_at": arrival.at,
        "revision": 1,
        "automatic": e.automatic,
        "correlation": e.correlation,
        "raw": e.raw,
        "fingerprint": e.fingerprint,
        **e.parts,
    }
    if full and full != text:
        doc["full_text"] = full
    return doc


def writing_document(
    writing: Writing,
    seq: int,
    conversation: Doc,
    to: list[Party],
    cc: list[Party],
    author: Party,
    bcc: list[Party],
) -> Doc:
    """The stored form of what we write: an answer is queued for the outbox, a note stays inside."""
    draft = writing.draft
    last = conversation["last_inbound"] or {}
    going_out = draft.kind == "reply"
    opening = writing.opening
    answers = going_out and not opening and not draft.apart
    doc: Doc = {
        "_id": writing.message,
        "seq": seq,
        "conversation": conversation["_id"],
        "channel": opening.channel if opening else (last.get("channel") or (conversation["channels"] or ["im"])[-1]),
        "account": (opening.account if opening else draft.account or last.get("account")) if going_out else None,
        "direction": "outbound" if going_out else "internal",
        "kind": "message" if going_out else "note",
        "author": author,
        "to": to,
        "cc": cc,
        "subject": (draft.subject or _answer_subject(conversation, last))[:1000] if going_out else "",
        "text": draft.text[:MOST_TEXT],
        "html": draft.html[:MOST_HTML] if draft.html is not None else None,
        "attachments": writing.files,
        "external_id": writing.external_id if going_out else None,
        "reply_to": last.get("external_id") if answers else None,
        "references": []
        if draft.apart
        else [*last.get("references", []), *filter(None, [last.get("external_id")])][-20:],
        "joined_because": {"reason": "opened" if opening else "reply" if going_out else "note", "detail": ""},
        "delivery": first_delivery(draft.send_at) if going_out else None,
        "at": writing.at,
        "stored_at": writing.at,
        "revision": 1,
        "automatic": draft.automatic,
        "correlation": None,
        "raw": None,
        "client_id": draft.client_id,
        "mentions": list(draft.mentions),
        **draft.parts,
    }
    return doc | {"bcc": bcc} if bcc else doc


def first_delivery(send_at: datetime | None) -> Doc:
    """The delivery of a message that waits for the outbox."""
    return {"state": "queued", "reason": None, "attempts": 0, "next_at": send_at, "sent_at": None}


def _answer_subject(conversation: Doc, last: Doc) -> str:
    subject: str = last.get("subject") or conversation["subject"]
    return subject if not subject or subject.lower().startswith(("re:", "回复")) else f"Re: {subject}"


def take_in(conversation: Doc, message: Doc, parties: list[tuple[str, Party]], people: People) -> None:
    """What a message changes in its conversation."""
    add_unique(conversation["channels"], [message["channel"]])
    add_unique(conversation["accounts"], [message["account"]])
    for key, party in parties:
        if key not in conversation["party_keys"] and len(conversation["parties"]) < MOST_PARTIES:
            conversation["party_keys"].append(key)
            conversation["parties"].append(party)
        add_unique(conversation["contacts"], people.contacts(key))
        add_unique(conversation["customers"], people.customers(key))
    if parties or not conversation["links"]:
        conversation["links"] = links_of(conversation)
    conversation["message_count"] += 1
    conversation["last_seq"] = message["seq"]
    conversation["last_at"] = message["stored_at"]
    conversation["preview"] = " ".join(message["text"][: PREVIEW * 2].split())[:PREVIEW]
    conversation["subject"] = conversation["subject"] or message["subject"]
    conversation["revision"] += 1
    _move_state(conversation, message)


def _move_state(conversation: Doc, message: Doc) -> None:
    if message["direction"] == "inbound":
        if not message["automatic"]:
            conversation["waiting_since"] = conversation["waiting_since"] or message["stored_at"]
            if conversation["state"] in ("closed", "snoozed", "pending", "archived"):
                conversation["state"], conversation["snoozed_until"] = "open", None
    elif message["direction"] == "outbound" and not message["automatic"]:
        conversation["waiting_since"] = None


def last_inbound(message: Doc, key: str, name: str) -> dict[str, Any]:
    """What an answer to this conversation needs to know of the message it answers."""
    return {
        "message": message["_id"],
        "account": message["account"],
        "channel": message["channel"],
        "external_id": _as_sent(message),
        "references": message["references"],
        "key": key,
        "name": name,
        "subject": message["subject"],
    }


def _as_sent(message: Doc) -> str:
    """The id that the sender gave it, also where a second message under that id is kept under one of its own."""
    mark = f"#{message['fingerprint'][:12]}" if message.get("fingerprint") else ""
    return str(message["external_id"]).removesuffix(mark)
