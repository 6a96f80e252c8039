"""Collections and indexes of outbound work: call lists, whom they have, and whom nobody calls."""

from __future__ import annotations

from hub.store.collections import Index

CALL_LISTS = "call_lists"
"""Whom to call for what: `{_id, name, state, queue, agents, account, segments, numbers, script, retries, hours, ...}`."""
CALL_ENTRIES = "call_entries"
"""One number of a list: `{_id: LIST-NUMBER, list, n, number, name, record, state, due_at, agent, lease_until, linkedid,
attempts, result}`. `state`: `waiting`, `taken` by an agent, `calling`, `talked` (the result is awaited), `done`."""
DO_NOT_CALL = "do_not_call"
"""Numbers that no list dials: `{_id: NUMBER, number, reason, until, by, at}`."""
CALL_SEATS = "call_seats"
"""Who works a progressive list now: `{_id: USER, list, state, reason, why, at, entry, dials_at, dialled, look_at, until}`.
`until`: the console was there; `look_at`: when the hub looks next."""

OUTBOUND_INDEXES = (
    Index(CALL_LISTS, {"state": 1}),
    Index(CALL_ENTRIES, {"list": 1, "state": 1, "due_at": 1, "n": 1}),
    Index(CALL_ENTRIES, {"list": 1, "n": 1}),
    Index(CALL_ENTRIES, {"list": 1, "record": 1}, unique=True, where={"record": {"$gt": ""}}),
    Index(CALL_ENTRIES, {"linkedid": 1}, where={"linkedid": {"$gt": ""}}),
    Index(CALL_ENTRIES, {"state": 1, "lease_until": 1}),
    Index(CALL_ENTRIES, {"agent.id": 1, "state": 1}),
    Index(CALL_SEATS, {"state": 1, "look_at": 1}),
    Index(CALL_SEATS, {"until": 1}, expire_s=86_400),
)
