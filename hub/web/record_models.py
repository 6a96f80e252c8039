"""The shapes in which records and their metadata leave the hub. The fields of each type come from its declaration."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from crm_core.ground.ports import FileFacts

RecordRow = dict[str, Any]
"""A record's fields, with `labels` (names of linked records, by id) and, where it names files, `files` (name, type and size
of each, by id); see the schema of its type."""


class Page(TypedDict):
    """One page of records. `next` goes into `after`; `count` only where it was asked for."""

    items: list[RecordRow]
    next: str | None
    count: NotRequired[int]
    more: NotRequired[bool]


class HistoryField(TypedDict):
    """One field that changed."""

    field: str
    old: Any
    new: Any


class HistoryEntry(TypedDict):
    """One change of a record. `actor` is a user's id or `system`. `files` says what the files among the values were called
    when it was made: those that were taken away need not be there any more."""

    id: str
    revision: int
    at: datetime
    actor: str
    change: Literal["created", "changed", "moved", "removed"]
    state: str
    reason: str | None
    fields: list[HistoryField]
    files: dict[str, FileFacts]


class HistoryPage(TypedDict):
    """The change log, newest first. `next` goes into `before`."""

    items: list[HistoryEntry]
    next: int | None


class Label(TypedDict):
    """A text in both languages."""

    zh: str
    en: str


class RecordTypeHead(TypedDict):
    """A record type by name (`plural` heads its list), and what the caller may do with (some of) its rows."""

    key: str
    label: Label
    plural: Label
    module: str
    kind: str
    title: str
    actions: list[str]


class RecordTypeList(TypedDict):
    """The types that the caller may know."""

    items: list[RecordTypeHead]


class RecordTypeOut(RecordTypeHead):
    """The whole metadata of a type: `schema` is JSON Schema 2020-12 of the data, `fields` and `layout` are for screens."""

    schema: dict[str, Any]
    fields: dict[str, Any]
    custom: dict[str, Any]
    layout: dict[str, Any]
    states: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    owned: bool
    version: str


class MoveTo(BaseModel):
    """Where a record is to go, and why."""

    model_config = ConfigDict(extra="forbid")

    to: str = Field(min_length=1, max_length=100)
    reason: str = Field(default="", max_length=2000)
