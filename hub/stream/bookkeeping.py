"""The small documents beside a message: its place at the far side, a repeat, an envelope in quarantine. Pure."""

from __future__ import annotations

from crm_core.ground.ids import new_id
from hub.store.client import Doc
from hub.stream.ops import Arrival


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


def ledger_document(op: Arrival, external_id: str) -> Doc:
    """Where the far side has it."""
    e = op.envelope
    return {"_id": new_id(), "account": e.account, "place": e.ledger, "external_id": external_id, "at": op.at}


def repeat_document(op: Arrival, stored: Doc) -> Doc:
    """It came again."""
    e = op.envelope
    return {
        "_id": new_id(),
        "account": e.account,
        "external_id": stored["external_id"],
        "message": stored["_id"],
        "raw": e.raw,
        "at": op.at,
    }
