"""Mailings over HTTP: schemes, the preview as receiver N, and their sendings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.accounts.directory import Directory, Entry
from hub.channel import Capabilities
from hub.identity.caller import Caller
from hub.web.conversation_models import Name
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE_TO_MANY
from hub.web.routes import Revision, Routes
from hub.writing.audience import Segment
from hub.writing.counting import CountOut
from hub.writing.previews import PreviewOut, Previews
from hub.writing.runs import ReceiverOut, RunOut, Runs
from hub.writing.schemes import MailingOut, Schemes

routes = Routes("mailings")

_KEY = "A key of the caller's making; the same key again returns the answer that was given."


class SegmentIn(BaseModel):
    """A kind of receivers; filters as in the record list of that kind (`level`, `name__contains`)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["customers", "contacts", "employees", "users", "suppliers"]
    filters: Annotated[
        dict[Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=500)]], Field(max_length=20)
    ] = {}


class MailingIn(BaseModel):
    """A mailing; `attachments` are uploaded files, `addresses` single receivers beside the segments."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    channel: Literal["email"] = "email"
    account: Annotated[str, Field(max_length=40)] = ""
    language: Literal["zh", "en"] = "zh"
    subject: Annotated[str, Field(max_length=1000)] = ""
    text: Annotated[str, Field(max_length=100_000)] = ""
    html: Annotated[str, Field(max_length=100_000)] = ""
    attachments: Annotated[list[Name], Field(max_length=20)] = []
    segments: Annotated[list[SegmentIn], Field(max_length=20)] = []
    addresses: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=1000)] = []


class MailingChange(MailingIn):
    """What is to be changed; the rest stays."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "unchanged"


class SegmentsIn(BaseModel):
    """Segments as they stand on screen, saved or not."""

    model_config = ConfigDict(extra="forbid")

    segments: Annotated[list[SegmentIn], Field(max_length=20)]


class RunIn(BaseModel):
    """When to begin; null = now."""

    model_config = ConfigDict(extra="forbid")

    send_at: AwareDatetime | None = None


class PreviewQuery(BaseModel):
    """`n`: as which receiver, from 1."""

    model_config = ConfigDict(extra="forbid")

    n: Annotated[int, Field(ge=1, le=50_000)] = 1


