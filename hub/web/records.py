"""CRM records, of every type by the same few routes. What a type's fields are stands in its declaration."""

from __future__ import annotations

from typing import Annotated, Any, cast

from aiohttp import web
from pydantic import Field

from crm_core.ground.errors import FieldError, Forbidden, Invalid, Malformed
from hub.desk.attachments import Attachments
from hub.identity.caller import Caller
from hub.store.records import Records
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.record_docs import ANY_RECORD, ANY_RECORD_IN
from hub.web.record_models import HistoryPage, MoveTo, Page, RecordRow
from hub.web.routes import Revision, Routes, read_json, read_revision
from hub.writing.message_rules.asks import RuleAsks

routes = Routes("records")


@routes.get("/api/records/{key}", may=SIGNED_IN)
async def list_records(key: str, who: Caller, records: Records, request: web.Request) -> Page:
    """A list: filters `field`, `field__op` (eq ne in nin gt gte lt lte contains startswith exists), `order`, `view`
    (all mine department shared), `limit` (1-200), `after`; `count=true` adds the number of rows, up to 10,000."""
    params = _params(request)
    counted = params.pop("count", "") == "true"
    page = await records.page(who.actor, key, params)
    return cast(Page, page | (await records.count(who.actor, key, params) if counted else {}))


@routes.post("/api/records/{key}", may=WRITE, status=201)
@described(request=ANY_RECORD_IN)
async def create_record(
    key: str, who: Caller, records: Records, attachments: Attachments, asks: RuleAsks, request: web.Request
) -> RecordRow:
    """Store a new record. The answer's `warnings` name records that may be the same thing; `asks` are the message rules
    that want to know whom to tell (`POST /api/message-rules/{rule}/tell`)."""
    _need_scope(who, key, records)
    fields = await _fields(request)
    usable = await attachments.usable(who, records.files_in(key, fields))
    return await asks.asked(key, await records.create(who.actor, key, fields, usable))


@routes.get("/api/records/{key}/{record}", may=SIGNED_IN)
@described(answer=ANY_RECORD)
async def show_record(key: str, record: str, who: Caller, records: Records) -> RecordRow:
    """One record, with those fields that the caller may read."""
    return await records.show(who.actor, key, record)


@routes.patch("/api/records/{key}/{record}", may=WRITE)
@described(request=ANY_RECORD_IN, answer=ANY_RECORD)
async def change_record(
    key: str,
    record: str,
    revision: Revision,
    who: Caller,
    records: Records,
    attachments: Attachments,
    asks: RuleAsks,
    request: web.Request,
) -> RecordRow:
    """Change the named fields; null empties one. Child rows are sent whole, with the ids of those that stay. `asks`: as in
    creating one."""
    _need_scope(who, key, records)
    fields = await _fields(request)
    usable = await attachments.usable(who, records.files_in(key, fields))
    changed = await records.change(who.actor, key, record, fields, revision, usable)
    return await asks.asked(key, changed, before=revision)


@routes.delete("/api/records/{key}/{record}", may=WRITE)
@described(headers={"If-Match": "The revision that was read; then nothing newer is deleted."})
async def remove_record(key: str, record: str, who: Caller, records: Records, request: web.Request) -> None:
    """Delete a record that nothing links to."""
    _need_scope(who, key, records)
    await records.remove(who.actor, key, record, read_revision(request) if "If-Match" in request.headers else None)


@routes.post("/api/records/{key}/{record}/transition", may=WRITE)
@described(answer=ANY_RECORD, headers={"If-Match": "The revision that was read; then nothing newer is moved."})
async def move_record(
    key: str, record: str, body: MoveTo, who: Caller, records: Records, asks: RuleAsks, request: web.Request
) -> RecordRow:
    """Move a record to another state; a move that is not declared is refused with the list of those that are. `asks`: as in
    creating one."""
    _need_scope(who, key, records)
    revision = read_revision(request) if "If-Match" in request.headers else None
    return await asks.asked(key, await records.transition(who.actor, key, record, body.to, body.reason, revision))


@routes.get("/api/records/{key}/{record}/history", may=SIGNED_IN)
async def list_record_history(
    key: str,
    record: str,
    who: Caller,
    records: Records,
    before: Annotated[int | None, Field(ge=0, le=2**53)] = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> HistoryPage:
    """The change log of a record, newest first."""
    return cast(HistoryPage, await records.history(who.actor, key, record, before, limit))


def _params(request: web.Request) -> dict[str, str]:
    """The query string; a name that comes twice is refused, as nobody knows which was meant."""
    twice = sorted({name for name in request.query if len(request.query.getall(name)) > 1})
    if twice:
        raise Invalid("say each filter once", fields=tuple(FieldError(n, "repeated", "given twice") for n in twice))
    return dict(request.query)


async def _fields(request: web.Request) -> dict[str, Any]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise Malformed("send the record's fields as a JSON object")
    return body


def _need_scope(who: Caller, key: str, records: Records) -> None:
    """What only administrators write needs a sign-in that may administer, not just write."""
    administered = records.registry[key].meta.kind in ("reference", "platform") or key == "user"
    if administered and who.actor.admin and not who.may_use("admin"):
        raise Forbidden("this needs a token with the scope admin")
