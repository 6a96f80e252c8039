"""Collections and indexes of recorded calls."""

from __future__ import annotations

from hub.store.collections import Index

RECORDINGS = "recordings"
"""One document per recording: `{_id: ACCOUNT|CHANNEL, account, call, message, channel, from_s, talked, at, queue, agents,
users, number, direction, state, file, sha256, type, size, seconds, peaks, seen, cleared, ended_at, hold}`. `file` is the
id in the file store, given beforehand, so that a second try puts the same file; `seen`: how large the PBX's file was at
the last look, and when."""
RECORDING_PLAYS = "recording_plays"
"""Who listens to what at the moment, so that a play of many requests is audited once: `{_id, until}`."""
RECORDING_RULES = "recording_rules"
"""For how many days a queue's recordings are kept: `{_id: QUEUE, days, by, at}`; `days` None = for ever."""
SCORE_SHEETS = "score_sheets"
"""How calls are judged: `{_id, en, zh, criteria: [{id, en, zh, weight, most}], active, by, at}`. Criteria never change."""
SCORES = "scores"
"""One per sheet, scorer and call: `{_id, sheet, call, agent, scorer, points, total, note, at, revision, history,
comments}`. `history` has what it was before each change."""

RECORDING_INDEXES = (
    Index(RECORDINGS, {"call": 1}),
    Index(RECORDINGS, {"message": 1}, where={"message": {"$gt": ""}}),
    Index(RECORDINGS, {"at": -1, "_id": -1}),
    Index(RECORDINGS, {"queue": 1, "at": -1}),
    Index(RECORDINGS, {"users": 1, "at": -1}),
    Index(RECORDINGS, {"number": 1, "at": -1}),
    Index(RECORDINGS, {"state": 1, "at": 1}),
    Index(SCORES, {"call": 1, "sheet": 1, "scorer.id": 1}, unique=True),
    Index(SCORES, {"agent.id": 1, "at": -1}),
    Index(SCORES, {"at": -1}),
    Index(RECORDING_PLAYS, {"until": 1}, expire_s=3600),
)
