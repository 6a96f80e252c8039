"""Collections of browser push: who may be reached where, what is to be sent, and who looks at a console now."""

from __future__ import annotations

from hub.store.collections import Index

PUSH_SUBSCRIPTIONS = "push_subscriptions"
"""A browser that its push service can wake: `{_id, user, sign_in, endpoint, p256dh, auth, expires_at, made_at}`. `_id` is
the digest of the endpoint, `auth` is sealed."""
PUSHES = "pushes"
"""One notice for one browser: `{_id: NOTICE:SUBSCRIPTION, notice, subscription, user, state, due, tries, at, sent_at, why}`.
`state` is `waiting`, `sent` or `dropped`; what is done stays for a while, so that it is not done again."""
LOOKING = "looking"
"""A console in a visible tab: `{_id: SID, user, until}`."""

_KEEP_S = 3 * 86_400

PUSH_INDEXES = (
    Index(PUSH_SUBSCRIPTIONS, {"user": 1, "made_at": -1}),
    Index(PUSH_SUBSCRIPTIONS, {"sign_in": 1}),
    Index(PUSH_SUBSCRIPTIONS, {"expires_at": 1}, expire_s=0),
    Index(PUSHES, {"state": 1, "due": 1}),
    Index(PUSHES, {"user": 1, "sent_at": -1}),
    Index(PUSHES, {"at": 1}, expire_s=_KEEP_S),
    Index(LOOKING, {"user": 1}),
    Index(LOOKING, {"until": 1}, expire_s=0),
)
