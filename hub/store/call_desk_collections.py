"""Collections and indexes of what people do around calls: outcomes, after-call work, callbacks, blocked callers."""

from __future__ import annotations

from hub.store.collections import Index

CALL_OUTCOMES = "call_outcomes"
"""What may come of a call: `{_id: CODE, en, zh, queues, order, active}`; no queues = all."""
AFTER_CALLS = "after_calls"
"""After-call work: `{_id: CALL|USER|ANSWERED, account, call, message, user, name, extension, queue, state, began_at,
until, next_at}`. `state`: `running`, then `ending` until the phone is taken out of its pause, then `done`."""
CALLBACKS = "callbacks"
"""Whom to call back: `{_id, kind, number, text, at, assignee, queue, note, conversation, account, calls, state, ...}`."""
BLOCKED_CALLERS = "blocked_callers"
"""Whom the PBX refuses: `{_id: ACCOUNT|NUMBER, account, number, text, reason, until, by, at}`."""
PBX_PLANS = "pbx_plans"
"""What a PBX shall be like: `{_id: ACCOUNT, plan, revision, by, at}`. Read and written by its `_id` only."""

_KEEP_S = 90 * 86_400

CALL_DESK_INDEXES = (
    Index(AFTER_CALLS, {"state": 1, "next_at": 1}),
    Index(AFTER_CALLS, {"user": 1, "state": 1}),
    Index(AFTER_CALLS, {"call": 1}),
    Index(AFTER_CALLS, {"began_at": 1}, expire_s=_KEEP_S),
    Index(CALLBACKS, {"state": 1, "at": 1}),
    Index(CALLBACKS, {"number": 1, "state": 1}),
    Index(CALLBACKS, {"calls": 1}),
    Index(CALLBACKS, {"dialled": 1}, where={"dialled": {"$gt": ""}}),
    Index(CALLBACKS, {"open_lost": 1}, unique=True, where={"open_lost": {"$gt": ""}}),
    Index(BLOCKED_CALLERS, {"account": 1, "number": 1}),
)
