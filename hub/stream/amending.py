"""How a stored message changes. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from hub.store.client import Doc

_RANK = {"queued": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 2}
_FIXED = frozenset({"_id", "seq", "conversation", "external_id", "account", "raw", "stored_at"})


def amended(doc: Doc, change: Mapping[str, Any], *, force: bool = False) -> Doc | None:
    """The message after the change; None when it changes nothing.

    A delivery only goes forward: a late `sent` after `delivered` is dropped, unless `force`. A failure after
    `sent` (a bounce) counts; after `delivered` or `read` it does not.
    """
    after = copy.deepcopy(doc)
    for name, value in change.items():
        if name.split(".", 1)[0] in _FIXED:
            raise ValueError(f"{name} of a message never changes")
        if name == "delivery.state" and not force and _goes_back(doc, value):
            return None
        _put(after, name.split("."), value)
    if after == doc:
        return None
    after["revision"] = doc["revision"] + 1
    return after


def _goes_back(doc: Doc, state: str) -> bool:
    delivery = doc.get("delivery") or {}
    before = delivery.get("state")
    if before == "failed" and state in ("sending", "sent") and delivery.get("recipients"):
        return True  # the bounce was quicker than our own note that it was handed over
    return before is not None and _RANK[state] < _RANK[before]


def _put(into: Doc, path: list[str], value: Any) -> None:
    *parents, last = path
    for parent in parents:
        if not isinstance(into.get(parent), dict):
            into[parent] = {}
        into = into[parent]
    into[last] = value
