"""The audit log, for administrators."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.identity.audit import Audit, AuditEntry
from hub.web.may import ADMINISTER
from hub.web.routes import Routes

routes = Routes("audit")

_Word = Annotated[str, Field(min_length=1, max_length=64)]


class AuditQuery(BaseModel):
    """Filters, and where to go on."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200)
    after: _Word | None = None
    actor: _Word | None = None
    what: _Word | None = None
    about: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class AuditPage(TypedDict):
    """Entries, newest first; `next` goes into `after` for older ones, None at the end. `names`: of the people in them."""

    items: list[AuditEntry]
    next: str | None
    names: dict[str, str]


@routes.get("/api/audit", may=ADMINISTER)
async def list_audit(query: AuditQuery, audit: Audit) -> AuditPage:
    """Who did what, about whom, when, from where; filtered by actor, act, what it is about, and time."""
    asked = query.model_dump(exclude={"limit", "after"})
    items = await audit.page(limit=query.limit, before=query.after, **asked)
    more = items[-1]["id"] if len(items) == query.limit else None
    return AuditPage(items=items, next=more, names=await audit.names(items))
