"""Collections and indexes of what belongs to a mailbox: rules, facts about addresses, marks, parameters, caps."""

from __future__ import annotations

from hub.store.collections import Index

RULES = "rules"
"""What is done with a message before anybody sees it: `{_id, name, place, enabled, when, then, stop, revision, ...}`."""
ADDRESS_FACTS = "address_facts"
"""What reports said of an address (`_id` is its key): `undeliverable {message, report, at, status, reason}`,
`complained {message, report, at}`. Mailings leave out who has either."""
MARKS = "marks"
"""What the far side is to be told of a message: `{_id: ACCOUNT|EXTERNAL_ID, seen, deleted, state: waiting|done, ...}`."""
PARAMETERS = "parameters"
"""What an administrator has set differently from the declared default; `_id` is the parameter's name."""
AUTO_SENT = "auto_sent"
"""Automatic messages of the last hour, one document each, so that they can be counted: `{to, conversation, at}`."""

MAIL_INDEXES = (
    Index(RULES, {"place": 1}),
    Index(MARKS, {"account": 1, "state": 1, "next_at": 1}),
    Index(MARKS, {"done_at": 1}, expire_s=90 * 86_400),
    Index(AUTO_SENT, {"to": 1, "at": 1}),
    Index(AUTO_SENT, {"conversation": 1, "at": 1}),
    Index(AUTO_SENT, {"at": 1}, expire_s=2 * 3600),
)
