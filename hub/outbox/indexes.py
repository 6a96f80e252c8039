"""The indexes of the outbox beside those every part shares."""

from __future__ import annotations

from hub.store.collections import OUTBOX, Index

OUTBOX_INDEXES = (
    # the head of each conversation's line
    Index(OUTBOX, {"account": 1, "conversation": 1, "seq": 1}, where={"state": "queued"}),
    # copies owed to the far side
    Index(OUTBOX, {"account": 1, "copy_at": 1}, where={"copy_at": {"$exists": True}}),
)
