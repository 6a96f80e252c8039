"""Quality scores over HTTP: sheets, scores of a call, comments, averages."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from crm_core.ground.ids import new_id
from hub.desk.score_sheets import ScoreSheets, SheetOut
from hub.desk.scoring import AverageOut, ScoreOut, Scoring
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ARRANGE, SIGNED_IN, SUPERVISE, WRITE
from hub.web.paging import Limit
from hub.web.routes import Routes

routes = Routes("scores")

Words = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(min_length=1, max_length=64)]


class NewCriterion(BaseModel):
    """What is judged, in both languages; `weight` says how much it counts, `most` is the best mark."""

    model_config = ConfigDict(extra="forbid")

    en: Words
    zh: Words
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    most: Annotated[int, Field(ge=1, le=100)] = 5


class NewSheet(BaseModel):
    """A sheet to be made. Its criteria do not change afterwards: make another, and put this one aside."""

    model_config = ConfigDict(extra="forbid")

    en: Words
    zh: Words
    criteria: Annotated[list[NewCriterion], Field(min_length=1, max_length=50)]


class SheetChange(BaseModel):
    """Whether calls are scored on it."""

    model_config = ConfigDict(extra="forbid")

    active: bool


class NewScore(BaseModel):
    """Points by criterion. `agent`: whom it is about, where several talked; else the last."""

    model_config = ConfigDict(extra="forbid")

    points: Annotated[dict[Id, int], Field(max_length=50)]
    note: Annotated[str, Field(max_length=4000)] = ""
    agent: Id | None = None


class NewComment(BaseModel):
    """What one says to a score."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=4000)]


class MyScores(BaseModel):
    """One page; `before` is the time of the last that was seen."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    before: AwareDatetime | None = None


class AveragesQuery(BaseModel):
    """Of a period, and of one sheet."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    sheet: Id | None = None


class SheetsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[SheetOut]
    next: None


class ScoresOut(TypedDict):
    """Scores, newest first."""

    items: list[ScoreOut]
    next: None


class AveragesOut(TypedDict):
    """Per agent, the best first."""

    items: list[AverageOut]
    next: None


@routes.get("/api/score-sheets", may=SIGNED_IN)
async def list_score_sheets(sheets: ScoreSheets) -> SheetsOut:
    """The sheets on which calls are scored."""
    return SheetsOut(items=await sheets.all(), next=None)


@routes.post("/api/score-sheets", may=ARRANGE, status=201)
async def make_score_sheet(body: NewSheet, who: Caller, request: web.Request, sheets: ScoreSheets) -> SheetOut:
    """Make a sheet."""
    criteria = [{"id": new_id(), **each.model_dump()} for each in body.criteria]
    return await sheets.make(who, body.en, body.zh, criteria, far_end(request))  # type: ignore[arg-type]


@routes.patch("/api/score-sheets/{sheet}", may=ARRANGE)
async def change_score_sheet(
    sheet: Id, body: SheetChange, who: Caller, request: web.Request, sheets: ScoreSheets
) -> SheetOut:
    """Put a sheet aside, or take it up again; its scores stay."""
    return await sheets.activate(who, sheet, body.active, far_end(request))


@routes.put("/api/calls/{call}/scores/{sheet}", may=ARRANGE)
async def score_call(
    call: str, sheet: Id, body: NewScore, who: Caller, request: web.Request, scoring: Scoring
) -> ScoreOut:
    """Score a recorded call, or change your own score; nobody scores their own call."""
    return await scoring.score(who, call, sheet, body.points, body.note, body.agent, far_end(request))


@routes.get("/api/calls/{call}/scores", may=SIGNED_IN)
async def list_scores_of_call(call: str, who: Caller, scoring: Scoring) -> ScoresOut:
    """The scores of a call: all for supervisors, else those that are about you."""
    return ScoresOut(items=await scoring.of_call(who, call), next=None)


@routes.post("/api/scores/{score}/comments", may=WRITE, status=201)
async def comment_on_score(score: Id, body: NewComment, who: Caller, scoring: Scoring) -> ScoreOut:
    """Answer to a score that is about you; supervisors to any."""
    return await scoring.comment(who, score, body.text)


@routes.get("/api/me/scores", may=SIGNED_IN)
async def list_my_scores(query: MyScores, who: Caller, scoring: Scoring) -> ScoresOut:
    """How your own calls were scored, newest first."""
    return ScoresOut(items=await scoring.page(who, limit=query.limit, before=query.before), next=None)


@routes.get("/api/scores/averages", may=SUPERVISE)
async def show_score_averages(query: AveragesQuery, scoring: Scoring) -> AveragesOut:
    """The average of each agent's scores."""
    return AveragesOut(items=await scoring.averages(query.since, query.until, query.sheet), next=None)
