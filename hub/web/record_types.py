"""What record types there are, and what each looks like to the person who asks."""

from __future__ import annotations

from aiohttp import web
from pydantic import TypeAdapter

from crm_core.declare.registry import Registry
from crm_core.records.describe import describe, list_types
from hub.identity.caller import Caller
from hub.web.described import described
from hub.web.may import SIGNED_IN
from hub.web.record_models import RecordTypeHead, RecordTypeList
from hub.web.routes import Routes, answer

routes = Routes("record types")

_ANSWER = {"application/json": {"schema": {"$ref": "#/components/schemas/RecordTypeOut"}}}
_heads = TypeAdapter(list[RecordTypeHead])


@routes.get("/api/record-types", may=SIGNED_IN)
async def list_record_types(who: Caller, registry: Registry) -> RecordTypeList:
    """The record types of which the caller may read anything."""
    return RecordTypeList(items=_heads.validate_python(list_types(registry, who.actor)))


@routes.get("/api/record-types/{key}", may=SIGNED_IN)
@described(
    answer=_ANSWER, headers={"If-None-Match": "The ETag that is known already; answers 304 when it still holds."}
)
async def show_record_type(key: str, who: Caller, registry: Registry, request: web.Request) -> web.StreamResponse:
    """Metadata of a type: JSON Schema of its data, fields with labels, layout, states and moves. Has an ETag."""
    found = describe(registry, who.actor, key)
    tag = f'"{found["version"]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    response = answer(found)
    response.headers.update(headers)
    return response
