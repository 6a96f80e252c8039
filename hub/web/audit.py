"""The audit log, for administrators."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
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


class AuditPage(TypedDict):
    """Entries, newest first; `next` goes into `after` for older ones, None at the end."""

    items: list[AuditEntry]
    next: str | None


@routes.get("/api/audit", may=ADMINISTER)
async def list_audit(query: AuditQuery, audit: Audit) -> AuditPage:
    """Who did what, about whom, when, from where; filtered by actor or act."""
    items = await audit.page(limit=query.limit, before=query.after, actor=query.actor, what=query.what)
    return AuditPage(items=items, next=items[-1]["id"] if len(items) == query.limit else None)
