"""What a call that is over has recorded: noted, and fetching asked for, in the unit in which the call ends."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import UpdateOne

from hub.store.client import Doc
from hub.store.jobs import ask_for_each
from hub.store.recording_collections import RECORDINGS
from hub.store.unit import Unit

FETCH = "recording.fetch"
_UNKNOWN: Doc = {"state": "awaited", "sha256": None, "type": "", "size": 0, "seconds": 0.0, "peaks": [], "seen": None,
            "cleared": False, "ended_at": None, "hold": None}  # fmt: skip


async def expect_recordings(unit: Unit, calls: Sequence[Doc]) -> None:
    """Note each recording of the calls, and ask the workers to fetch them."""
    taped = [call for call in calls if call.get("tapes") and call["message"] is not None]
    if not taped:
        return
    writes = [_note(call, number, tape) for call in taped for number, tape in enumerate(call["tapes"], 1)]
    await unit.db[RECORDINGS].bulk_write(writes, ordered=False, session=unit.session)
    await ask_for_each(unit, FETCH, [{"call": call["_id"]} for call in taped])


def _note(call: Doc, number: int, tape: Doc) -> UpdateOne:
    key = f"{call['account']}|{tape['channel']}"
    fresh = {**facts_of(call), **tape, **_UNKNOWN, "n": number, "file": f"recording-{key}"}
    return UpdateOne({"_id": key}, {"$setOnInsert": fresh}, upsert=True)


def facts_of(call: Doc) -> Doc:
    """What recordings are looked for by."""
    part = call["part"]
    talked = [agent for agent in part["agents"] if agent["answered_at"]]
    return {
        "account": call["account"],
        "call": call["_id"],
        "message": call["message"],
        "at": call["began_at"],
        "queue": part["queue"],
        "agents": [{"extension": a["extension"], "user": a["user"], "name": a["name"]} for a in talked],
        "users": sorted({agent["user"] for agent in talked if agent["user"]}),
        "number": part["number"],
        "direction": part["direction"],
        "call_ended_at": part["ended_at"],
    }
