"""`/api/queues`: live state, membership, and what administrators set."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.desk.queues import QueueOut, Queues
from hub.identity.caller import Caller
from hub.web.may import ADMINISTER, SIGNED_IN, WRITE
from hub.web.routes import Routes, read_body

routes = Routes("queues")

QueueId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Seconds = Annotated[int, Field(ge=1, le=31 * 86400)]
WrapUpSeconds = Annotated[int, Field(ge=0, le=3600)]
UserIds = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=5000)]


class NewQueue(BaseModel):
    """A queue to be made. `members` are user ids; `joinable` lets anybody join by themselves."""

    model_config = ConfigDict(extra="forbid")

    id: QueueId
    name: Name
    name_zh: str = Field(default="", max_length=80)
    sla_s: Seconds = 3600
    joinable: bool = True
    wrap_up_s: WrapUpSeconds = 0
    members: UserIds = []


class QueueChange(BaseModel):
    """What is to be changed; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    name_zh: str | None = Field(default=None, max_length=80)
    sla_s: Seconds | None = None
    joinable: bool | None = None
    wrap_up_s: WrapUpSeconds | None = None
    members: UserIds | None = None


class Somebody(BaseModel):
    """Whom it is about; oneself where nobody is named."""

    model_config = ConfigDict(extra="forbid")

    user: str | None = Field(default=None, min_length=1, max_length=64)


class QueuesOut(TypedDict):
    """All of them; there is no next page."""

    items: list[QueueOut]
    next: None


@routes.get("/api/queues", may=SIGNED_IN)
async def list_queues(who: Caller, queues: Queues) -> QueuesOut:
    """All queues with members and counts of what is open and waiting."""
    return QueuesOut(items=await queues.list_all(who), next=None)


@routes.get("/api/queues/{queue}", may=SIGNED_IN)
async def show_queue(queue: QueueId, who: Caller, queues: Queues) -> QueueOut:
    """One queue."""
    return await queues.show(who, queue)


@routes.post("/api/queues", may=ADMINISTER, status=201)
async def create_queue(body: NewQueue, who: Caller, queues: Queues) -> QueueOut:
    """Make a queue."""
    await queues.create(body.id, **body.model_dump(exclude={"id"}))
    return await queues.show(who, body.id)


@routes.patch("/api/queues/{queue}", may=ADMINISTER)
async def change_queue(queue: QueueId, body: QueueChange, who: Caller, queues: Queues) -> QueueOut:
    """Change a queue's name, answer time, after-call time or members."""
    await queues.change(queue, body.model_dump(exclude_none=True))
    return await queues.show(who, queue)


@routes.post("/api/queues/{queue}/join", may=WRITE)
async def join_queue(queue: QueueId, request: web.Request, who: Caller, queues: Queues) -> QueueOut:
    """Become a member; a supervisor may name somebody else as `user`."""
    await queues.join(who, queue, await _whom(request))
    return await queues.show(who, queue)


@routes.post("/api/queues/{queue}/leave", may=WRITE)
async def leave_queue(queue: QueueId, request: web.Request, who: Caller, queues: Queues) -> QueueOut:
    """Stop being a member; a supervisor may name somebody else as `user`."""
    await queues.leave(who, queue, await _whom(request))
    return await queues.show(who, queue)


async def _whom(request: web.Request) -> str | None:
    if not request.can_read_body:  # "join" needs no words
        return None
    body = await read_body(request, Somebody)
    return body.user if isinstance(body, Somebody) else None
