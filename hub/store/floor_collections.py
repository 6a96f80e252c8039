"""Collections and indexes of the call centre's floor: what is counted of calls, and the live board."""

from __future__ import annotations

from hub.store.collections import Index

CALL_FACTS = "call_facts"
"""What is counted, one small document per stay in a queue, per phone that rang, per wrap-up: `{_id, kind: visit|handling|
wrap, account, call, message, n, direction, queue, user, extension, outcome, transfer, code, at, ended_at, changed_at, m:
{measure: number}}`. Made from the calls, and can be made anew from them (but for wrap-ups)."""
CALL_SPANS = "call_spans"
"""Which days and weeks (of UTC) are added up: `{_id: "day|2026-03-04", kind, at, n, version}`. `n` grows with every change
of a fact in it; `version` names the sums that are good for it, None: there are none."""
CALL_SUMS = "call_sums"
"""Facts of a span added up: `{span, version, about: hours|half-hours|queue|agent|outcome|transfer|code, direction, queue, key, at, m}`.
`queue` None: all queues together; `at`: of (half) hours, else `key`. Made from the facts, never changed."""
BOARDS = "boards"
"""The live board, one document per queue: `{_id: queue, revision, state}`. One hub writes it."""

FLOOR_INDEXES = (
    Index(CALL_FACTS, {"queue": 1, "at": 1}),
    Index(CALL_FACTS, {"user": 1, "at": 1}),
    Index(CALL_FACTS, {"at": 1}),
    Index(CALL_FACTS, {"call": 1, "account": 1}),
    Index(CALL_FACTS, {"changed_at": -1}),
    Index(CALL_SPANS, {"kind": 1, "at": 1}),
    Index(CALL_SPANS, {"version": 1, "at": -1}),
    Index(CALL_SUMS, {"about": 1, "direction": 1, "queue": 1, "version": 1}),
    Index(CALL_SUMS, {"span": 1}),
)
