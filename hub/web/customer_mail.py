"""All mail exchanged with a customer, over HTTP (S2.3.1-12)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from hub.desk.customer_mail import CustomerMail
from hub.identity.caller import Caller
from hub.model.message import MessageOut
from hub.web.conversation_models import Name
from hub.web.may import SIGNED_IN
from hub.web.paging import Cursor, Limit, Page, read_cursor, write_cursor
from hub.web.routes import Routes

routes = Routes("messages")

_CURSOR = "customer-messages"


class ExchangedQuery(BaseModel):
    """Which of them, and where to go on."""

    model_config = ConfigDict(extra="forbid")

    channel: Name | None = "email"
    limit: Limit = 50
    after: Cursor | None = None


@routes.get("/api/customers/{customer}/messages", may=SIGNED_IN)
async def list_exchanged(customer: str, query: ExchangedQuery, caller: Caller, mail: CustomerMail) -> Page[MessageOut]:
    """Mails of every address of every contact of the customer, both ways, newest first, long texts cut."""
    before = read_cursor(_CURSOR, query.after)
    items = await mail.page(caller, customer, limit=query.limit + 1, before=before, channel=query.channel)
    more = len(items) > query.limit
    items = items[: query.limit]
    return {"items": items, "next": write_cursor(_CURSOR, items[-1]["seq"]) if more else None}
