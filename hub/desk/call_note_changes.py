"""What acts change in the notes of a call: the call's document -> the notes that are different. Pure but for the clock."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.ground.clock import now
from hub.model.call import InvitedOut, PauseOut
from hub.store.client import Doc


def paused(call: Doc, by: tuple[str, str]) -> Doc:
    """The notes after a pause began; no change while one goes on."""
    pauses: list[PauseOut] = call.get("notes", {}).get("pauses", [])
    if any(each["until"] is None for each in pauses):
        return {}
    return {"pauses": [*pauses, {"from": now(), "until": None, "by": by[0], "name": by[1]}]}


def uninvited(call: Doc, refused: InvitedOut) -> Doc:
    """The notes without one who could not be called."""
    return {"invited": [each for each in call.get("notes", {}).get("invited", ()) if each != refused]}


def without(call: Doc, mine: Sequence[PauseOut]) -> Doc:
    """The notes without pauses of a call that turned out not to be recorded."""
    pauses: list[PauseOut] = call.get("notes", {}).get("pauses", [])
    left = [each for each in pauses if each not in mine]
    return {} if left == pauses else {"pauses": left}


def ran(call: Doc) -> Doc:
    """The notes after the recording goes on, or the call is over; empty where it did not stand still."""
    pauses: list[PauseOut] = call.get("notes", {}).get("pauses", [])
    if all(each["until"] for each in pauses):
        return {}
    until = call["part"]["ended_at"] or now()
    return {"pauses": [{**each, "until": each["until"] or until} for each in pauses]}
