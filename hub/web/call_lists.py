"""Call lists over HTTP: supervisors make them, members of their queue work them through."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel
from typing_extensions import TypedDict

from hub.desk.outbound.call_lists import CallLists
from hub.desk.outbound.seats import Seats
from hub.desk.outbound.working import Said, Working
from hub.identity.caller import Caller
from hub.model.call_list import CallEntryOut, CallListOut, NextOut, SeatOut
from hub.web.call_list_models import CallListChange, CallListIn, CallListsQuery, EntriesQuery, ResultIn, SeatIn
from hub.web.calls import Dialled
from hub.web.far_side import far_end
from hub.web.may import ARRANGE, SIGNED_IN, WRITE
from hub.web.routes import Routes

routes = Routes("call lists")


class CallListPage(TypedDict):
    """The newest first; `next` goes into `after`."""

    items: list[CallListOut]
    next: str | None


class CallEntryPage(TypedDict):
    """In order; `next` goes into `after`."""

    items: list[CallEntryOut]
    next: int | None


@routes.post("/api/call-lists", may=ARRANGE, status=201)
async def create_call_list(body: CallListIn, who: Caller, request: web.Request, lists: CallLists) -> CallListOut:
    """Write the draft of a list."""
    return await lists.create(who, _fields(body, unset=True), far_end(request))


@routes.get("/api/call-lists", may=SIGNED_IN)
async def list_call_lists(query: CallListsQuery, who: Caller, lists: CallLists) -> CallListPage:
    """The lists you may work on; as a supervisor all, with the drafts."""
    items = await lists.page(who, state=query.state, limit=query.limit, after=query.after)
    return CallListPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)


@routes.get("/api/call-lists/{call_list}", may=SIGNED_IN)
async def show_call_list(call_list: str, who: Caller, lists: CallLists) -> CallListOut:
    """One list, and how far it is."""
    return await lists.show(who, call_list)


@routes.patch("/api/call-lists/{call_list}", may=ARRANGE)
async def change_call_list(
    call_list: str, body: CallListChange, who: Caller, request: web.Request, lists: CallLists
) -> CallListOut:
    """Change a list, or start, pause or end it (`state`)."""
    return await lists.change(who, call_list, _fields(body, unset=False), far_end(request))


@routes.get("/api/call-lists/{call_list}/entries", may=SIGNED_IN)
async def list_call_entries(call_list: str, query: EntriesQuery, who: Caller, working: Working) -> CallEntryPage:
    """Whom the list has, and what came of each."""
    items = await working.entries(who, call_list, state=query.state, limit=query.limit, after=query.after)
    return CallEntryPage(items=items, next=items[-1]["n"] if len(items) == query.limit else None)


@routes.post("/api/call-lists/{call_list}/next", may=WRITE)
async def take_next_entry(call_list: str, who: Caller, request: web.Request, working: Working) -> NextOut:
    """The entry to work on: the one you have, else the next that is due. It is yours for five minutes."""
    return await working.next(who, call_list, far_end(request))


@routes.post("/api/call-lists/{call_list}/entries/{entry}/dial", may=WRITE, status=202)
async def dial_entry(call_list: str, entry: str, who: Caller, request: web.Request, working: Working) -> Dialled:
    """Call it: rings your own phone first."""
    account, linkedid = await working.dial(who, call_list, entry, far_end(request))
    return Dialled(account=account, linkedid=linkedid)


@routes.post("/api/call-lists/{call_list}/entries/{entry}/result", may=WRITE)
async def set_entry_result(
    call_list: str, entry: str, body: ResultIn, who: Caller, request: web.Request, working: Working
) -> CallEntryOut:
    """Say what came of it; where it was dialled, the call is wrapped up with the same."""
    said = Said(body.outcome, body.note, body.again_at)
    return await working.result(who, call_list, entry, said, far_end(request))


@routes.put("/api/call-lists/{call_list}/seat", may=WRITE)
async def sit_at_call_list(call_list: str, body: SeatIn, who: Caller, request: web.Request, seats: Seats) -> SeatOut:
    """Work a progressive list: while you are `ready` the hub gives you entries and dials them. Repeat it to stay."""
    return await seats.sit(who, call_list, body.state, far_end(request))


@routes.delete("/api/call-lists/{call_list}/seat", may=WRITE)
async def leave_call_list(call_list: str, who: Caller, request: web.Request, seats: Seats) -> None:
    """Be given nothing more; an entry that was not dialled yet goes to others."""
    await seats.leave(who, call_list, far_end(request))


@routes.post("/api/call-lists/{call_list}/entries/{entry}/skip", may=WRITE)
async def skip_entry(call_list: str, entry: str, who: Caller, request: web.Request, seats: Seats) -> SeatOut:
    """Not this one now: it waits for a quarter of an hour. Only until the countdown is over."""
    return await seats.skip(who, call_list, entry, far_end(request))


def _fields(body: BaseModel, *, unset: bool) -> dict[str, Any]:
    """What was sent, or everything; without rules of one's own, the usual ones."""
    fields = body.model_dump(by_alias=True, exclude_unset=not unset)
    if fields.get("retries", {}) is None:
        del fields["retries"]
    return fields
