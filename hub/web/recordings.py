"""Recordings over HTTP: hearing, the waveform, the list, the hold, the rules, the export."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.recordings import ExportOut, ListedRecording, PeaksOut, Recordings, RuleOut, Wanted
from hub.identity.caller import Caller
from hub.store.files import StoredFile
from hub.web.described import described
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, ARRANGE, SIGNED_IN, SUPERVISE
from hub.web.paging import Limit, Page
from hub.web.queues import QueueId
from hub.web.ranges import send_file
from hub.web.routes import Routes

routes = Routes("recordings")

_SOUND = {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}
_RANGES = {"Range": "A part of it: `bytes=FIRST-LAST`.", "If-Range": "The `ETag` that the part must be of."}
Text = Annotated[str, Field(min_length=1, max_length=64)]


class WhichRecording(BaseModel):
    """`n`: the second, third ... recording of the call. `download`: to keep, not to play."""

    model_config = ConfigDict(extra="forbid")

    n: Annotated[int, Field(ge=1, le=100)] = 1
    download: bool = False


class RecordingFilter(BaseModel):
    """By time, queue, agent (a user's id) and number."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    queue: QueueId | None = None
    agent: Text | None = None
    number: Text | None = None

    def wanted(self) -> Wanted:
        """As the desk takes it."""
        return Wanted(since=self.since, until=self.until, queue=self.queue, agent=self.agent, number=self.number)


class RecordingsQuery(RecordingFilter):
    """One page of them."""

    limit: Limit = 50
    after: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class Period(RecordingFilter):
    """What is exported: a period must be named."""

    since: AwareDatetime
    until: AwareDatetime


class Hold(BaseModel):
    """Why the recordings must be kept; None lets them go."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)] | None


class Rule(BaseModel):
    """For how many days; None = for ever."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=36500)] | None


class RulesOut(TypedDict):
    """All of them; there is no next page."""

    items: list[RuleOut]
    next: None


@routes.get("/api/calls/{call}/recording", may=SIGNED_IN)
@described(answer=_SOUND, headers=_RANGES)
async def play_recording(
    call: str, query: WhichRecording, caller: Caller, request: web.Request, recordings: Recordings
) -> web.StreamResponse:
    """A recording of a call, as the PBX wrote it; `call` is the message. Audited. 404 without the right to hear it."""
    act: Literal["played", "downloaded"] = "downloaded" if query.download else "played"
    file = await recordings.open(caller, call, query.n, far_end(request), act)
    return await send_file(request, file, _headers(file, download=query.download))


@routes.head("/api/calls/{call}/recording", may=SIGNED_IN)
@described(headers=_RANGES)
async def describe_recording(
    call: str, query: WhichRecording, caller: Caller, request: web.Request, recordings: Recordings
) -> web.StreamResponse:
    """How large a recording is, and of what type."""
    file = await recordings.open(caller, call, query.n, far_end(request), "played")
    return await send_file(request, file, _headers(file, download=query.download))


@routes.get("/api/calls/{call}/recording/peaks", may=SIGNED_IN)
async def show_recording_peaks(call: str, query: WhichRecording, caller: Caller, recordings: Recordings) -> PeaksOut:
    """The waveform of a recording."""
    return await recordings.peaks(caller, call, query.n)


@routes.put("/api/calls/{call}/legal-hold", may=ARRANGE)
async def hold_recordings(call: str, body: Hold, caller: Caller, request: web.Request, recordings: Recordings) -> None:
    """Keep a call's recordings whatever the rules say; with `reason` null, let them go."""
    await recordings.hold(caller, call, body.reason, far_end(request))


@routes.get("/api/recordings", may=SIGNED_IN)
async def list_recordings(query: RecordingsQuery, caller: Caller, recordings: Recordings) -> Page[ListedRecording]:
    """Recorded calls, newest first: all for supervisors, their own for others where the house allows that."""
    items = await recordings.page(caller, query.wanted(), limit=query.limit, before=query.after)
    return Page(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.post("/api/recordings/export", may=ARRANGE, status=202)
async def export_recordings(body: Period, caller: Caller, request: web.Request, recordings: Recordings) -> ExportOut:
    """Write the recordings of a period into a zip, with a table of them (index.csv). Audited."""
    return await recordings.export(caller, body.wanted(), far_end(request))


@routes.get("/api/recordings/rules", may=SUPERVISE)
async def list_recording_rules(recordings: Recordings) -> RulesOut:
    """For how long the recordings of queues are kept, where that differs from the account's setting."""
    return RulesOut(items=await recordings.rules(), next=None)


@routes.put("/api/recordings/rules/{queue}", may=ADMINISTER)
async def set_recording_rule(
    queue: QueueId, body: Rule, caller: Caller, request: web.Request, recordings: Recordings
) -> RuleOut:
    """Set for how many days a queue's recordings are kept."""
    return await recordings.rule(caller, queue, body.days, far_end(request))


def _headers(file: StoredFile, *, download: bool) -> dict[str, str]:
    name, kind = file.about["name"], file.about["type"]
    sound = kind if kind.startswith("audio/") else "application/octet-stream"
    way = "attachment" if download or sound != kind else "inline"
    return {
        "Content-Type": sound,
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }
