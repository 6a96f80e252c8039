"""How calls are judged: sheets of weighted criteria, in both languages. A sheet in use is not changed but put aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid, NotFound
from crm_core.ground.ids import new_id
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.recording_collections import SCORE_SHEETS
from hub.store.unit import Unit, Units


class Criterion(TypedDict):
    """One thing that is judged, with 0 to `most` points; `weight` says how much it counts."""

    id: str
    en: str
    zh: str
    weight: int
    most: int


class SheetOut(TypedDict):
    """A sheet. One that is not `active` is kept for the scores that stand on it."""

    id: str
    en: str
    zh: str
    criteria: list[Criterion]
    active: bool
    at: datetime


class ScoreSheets:
    """Makes sheets and puts them aside."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._db = units.db
        self._audit = audit

    async def all(self) -> list[SheetOut]:
        """Every sheet, newest first."""
        return [_out(doc) async for doc in self._db[SCORE_SHEETS].find().sort("_id", -1).limit(200)]

    async def one(self, sheet: str) -> SheetOut:
        """One sheet; raises `NotFound`."""
        doc = await self._db[SCORE_SHEETS].find_one({"_id": sheet})
        if doc is None:
            raise NotFound("there is no such score sheet", sheet=sheet)
        return _out(doc)

    async def make(self, caller: Caller, en: str, zh: str, criteria: Sequence[Criterion], far: FarEnd) -> SheetOut:
        """A new sheet."""
        doc: Doc = {
            "_id": new_id(), "en": en, "zh": zh, "criteria": list(criteria), "active": True, "by": caller.user,
            "at": now(),
        }  # fmt: skip

        async def work(unit: Unit) -> None:
            await unit.db[SCORE_SHEETS].insert_one(dict(doc), session=unit.session)
            await self._audit.write("score-sheet.made", who=caller.user, far=far, about=doc["_id"], unit=unit)

        await self._units.run(work)
        return _out(doc)

    async def activate(self, caller: Caller, sheet: str, active: bool, far: FarEnd) -> SheetOut:
        """Put a sheet aside, or take it up again; raises `NotFound`."""

        async def work(unit: Unit) -> None:
            change = {"$set": {"active": active}}
            done = await unit.db[SCORE_SHEETS].update_one({"_id": sheet}, change, session=unit.session)
            if not done.matched_count:
                raise NotFound("there is no such score sheet", sheet=sheet)
            what = "score-sheet.changed"
            await self._audit.write(what, who=caller.user, far=far, about=sheet, unit=unit, active=active)

        await self._units.run(work)
        return await self.one(sheet)


def total_of(sheet: SheetOut, points: Mapping[str, int]) -> float:
    """0 to 100.

    Raises:
        Invalid: names each criterion without points, with too many, or that the sheet does not have.
    """
    most = {each["id"]: each["most"] for each in sheet["criteria"]}
    wrong = [
        *(FieldError(f"points.{key}", "missing", "give points") for key in most if key not in points),
        *(FieldError(f"points.{key}", "unknown", "not on this sheet") for key in points if key not in most),
        *(
            FieldError(f"points.{key}", "value", f"from 0 to {most[key]}", {"rule": "range", "least": 0, "most": most[key]})
            for key, value in points.items() if key in most and not 0 <= value <= most[key]
        ),
    ]  # fmt: skip
    if wrong:
        raise Invalid("; ".join(f"{each.path}: {each.detail}" for each in wrong), fields=tuple(wrong))
    weight = sum(each["weight"] for each in sheet["criteria"])
    got = sum(each["weight"] * points[each["id"]] / each["most"] for each in sheet["criteria"])
    return round(100 * got / weight, 1)


def _out(doc: Doc) -> SheetOut:
    return {
        "id": doc["_id"],
        "en": doc["en"],
        "zh": doc["zh"],
        "criteria": doc["criteria"],
        "active": doc["active"],
        "at": doc["at"],
    }
