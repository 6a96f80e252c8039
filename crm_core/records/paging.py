"""Keyset paging: a page begins after the last row of the one before, so rows that come and go move nobody else's."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm_core.declare.record import Kept
from crm_core.declare.shape import shapes_of
from crm_core.ground.errors import FieldError, Invalid
from crm_core.ground.ports import Doc

_LONGEST = 1000
_BAD = Invalid("start from the first page", fields=(FieldError("after", "cursor", "this is no cursor of this list"),))


def orders(declared: type[Kept]) -> list[str]:
    """The fields that a list may be sorted by; each has an index."""
    names = [declared.meta.title, "number" if declared.meta.series else "", "changed_at", *declared.meta.orders]
    return list(dict.fromkeys(["id", "created_at", *filter(None, names)]))


@dataclass(frozen=True, slots=True)
class Sorting:
    """By one field, then by id. `direction` is 1 or -1."""

    field: str
    direction: int

    def order(self) -> list[tuple[str, int]]:
        """For the store."""
        tail = [("_id", self.direction)]
        return tail if self.field == "_id" else [(self.field, self.direction), *tail]

    def after(self, cursor: str) -> dict[str, Any]:
        """The filter for what comes after a cursor. The store puts absent values first.

        Raises:
            Invalid: the cursor is not of this list.
        """
        value, last = self._read(cursor)
        beyond = "$gt" if self.direction > 0 else "$lt"
        if self.field == "_id":
            return {"_id": {beyond: last}}
        same = {self.field: value, "_id": {beyond: last}}
        if value is None:
            return {"$or": [same, {self.field: {"$ne": None}}]} if self.direction > 0 else same
        further: list[dict[str, Any]] = [{self.field: {beyond: value}}, same]
        return {"$or": further if self.direction > 0 else [*further, {self.field: None}]}

    def cursor(self, doc: Doc) -> str:
        """The place of a document in this list."""
        value = doc.get(self.field)
        plain = {"at": value.isoformat()} if isinstance(value, datetime) else value
        text = json.dumps([self.field, self.direction, plain, doc["_id"]], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> tuple[Any, str]:
        try:
            found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            field, direction, value, last = found
            if isinstance(value, dict):
                value = datetime.fromisoformat(value["at"]).astimezone(UTC)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise _BAD from None
        if (field, direction) != (self.field, self.direction) or not _plain(last):
            raise _BAD
        if not (value is None or isinstance(value, datetime) or _plain(value)):
            raise _BAD
        return value, last


def _plain(value: Any) -> bool:
    """Whether this is a text that the store can be asked for: all sortable fields are texts, times or absent."""
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST


def read_order(declared: type[Kept], text: str) -> Sorting:
    """`name` or `-name`; empty = newest first.

    Raises:
        Invalid: the list cannot be sorted by this.
    """
    name, direction = text.removeprefix("-"), -1 if text.startswith("-") else 1
    if not text:
        return Sorting("_id", -1)
    allowed = orders(declared)
    if name not in allowed or name not in shapes_of(declared):
        detail = f"sort by one of {', '.join(allowed)}"
        raise Invalid("the list cannot be sorted like this", fields=(FieldError("order", "order", detail),))
    # Ids begin with the time of creation, so both orders are the same and need one index only.
    return Sorting("_id" if name in ("id", "created_at") else name, direction)
