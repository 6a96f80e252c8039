"""What the core needs of a store. The hub implements it; filters are the store's own query documents, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from typing_extensions import TypedDict

from crm_core.ground.events import Event

Doc = dict[str, Any]
Filter = Mapping[str, Any]
Order = Sequence[tuple[str, int]]

HISTORY = "history"
"""The pseudo type under which the change log is read."""


class FileFacts(TypedDict):
    """What a screen needs to show a file; `size` in bytes."""

    name: str
    type: str
    size: int


class RecordReads(Protocol):
    """Reading records, inside or outside a unit of work. `key` is the record type."""

    async def first(self, key: str, where: Filter) -> Doc | None:
        """Any one record that matches."""

    async def find(self, key: str, where: Filter, order: Order = (), limit: int = 0) -> list[Doc]:
        """The records that match; `limit` 0 = all, and only for sets known to be small."""

    async def count(self, key: str, where: Filter, limit: int = 0) -> int:
        """How many match, counted no further than `limit` (0 = to the end)."""

    async def files(self, ids: Collection[str]) -> dict[str, FileFacts]:
        """What is known of the files among `ids` that exist, by id."""


class Look(Protocol):
    """What the guard of a move may look at."""

    async def count(self, key: str, where: Filter) -> int:
        """How many records of a type match."""

    async def owned_open(self, user: str) -> int:
        """How many records, of whatever type, the person owns that are not in a locked state."""


class RecordUnit(RecordReads, Protocol):
    """One unit of work over records: all of it is committed together with its events, or none of it."""

    async def insert(self, key: str, doc: Doc) -> None:
        """Store a new document."""

    async def replace(self, key: str, doc: Doc) -> None:
        """Store a document anew under its `_id`."""

    async def set_many(self, key: str, where: Filter, values: Filter) -> int:
        """Set values in all that match; returns how many matched."""

    async def remove(self, key: str, record: str) -> None:
        """Delete one document."""

    async def hold_files(self, place: str, taken: Collection[str], dropped: Collection[str]) -> None:
        """Note at the files that the record at `place` (`TYPE:ID`) names them now, or no longer does."""

    async def next_number(self, series: str) -> int:
        """The next of a series, from 1; never given twice."""

    async def in_stream(self, key: str, record: str) -> bool:
        """Whether a conversation names the record as a party or has it attached."""

    def announce(self, event: Event) -> None:
        """Tell the consoles when this unit commits."""
