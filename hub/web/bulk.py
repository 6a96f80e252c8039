"""One change to many conversations over HTTP."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from hub.desk.bulk import SLICE, Bulk, BulkItem
from hub.identity.caller import Caller
from hub.model.conversation import ConversationState
from hub.web.conversation_models import ConversationFilter, Name, Tag
from hub.web.may import WRITE
from hub.web.paging import Cursor, read_cursor, write_cursor
from hub.web.routes import Routes

routes = Routes("bulk")

_CURSOR = "bulk"


class BulkChange(BaseModel):
    """What is changed on each; what is left out stays. `assignee` is a user id, `me`, or null."""

    model_config = ConfigDict(extra="forbid")

    state: ConversationState = "open"
    queue: Name | None = None
    assignee: Name | None = None
    snoozed_until: AwareDatetime | None = None
    add_tags: Annotated[list[Tag], Field(max_length=20)] = []
    remove_tags: Annotated[list[Tag], Field(max_length=20)] = []


class BulkBody(BaseModel):
    """Either up to 50 `ids`, or all of a `view`, in slices: call again with `next` as `after` until it is null."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Name], Field(min_length=1, max_length=SLICE)] | None = None
    view: ConversationFilter | None = None
    after: Cursor | None = None
    change: BulkChange

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.view is None):
            raise ValueError("name either `ids` or a `view`")
        if not self.change.model_fields_set:
            raise ValueError("say what to change")
        return self


class BulkOut(TypedDict):
    """What became of each. `next` is None when there are no more."""

    items: list[BulkItem]
    next: str | None


@routes.post("/api/conversations/bulk", may=WRITE)
async def change_conversations(body: BulkBody, caller: Caller, bulk: Bulk) -> BulkOut:
    """Assign, move, tag, close or snooze many conversations; says of each what became of it."""
    fields = body.change.model_dump(exclude_unset=True)
    if body.view is None:
        return BulkOut(items=await bulk.change(caller, body.ids or [], fields), next=None)
    before = read_cursor(_CURSOR, body.after)
    items, place = await bulk.change_slice(caller, body.view.wanted(caller), body.view.q, fields, before)
    return BulkOut(items=items, next=None if place is None else write_cursor(_CURSOR, place))
