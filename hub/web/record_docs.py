"""Record types in the OpenAPI document: the same routes once more for each type, with its own schema."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.schema import data_schema
from crm_core.declare.shape import Shape, shapes_of
from crm_core.records.filters import ops_of
from crm_core.records.paging import orders
from crm_core.records.query import LARGEST_PAGE, PAGE, PARAMETERS, VIEWS
from hub.web.record_models import RecordTypeOut

Json = dict[str, Any]


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


ANY_RECORD: Json = _content({"type": "object", "additionalProperties": True})
ANY_RECORD_IN: Json = _content({"type": "object", "additionalProperties": True})


def record_docs(registry: Registry) -> Json:
    """`paths` and `schemas` for all types, to be laid over the generic ones (`/api/records/{key}`)."""
    paths: Json = {}
    schemas: Json = TypeAdapter(RecordTypeOut).json_schema(ref_template="#/components/schemas/{model}")
    schemas = {**schemas.pop("$defs"), "RecordTypeOut": schemas}
    for declared in registry:
        key = declared.meta.key
        schemas |= _schemas(declared)
        paths[f"/api/records/{key}"] = {"get": _list(declared), "post": _create(declared)}
        paths[f"/api/records/{key}/{{record}}"] = {
            "parameters": [_path("record")],
            "get": _operation(f"show_{key}", f"One {key}.", key, answer=_ref(f"Record_{key}")),
            "patch": _change(declared),
        }
    return {"paths": paths, "schemas": schemas}


def _schemas(declared: type[Kept]) -> Json:
    """`Record_KEY` as it is answered, `Record_KEY_in` and `Record_KEY_change` as it is sent; child rows as `Record_KEY_ROW`."""
    key = declared.meta.key
    whole = json.loads(json.dumps(data_schema(declared)).replace("#/$defs/", f"#/components/schemas/Record_{key}_"))
    rows = {f"Record_{key}_{name}": schema for name, schema in whole.pop("$defs", {}).items()}
    whole.pop("$schema")
    sent = {name: p for name, p in whole["properties"].items() if not p.get("readOnly")}
    labels = {"type": "object", "additionalProperties": {"type": "string"}, "readOnly": True}
    files = {"type": "object", "additionalProperties": _ref("FileFacts"), "readOnly": True}
    answered = {
        **whole,
        "properties": {**whole["properties"], "labels": labels, "files": files},
        "required": ["id", "revision", "state"],
    }
    answered["additionalProperties"] = True  # the answer to a write has `warnings` and `asks` besides
    new = {**whole, "properties": sent}
    return {
        **rows,
        f"Record_{key}": answered,
        f"Record_{key}_in": new,
        f"Record_{key}_change": {**new, "required": []},
    }


def _list(declared: type[Kept]) -> Json:
    key = declared.meta.key
    names = orders(declared)
    sortings = [*names, *(f"-{name}" for name in names)]
    parameters = [
        _query("view", {"enum": list(VIEWS if declared.owned else VIEWS[:1])}),
        _query("order", {"enum": sortings}),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}),
        _query("after", {"type": "string"}),
        _query("count", {"type": "boolean"}),
        *(_filter(s) for s in shapes_of(declared).values() if s.filterable and s.name not in PARAMETERS),
    ]
    page = {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": _ref(f"Record_{key}")},
            "next": {"type": ["string", "null"]},
            "count": {"type": "integer"},
            "more": {"type": "boolean"},
        },
    }
    return _operation(f"list_{key}", f"Records of the type {key}.", key, answer=page) | {"parameters": parameters}


def _filter(shape: Shape) -> Json:
    text = f"Equal. Also `{shape.name}__OP` with OP one of {', '.join(ops_of(shape))}."
    return _query(shape.name, {"type": "string"}) | {"description": text}


def _create(declared: type[Kept]) -> Json:
    key = declared.meta.key
    body = {"required": True, "content": _content(_ref(f"Record_{key}_in"))}
    made = _operation(f"create_{key}", f"A new {key}.", key, answer=_ref(f"Record_{key}"), status=201)
    return made | {"requestBody": body}


def _change(declared: type[Kept]) -> Json:
    key = declared.meta.key
    body = {"required": True, "content": _content(_ref(f"Record_{key}_change"))}
    match = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
    made = _operation(f"change_{key}", f"Change a {key}.", key, answer=_ref(f"Record_{key}"))
    return made | {"requestBody": body, "parameters": [match]}


def _operation(name: str, summary: str, key: str, *, answer: Json, status: int = 200) -> Json:
    problem = {"description": "A problem.", "content": {"application/problem+json": {"schema": _ref("Problem")}}}
    return {
        "operationId": name, "tags": [f"records: {key}"], "summary": summary,
        "responses": {str(status): {"description": "The answer.", "content": _content(answer)}, "default": problem},
    }  # fmt: skip


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
