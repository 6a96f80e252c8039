"""Message rules: whom the one who saved a record wants to tell. The rules themselves are records."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.identity.caller import Caller
from hub.web.may import WRITE
from hub.web.routes import Routes
from hub.writing.message_rules.asks import RuleAsks

routes = Routes("message rules")

_Id = Annotated[str, Field(min_length=1, max_length=64)]


class Tell(BaseModel):
    """Of which change of which record, and whom."""

    model_config = ConfigDict(extra="forbid")

    record: _Id
    revision: Annotated[int, Field(ge=1, le=2**53)]
    users: Annotated[list[_Id], Field(max_length=200)]


class Told(TypedDict):
    """How many were told."""

    told: int


@routes.post("/api/message-rules/{rule}/tell", may=WRITE)
async def tell_of_change(rule: _Id, body: Tell, who: Caller, asks: RuleAsks) -> Told:
    """Tell those whom I chose of a change of mine, as the answer to my write asked (`asks`). Again changes nothing."""
    return Told(told=await asks.tell(who.user, rule, body.record, body.revision, body.users))
