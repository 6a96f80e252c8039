"""Collections and indexes of the call centre's floor: what is counted of calls, and the live board."""

from __future__ import annotations

from hub.store.collections import Index

CALL_FACTS = "call_facts"
"""What is counted, one small document per stay in a queue, per phone that rang, per wrap-up: `{_id, kind: visit|handling|
wrap, account, call, message, n, direction, queue, user, extension, outcome, transfer, code, at, ended_at, changed_at, m:
{measure: number}}`. Made from the calls, and can be made anew from them (but for wrap-ups)."""
BOARDS = "boards"
"""The live board, one document per queue: `{_id: queue, revision, state}`. One hub writes it."""

FLOOR_INDEXES = (
    Index(CALL_FACTS, {"queue": 1, "at": 1}),
    Index(CALL_FACTS, {"user": 1, "at": 1}),
    Index(CALL_FACTS, {"at": 1}),
    Index(CALL_FACTS, {"call": 1, "account": 1}),
    Index(CALL_FACTS, {"changed_at": -1}),
)
