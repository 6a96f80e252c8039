"""Blocked callers over HTTP; for supervisors."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.blocked_callers import BlockedCallerOut, BlockedCallers, BlockedCallerSet
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ARRANGE, SUPERVISE
from hub.web.routes import Routes

routes = Routes("blocked callers")

AccountId = Annotated[str, Field(min_length=1, max_length=40)]


class NewBlockedCaller(BaseModel):
    """A number in any spelling. `account`: at which PBX; the first where none is named. No `until`: for always."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(min_length=1, max_length=64)]
    account: AccountId | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    until: AwareDatetime | None = None


class BlockedQuery(BaseModel):
    """Of one account, or of all."""

    model_config = ConfigDict(extra="forbid")

    account: AccountId | None = None


class BlockedCallersOut(TypedDict):
    """All that count now; there is no next page."""

    items: list[BlockedCallerOut]
    next: None


@routes.get("/api/blocked-callers", may=SUPERVISE)
async def list_blocked_callers(query: BlockedQuery, blocked: BlockedCallers) -> BlockedCallersOut:
    """The numbers whose calls are refused now."""
    return BlockedCallersOut(items=await blocked.all(query.account), next=None)


@routes.post("/api/blocked-callers", may=ARRANGE, status=201)
async def block_caller(
    body: NewBlockedCaller, who: Caller, request: web.Request, blocked: BlockedCallers
) -> BlockedCallerSet:
    """Refuse the calls of a number from now on; `told` says whether the PBX has it already."""
    return await blocked.block(who, body.number, body.account, body.reason, body.until, far_end(request))


@routes.delete("/api/blocked-callers/{blocked_caller}", may=ARRANGE)
async def unblock_caller(blocked_caller: str, who: Caller, request: web.Request, blocked: BlockedCallers) -> None:
    """Let a number in again."""
    await blocked.unblock(who, blocked_caller, far_end(request))
