"""Collections of what is written to people, and their indexes."""

from __future__ import annotations

from hub.store.collections import Index

MAILINGS = "mailings"
"""Saved schemes: texts, receivers, account."""
RUNS = "mailing_runs"
"""One document per sending of a scheme, with the texts as they were then."""
RECEIVERS = "mailing_receivers"
"""One document per (run, address): who got it, who did not and why; the proof that nobody got it twice."""
HABITS = "writing_habits"
"""How somebody writes: `user:ID` (undo time, signatures by account), `account:ID` (the account's signature)."""

WRITING_INDEXES = (
    Index(MAILINGS, {"changed_at": -1}),
    Index(RUNS, {"mailing": 1, "made_at": -1}),
    Index(RECEIVERS, {"run": 1, "n": 1}),
    Index(RECEIVERS, {"run": 1, "state": 1, "n": 1}),
)
