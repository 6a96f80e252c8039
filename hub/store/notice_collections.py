"""Collections and indexes of what people are told: notices, internal messages, announcements, home pages."""

from __future__ import annotations

from hub.store.collections import AUDIT, Index
from hub.store.jobs import JOBS

NOTICES = "notices"
"""What one person was told: `{_id, user, key, kind, cause, title, text, about, by, state, at, read_at}`. `key` makes a
second telling of the same thing the same notice."""
INTERNAL_MESSAGES = "internal_messages"
"""What a colleague wrote to colleagues: `{_id, by, by_name, users, departments, receivers, subject, text, about, at}`."""
ANNOUNCEMENTS = "announcements"
"""`{_id, title, text, departments, confirm, by, by_name, at, until, withdrawn_at}`; no departments = everybody."""
CONFIRMATIONS = "announcement_confirmations"
"""`{_id: ANNOUNCEMENT:USER, announcement, user, at}`."""
HOME_PAGES = "home_pages"
"""What a person made of the own home page: `{_id: USER, blocks, changed_at}`."""
HOME_SCHEMES = "home_schemes"
"""Home pages as administrators lay them out: `{_id, name, blocks, standard, roles, users, revision, changed_at}`."""
OUTSIDE_APPS = "outside_apps"
"""Outside applications that home pages may show: `{_id, name, url, frame, revision, changed_at}`."""
RULE_FIRINGS = "message_rule_firings"
"""That a message rule fired: `{_id: RULE:RECORD:REVISION or PERIOD, rule, record, revision, chosen, at, ends_at}`."""

_KEEP_S = 400 * 86_400

NOTICE_INDEXES = (
    Index(NOTICES, {"user": 1, "key": 1}, unique=True),
    Index(NOTICES, {"user": 1, "state": 1, "kind": 1, "_id": -1}),
    Index(NOTICES, {"about.internal": 1}, where={"about.internal": {"$gt": ""}}),
    Index(NOTICES, {"about.announcement": 1, "state": 1}, where={"about.announcement": {"$gt": ""}}),
    Index(NOTICES, {"at": 1}, expire_s=_KEEP_S),
    Index(INTERNAL_MESSAGES, {"by": 1, "_id": -1}),
    Index(INTERNAL_MESSAGES, {"at": 1}, expire_s=_KEEP_S),
    Index(ANNOUNCEMENTS, {"withdrawn_at": 1, "_id": -1}),
    Index(CONFIRMATIONS, {"announcement": 1}),
    Index(RULE_FIRINGS, {"ends_at": 1}, expire_s=0),
    Index("record_message_rule", {"type": 1, "state": 1, "_id": 1}),
    Index(HOME_SCHEMES, {"users": 1}),
    Index(HOME_SCHEMES, {"roles": 1}),
    # the pages of administrators
    Index(AUDIT, {"actor": 1, "_id": -1}),
    Index(AUDIT, {"what": 1, "_id": -1}),
    Index(AUDIT, {"about": 1, "_id": -1}),
    Index(JOBS, {"scheduled": 1, "_id": -1}),
    Index(JOBS, {"scheduled": 1, "state": 1, "_id": -1}),
)