class ReceiversQuery(BaseModel):
    """A page of receivers: those after number `after`, those in one state."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["waiting", "queued", "sent", "failed", "skipped", "cancelled"] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class CountsOut(TypedDict):
    """One count for each segment, in their order."""

    items: list[CountOut]
    next: None


class MailingsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[MailingOut]
    next: None


class RunsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[RunOut]
    next: None


class SendingAccountOut(TypedDict):
    """An account that can send, and what it can carry. `max_chars`: of one text, None = no limit."""

    id: str
    channel: str
    text: bool
    subject: bool
    cc: bool
    attachments: bool
    max_chars: int | None


class SendingAccountsOut(TypedDict):
    """All of them; there is no next page."""

    items: list[SendingAccountOut]
    next: None


class ReceiversOut(TypedDict):
    """A page; `next` is the `after` of the following one."""

    items: list[ReceiverOut]
    next: int | None


@routes.get("/api/sending-accounts", may=SIGNED_IN)
async def list_sending_accounts(directory: Directory) -> SendingAccountsOut:
    """The accounts that can send, by id, with what they can carry; nothing else of them is told."""
    found = [(entry, entry.channel.can) for entry in await directory.all() if entry.enabled and entry.channel]
    return {"items": [_sending(entry, can) for entry, can in found if can.outbound], "next": None}


@routes.get("/api/mailings", may=WRITE_TO_MANY)
async def list_mailings(schemes: Schemes) -> MailingsOut:
    """The saved mailings, last changed first."""
    return {"items": await schemes.list_all(), "next": None}


@routes.post("/api/mailings", may=WRITE_TO_MANY, status=201)
@described(headers={"Idempotency-Key": _KEY})
async def create_mailing(body: MailingIn, caller: Caller, schemes: Schemes) -> MailingOut:
    """Save a mailing; a fault of its texts is named with its place."""
    return await schemes.create(caller, body.model_dump())


@routes.post("/api/mailings/count", may=WRITE_TO_MANY)
async def count_segments(body: SegmentsIn, caller: Caller, previews: Previews) -> CountsOut:
    """How many each segment reaches and leaves out, up to 2,000; a filter that does not fit is named with its place."""
    segments = [Segment(each.kind, each.filters) for each in body.segments]
    return {"items": await previews.count(caller, segments), "next": None}


@routes.get("/api/mailings/{mailing}", may=WRITE_TO_MANY)
async def show_mailing(mailing: str, schemes: Schemes) -> MailingOut:
    """One saved mailing."""
    return await schemes.show(mailing)


@routes.patch("/api/mailings/{mailing}", may=WRITE_TO_MANY)
async def change_mailing(
    mailing: str, body: MailingChange, revision: Revision, caller: Caller, schemes: Schemes
) -> MailingOut:
    """Change a mailing; what is being sent stays as it was."""
    return await schemes.change(caller, mailing, body.model_dump(exclude_unset=True), revision)


@routes.delete("/api/mailings/{mailing}", may=WRITE_TO_MANY)
async def remove_mailing(mailing: str, schemes: Schemes) -> None:
    """Delete a mailing; 409 while it is being sent."""
    await schemes.remove(mailing)


@routes.get("/api/mailings/{mailing}/preview", may=WRITE_TO_MANY)
async def preview_mailing(
    mailing: str, query: PreviewQuery, caller: Caller, schemes: Schemes, previews: Previews
) -> PreviewOut:
    """The mailing as receiver N gets it."""
    return await previews.show(caller, await schemes.read(mailing), query.n)


@routes.get("/api/mailings/{mailing}/runs", may=WRITE_TO_MANY)
async def list_mailing_runs(mailing: str, runs: Runs) -> RunsOut:
    """The sendings of a mailing, newest first."""
    return {"items": await runs.list_of(mailing), "next": None}


@routes.post("/api/mailings/{mailing}/runs", may=WRITE_TO_MANY, status=201)
@described(headers={"Idempotency-Key": _KEY})
async def start_mailing(mailing: str, body: RunIn, caller: Caller, runs: Runs) -> RunOut:
    """Send a mailing now or at a moment; each call is a sending of its own."""
    return await runs.start(caller, mailing, body.send_at)


@routes.get("/api/mailing-runs/{run}", may=WRITE_TO_MANY)
async def show_mailing_run(run: str, runs: Runs) -> RunOut:
    """How far a sending is."""
    return await runs.show(run)


@routes.patch("/api/mailing-runs/{run}", may=WRITE_TO_MANY)
async def plan_mailing_run(run: str, body: RunIn, caller: Caller, runs: Runs) -> RunOut:
    """Let a planned sending begin at another moment."""
    return await runs.plan(caller, run, body.send_at)


@routes.get("/api/mailing-runs/{run}/receivers", may=WRITE_TO_MANY)
async def list_mailing_receivers(run: str, query: ReceiversQuery, runs: Runs) -> ReceiversOut:
    """Who got it, who did not, and why."""
    items = await runs.receivers(run, state=query.state, after=query.after, limit=query.limit)
    return {"items": items, "next": items[-1]["n"] if len(items) == query.limit else None}


@routes.post("/api/mailing-runs/{run}/pause", may=WRITE_TO_MANY)
async def pause_mailing_run(run: str, runs: Runs) -> RunOut:
    """Send nothing more until it goes on."""
    return await runs.pause(run)


@routes.post("/api/mailing-runs/{run}/resume", may=WRITE_TO_MANY)
async def resume_mailing_run(run: str, caller: Caller, runs: Runs) -> RunOut:
    """Go on with a sending that was paused or that failed."""
    return await runs.resume(caller, run)


@routes.post("/api/mailing-runs/{run}/cancel", may=WRITE_TO_MANY)
async def cancel_mailing_run(run: str, caller: Caller, runs: Runs) -> RunOut:
    """Stop a sending for good; what is on its way goes."""
    return await runs.cancel(caller, run)


def _sending(entry: Entry, can: Capabilities) -> SendingAccountOut:
    return {
        "id": entry.id,
        "channel": entry.kind,
        "text": can.text,
        "subject": can.subject,
        "cc": can.cc,
        "attachments": can.attachments,
        "max_chars": can.max_chars,
    }
