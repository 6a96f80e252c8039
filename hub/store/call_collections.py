"""Collections and indexes of telephony."""

from __future__ import annotations

from hub.store.collections import Index

CALL_EVENTS = "call_events"
"""Every PBX event that matters to a call, as it came, append-only: `{account, n, linkedid, at, kept_at, fields,
expires_at}`. The account's settings say for how long."""
CALLS = "calls"
"""How each call stands, for finding it by any linkedid and for what is live: `{_id: ACCOUNT|CALL, account, call,
linkedids, live, state, message, conversation, part, n, rang, users, began_at, merged_into}`. `only_rang`: a ring was told and
nothing else. `promised`: which of `message` and `conversation` is not there yet, and will have this id."""
CALL_GAPS = "call_gaps"
"""Times in which a PBX could not be heard: `{account, from, until, ended}`; `ended` calls were over afterwards."""
PHONE_SOCKETS = "phone_sockets"
"""The browser that is the phone of an extension: `{_id: ACCOUNT|EXTENSION, socket, user, address, since}`."""
PHONES_BESIDE = "phones_beside"
"""Supervisors' phones beside a call, as the PBX says: `{_id: ACCOUNT|EXTENSION, account, extension, message, mode}`."""

CALL_INDEXES = (
    Index(CALL_EVENTS, {"account": 1, "n": 1}, unique=True),
    Index(CALL_EVENTS, {"account": 1, "linkedid": 1, "n": 1}),
    Index(CALL_EVENTS, {"expires_at": 1}, expire_s=0),
    Index(CALLS, {"linkedids": 1}),
    Index(CALLS, {"message": 1}, where={"message": {"$gt": ""}}),
    Index(CALLS, {"live": 1, "began_at": 1}, where={"live": True}),
    Index(CALLS, {"account": 1, "live": 1}, where={"live": True}),
    Index(CALL_GAPS, {"account": 1, "until": -1}),
    Index("record_user", {"extension": 1}, where={"extension": {"$gt": ""}}),
)
