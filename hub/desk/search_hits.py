"""From index entries to hits: read afresh, judged by what the caller may see now, and checked against the text."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NotRequired

from typing_extensions import TypedDict

from hub.desk.ports import MayReadRecord
from hub.desk.searchable import Kind, conversation_texts, message_texts
from hub.desk.snippets import snippet
from hub.desk.terms import Question
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES


class Hit(TypedDict):
    """One thing found. `marks` are `[from, to]` places in `snippet`, in characters."""

    kind: Kind
    id: str
    conversation: NotRequired[str]
    type: NotRequired[str]
    title: str
    snippet: str
    marks: list[list[int]]
    at: datetime


_SHOWN = {"html": 0, "full_text": 0, "to": 0, "cc": 0, "references": 0}


async def read_hits(
    db: Database, records: MayReadRecord, caller: Caller, question: Question, entries: list[Doc]
) -> dict[str, Hit]:
    """The hits among index entries, by the entry's `_id`; what the caller may not see, or no longer fits, is left out."""
    by_kind: dict[str, list[Doc]] = defaultdict(list)
    for entry in entries:
        by_kind[entry["kind"]].append(entry)
    found: dict[str, Hit] = {}
    messages = await _messages(db, [entry["of"] for entry in by_kind["message"]])
    wanted = {m["conversation"] for m in messages} | {entry["of"] for entry in by_kind["conversation"]}
    seen = await _conversations(db, caller, wanted)
    for message in messages:
        if message["conversation"] in seen:
            conversation = seen[message["conversation"]]
            _add(found, question, message_texts(message), _message_hit(message, conversation))
    for entry in by_kind["conversation"]:
        if entry["of"] in seen:
            conversation = seen[entry["of"]]
            _add(found, question, conversation_texts(conversation), _conversation_hit(conversation))
    await _add_records(records, caller, question, by_kind["record"], found)
    return found


async def _messages(db: Database, ids: list[str]) -> list[Doc]:
    return await db[MESSAGES].find({"_id": {"$in": ids}}, _SHOWN).to_list() if ids else []


async def _conversations(db: Database, caller: Caller, ids: set[str]) -> dict[str, Doc]:
    if not ids:
        return {}
    rule = {"$and": [{"_id": {"$in": [*ids]}}, may_see_conversations(caller)]}
    return {doc["_id"]: doc async for doc in db[CONVERSATIONS].find(rule, {"party_keys": 0, "last_inbound": 0})}


async def _add_records(
    records: MayReadRecord, caller: Caller, question: Question, entries: list[Doc], found: dict[str, Hit]
) -> None:
    by_type: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        by_type[entry["type"]].append(entry["of"])
    for record_type, ids in by_type.items():
        for record, read in (await records.readable(caller, record_type, ids)).items():
            hit = _hit("record", record, read["label"], read["at"])
            hit["type"] = record_type
            _add(found, question, read["texts"], hit)


def _add(found: dict[str, Hit], question: Question, texts: list[str], hit: Hit) -> None:
    if question.fits(texts):
        hit["snippet"], hit["marks"] = snippet(texts, question.marks)
        found[":".join(filter(None, (hit["kind"], hit.get("type"), hit["id"])))] = hit


def _message_hit(message: Doc, conversation: Doc) -> Hit:
    hit = _hit("message", message["_id"], message["subject"] or conversation["subject"], message["at"])
    hit["conversation"] = message["conversation"]
    return hit


def _conversation_hit(conversation: Doc) -> Hit:
    hit = _hit("conversation", conversation["_id"], conversation["subject"], conversation["last_at"])
    hit["conversation"] = conversation["_id"]
    return hit


def _hit(kind: Kind, of: str, title: str, at: datetime) -> Hit:
    return {"kind": kind, "id": of, "title": title, "snippet": "", "marks": [], "at": at}
