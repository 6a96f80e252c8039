"""Collections and indexes of what people keep beside the inbox: their views, canned answers and unsent drafts."""

from __future__ import annotations

from hub.store.collections import Index

VIEWS = "views"
CANNED = "canned"
DRAFTS = "drafts"
_FORGOTTEN_S = 120 * 86_400
"""A draft that nobody touched for four months is given up."""

INBOX_INDEXES = (
    Index(VIEWS, {"scope": 1, "name": 1}, unique=True),
    Index(CANNED, {"scope": 1, "shortcut": 1}, unique=True),
    Index(DRAFTS, {"user": 1, "at": -1}),
    Index(DRAFTS, {"at": 1}, expire_s=_FORGOTTEN_S),
)
"""Beside `HUB_INDEXES`; made by the same `migrate`."""
