"""One committed change of a record, as rules see it: what it was before, and what it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core.declare.record import Kept
from crm_core.ground.ports import Doc
from crm_core.records.documents import to_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A change.

    Attributes:
        change: `created changed moved`.
        actor: a user's id or `system`.
        before, after: the declared fields; `before` is empty where the record was made.
        fields: the names of those that differ.
    """

    type: str
    record: str
    revision: int
    change: str
    actor: str
    at: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    fields: frozenset[str]


def happening(declared: type[Kept], doc: Doc, entries: Sequence[Doc]) -> Happening:
    """The change that the last of the entries tells of.

    Args:
        doc: the record as it is now.
        entries: its change log from now back to that change, newest first; what came later is taken back.
    """
    after = to_values(declared, doc)
    for later in entries[:-1]:
        after |= {field["field"]: field["old"] for field in later["fields"]}
    entry = entries[-1]
    created = entry["change"] == "created"
    before = {} if created else after | {field["field"]: field["old"] for field in entry["fields"]}
    return Happening(
        type=declared.meta.key, record=doc["_id"], revision=entry["revision"], change=entry["change"],
        actor=entry["actor"], at=entry["at"], before=before, after=after,
        fields=frozenset(field["field"] for field in entry["fields"]),
    )  # fmt: skip
