"""What a call is in the store: its part, its document, and the call that is shown from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_core.ground.clock import as_stored
from hub.model.call import CallNews, CallOut, PersonOut
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.unit import Unit

Place = tuple[str | None, str | None]
"""A call's message and its conversation; (None, None) while it has none."""


def call_document(key: str, account: str, news: CallNews, part: Doc, place: Place) -> Doc:
    """The document of a call as it stands, but for what others note on it (`notes`) and the rings that were told."""
    return {
        "_id": key,
        "account": account,
        "call": news.id,
        "linkedids": list(news.linkedids),
        "live": news.part["state"] != "ended" and news.merged_into is None,
        "state": "ended" if news.merged_into else news.part["state"],
        "message": place[0],
        "conversation": place[1],
        "part": part,
        "party": {"key": news.party.key, "name": news.party.name},
        "n": news.n,
        "rang": [],
        "talking": list(news.talking),
        "users": sorted({agent["user"] for agent in part["agents"] if agent["user"]}),
        "began_at": as_stored(news.began_at),
        "merged_into": news.merged_into,
        "tapes": list(news.tapes),
    }


def part_document(news: CallNews, people: Mapping[str, PersonOut]) -> Doc:
    """The part as it is stored: with whose extensions they are, and times as the store gives them back."""
    part: Doc = _as_kept(news.part)
    for agent in part["agents"]:
        if person := people.get(agent["extension"]):
            agent["user"], agent["name"] = person["id"], person["name"]
    if news.merged_into:
        part |= {"state": "ended", "merged_into": news.merged_into}
    return part


def call_out(doc: Doc) -> CallOut:
    """The call from its document, with what people noted."""
    return {
        "id": doc["message"],
        "call": doc["call"],
        "account": doc["account"],
        "conversation": doc["conversation"],
        "state": doc["state"],
        "linkedids": doc["linkedids"],
        "part": doc["part"] | doc.get("notes", {}),
        "at": doc["began_at"],
    }


async def held_calls(unit: Unit, keys: Sequence[str]) -> dict[str, Doc]:
    """The documents as they are now that this unit has the turn."""
    return {doc["_id"]: doc async for doc in unit.beside[CALLS].find({"_id": {"$in": [*keys]}})}


def _as_kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_stored(value)
    if isinstance(value, dict):
        return {key: _as_kept(each) for key, each in value.items()}
    return [_as_kept(each) for each in value] if isinstance(value, list) else value
