"""Computed fields that follow from other records, kept right in the same unit of work as those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Count:
    """`name` = how many records of type `of` name this one in their field `by` and fit `where`."""

    name: str
    of: str
    by: str
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class First:
    """`name` = the id of the record of type `of` that names this one in `by` and fits `where` (the oldest)."""

    name: str
    of: str
    by: str
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Copied:
    """`name` = the field `source` of the record that the link `through` points at."""

    name: str
    through: str
    source: str
