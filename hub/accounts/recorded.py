"""What a call that is over has recorded: noted, and fetching asked for, in the unit in which the call ends."""

from __future__ import annotations

from hub.store.client import Doc
from hub.store.jobs import ask_for
from hub.store.recording_collections import RECORDINGS
from hub.store.unit import Unit

FETCH = "recording.fetch"
_UNKNOWN: Doc = {"state": "awaited", "sha256": None, "type": "", "size": 0, "seconds": 0.0, "peaks": [], "seen": None,
            "cleared": False, "ended_at": None, "hold": None}  # fmt: skip


async def expect_recordings(unit: Unit, call: Doc) -> None:
    """Note each recording of the call, and ask the workers to fetch them."""
    if not call.get("tapes") or call["message"] is None:
        return
    for number, tape in enumerate(call["tapes"], 1):
        key = f"{call['account']}|{tape['channel']}"
        fresh = {**facts_of(call), **tape, **_UNKNOWN, "n": number, "file": f"recording-{key}"}
        change = {"$setOnInsert": fresh}
        await unit.db[RECORDINGS].update_one({"_id": key}, change, upsert=True, session=unit.session)
    await ask_for(unit, FETCH, {"call": call["_id"]})


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
