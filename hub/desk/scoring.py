"""The quality of recorded calls: supervisors score, the agent sees it and may answer, averages per agent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from crm_core.ground.ids import new_id
from hub.desk.score_sheets import ScoreSheets, total_of
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.conversation import PersonRef
from hub.store.client import Doc
from hub.store.recording_collections import RECORDINGS, SCORES
from hub.store.unit import Unit, Units

_READ_MS = 2000
_MOST_COMMENTS = 100


class EarlierScore(TypedDict):
    """What a score was before it was changed."""

    points: dict[str, int]
    total: float
    note: str
    at: datetime


class CommentOut(TypedDict):
    """What somebody says to a score."""

    by: PersonRef
    text: str
    at: datetime


class ScoreOut(TypedDict):
    """A score of a call (`call`: its message) by one scorer on one sheet; `total` from 0 to 100."""

    id: str
    sheet: str
    call: str
    agent: PersonRef
    scorer: PersonRef
    points: dict[str, int]
    total: float
    note: str
    at: datetime
    history: list[EarlierScore]
    comments: list[CommentOut]


class AverageOut(TypedDict):
    """How an agent's calls were scored."""

    agent: PersonRef
    average: float
    scores: int


class Scoring:
    """Scores with the caller's eyes: supervisors see all, agents their own, others nothing."""

    def __init__(self, units: Units, sheets: ScoreSheets, audit: Audit) -> None:
        self._units = units
        self._db = units.db
        self._sheets = sheets
        self._audit = audit

    async def score(
        self,
        caller: Caller,
        call: str,
        sheet: str,
        points: Mapping[str, int],
        note: str,
        agent: str | None,
        far: FarEnd,
    ) -> ScoreOut:
        """Score a recorded call, or change one's own score of it; what it was before is kept.

        Raises:
            NotFound: there is no recording of this call, or no such sheet.
            Conflict: the sheet is put aside.
            Forbidden: it is the caller's own call.
            Invalid: points that the sheet does not take, or an agent who was not in the call.
        """
        chosen = await self._sheets.one(sheet)
        if not chosen["active"]:
            raise Conflict("this score sheet is put aside")
        judged = await self._judged(caller, call, agent)
        new = {"points": dict(points), "total": total_of(chosen, points), "note": note, "at": now(), "agent": judged}
        scorer = {"id": caller.user, "name": caller.name}
        where = {"call": call, "sheet": sheet, "scorer.id": caller.user}

        async def work(unit: Unit) -> Doc:
            before = await unit.db[SCORES].find_one(where, session=unit.session)
            kept = before or {"_id": new_id(), "sheet": sheet, "call": call, "history": [], "comments": []}
            if before:
                kept["history"].append({key: before[key] for key in ("points", "total", "note", "at")})
            after = {**kept, **new, "scorer": scorer}
            await unit.db[SCORES].replace_one({"_id": after["_id"]}, after, upsert=True, session=unit.session)
            await self._average_on_recording(unit, call)
            what, total = "call.scored", after["total"]
            await self._audit.write(what, who=caller.user, far=far, about=call, unit=unit, sheet=sheet, total=total)
            return after

        return _out(await self._units.run(work))

    async def comment(self, caller: Caller, score: str, text: str) -> ScoreOut:
        """The agent, or a supervisor, says something to a score.

        Raises:
            NotFound: there is none, or the caller may not see it.
            Conflict: enough was said.
        """
        where = {"$and": [{"_id": score}, _seen_by(caller)]}
        said = {"by": {"id": caller.user, "name": caller.name}, "text": text, "at": now()}
        room = {f"comments.{_MOST_COMMENTS - 1}": {"$exists": False}}
        after = await self._db[SCORES].find_one_and_update(
            {**where, **room}, {"$push": {"comments": said}}, return_document=True
        )
        if after is None:
            if await self._db[SCORES].find_one(where, {"_id": 1}):
                raise Conflict(f"a score takes {_MOST_COMMENTS} comments")
            raise NotFound("there is no such score", score=score)
        return _out(after)

    async def of_call(self, caller: Caller, call: str) -> list[ScoreOut]:
        """The scores of a call."""
        where = {"$and": [{"call": call}, _seen_by(caller)]}
        return [_out(doc) async for doc in self._db[SCORES].find(where).sort("at", -1).limit(100)]

    async def page(self, caller: Caller, *, limit: int, before: datetime | None) -> list[ScoreOut]:
        """The scores that one got, newest first."""
        where: Doc = {"agent.id": caller.user} | ({"at": {"$lt": before}} if before else {})
        return [_out(doc) async for doc in self._db[SCORES].find(where).sort("at", -1).limit(limit)]

    async def averages(self, since: datetime | None, until: datetime | None, sheet: str | None) -> list[AverageOut]:
        """Per agent, the best first."""
        bounds = {key: value for key, value in (("$gte", since), ("$lt", until)) if value}
        where: Doc = ({"at": bounds} if bounds else {}) | ({"sheet": sheet} if sheet else {})
        steps: list[Doc] = [
            {"$match": where},
            {"$group": {
                "_id": "$agent.id", "name": {"$last": "$agent.name"}, "average": {"$avg": "$total"}, "scores": {"$sum": 1},
            }},
            {"$sort": {"average": -1, "_id": 1}},
            {"$limit": 1000},
        ]  # fmt: skip
        found = await self._db[SCORES].aggregate(steps, maxTimeMS=_READ_MS)
        return [
            {"agent": {"id": d["_id"], "name": d["name"]}, "average": round(d["average"], 1), "scores": d["scores"]}
            async for d in found
        ]

    async def _judged(self, caller: Caller, call: str, agent: str | None) -> PersonRef:
        """Whose talk it is: who was named, or the last who talked."""
        doc = await self._db[RECORDINGS].find_one({"message": call}, {"agents": 1})
        if doc is None:
            raise NotFound("this call has no recording", call=call)
        people = [each for each in doc["agents"] if each["user"] and agent in (None, each["user"])]
        if not people:
            wrong = "no colleague with this id talked in the call"
            raise Invalid(wrong, fields=(FieldError("agent", "agent", wrong),))
        if people[-1]["user"] == caller.user:
            raise Forbidden("nobody scores their own call")
        return {"id": people[-1]["user"], "name": people[-1]["name"]}

    async def _average_on_recording(self, unit: Unit, call: str) -> None:
        totals = [d["total"] async for d in unit.db[SCORES].find({"call": call}, {"total": 1}, session=unit.session)]
        change = {"$set": {"score": round(sum(totals) / len(totals), 1)}}
        await unit.db[RECORDINGS].update_many({"message": call}, change, session=unit.session)


def _seen_by(caller: Caller) -> Doc:
    return {} if caller.supervisor or caller.admin else {"agent.id": caller.user}


def _out(doc: Mapping[str, Any]) -> ScoreOut:
    return {
        "id": doc["_id"],
        "sheet": doc["sheet"],
        "call": doc["call"],
        "agent": doc["agent"],
        "scorer": doc["scorer"],
        "points": doc["points"],
        "total": doc["total"],
        "note": doc["note"],
        "at": doc["at"],
        "history": doc["history"],
        "comments": doc["comments"],
    }
