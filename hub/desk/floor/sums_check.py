"""Compares sums of calls with the facts they were made of, for the doctor. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.desk.floor.roller import rows_of
from hub.desk.floor.spans import Span
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_SPANS, CALL_SUMS

_NEWEST = 40
_Rows = dict[tuple[Any, ...], Mapping[str, float]]


@dataclass(slots=True)
class Compared:
    """So many spans were compared; these differ."""

    count: int = 0
    differing: list[str] = field(default_factory=list)


async def compare_sums(db: Database, newest: int = _NEWEST) -> Compared:
    """The newest days and weeks that are added up."""
    result = Compared()
    marks = await db[CALL_SPANS].find({"version": {"$gt": ""}}).sort("at", -1).limit(newest).to_list()
    for mark in marks:
        result.count += 1
        if not await _equal(db, mark) and await db[CALL_SPANS].find_one({"_id": mark["_id"], "n": mark["n"]}):
            result.differing.append(mark["_id"].replace("|", " "))
    return result


async def _equal(db: Database, mark: Doc) -> bool:
    wanted = _rows([row async for row in rows_of(db, Span(mark["kind"], mark["at"]))])
    return _rows(await db[CALL_SUMS].find({"span": mark["_id"], "version": mark["version"]}).to_list()) == wanted


def _rows(docs: list[Doc]) -> _Rows:
    """By what they are about; seconds as far as they are told."""
    return {
        (doc["about"], doc["direction"], doc["queue"], doc.get("key"), doc.get("at")): {
            name: round(value, 3) for name, value in doc["m"].items()
        }
        for doc in docs
    }
