"""Making users with a password at once, and removing queues: what administrators do beside records."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import TypedDict

from hub.desk.queue_removal import QueueRemoval, QueueRemoved
from hub.identity.caller import Caller
from hub.identity.staff import Staff
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER
from hub.web.queues import QueueId
from hub.web.routes import Routes

routes = Routes("users")

_Code = Annotated[str, Field(min_length=1, max_length=64)]


class NewUser(BaseModel):
    """Somebody who is to sign in. `roles` by code; `department` by id or code, else the root."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=1024)
    roles: Annotated[list[_Code], Field(max_length=50)] = []
    department: _Code | None = None
    locale: Literal["zh", "en"] = "zh"


class MadeUser(TypedDict):
    """The id of the new user record."""

    id: str


@routes.post("/api/users", may=ADMINISTER, status=201)
async def hire_colleague(body: NewUser, who: Caller, request: web.Request, staff: Staff) -> MadeUser:
    """Make a user with login, password, roles and department."""
    user = await staff.create_user(
        body.login,
        body.name,
        body.password.get_secret_value(),
        far=far_end(request),
        by=who.user,
        roles=body.roles,
        department=body.department,
        locale=body.locale,
    )
    return MadeUser(id=user)


@routes.delete("/api/queues/{queue}", may=ADMINISTER)
async def remove_queue(
    queue: QueueId, to: QueueId, who: Caller, request: web.Request, removal: QueueRemoval
) -> QueueRemoved:
    """Move a queue's conversations to another and remove it; a long move is finished by a job."""
    return await removal.remove(queue, to, by=who.user, far=far_end(request))
