"""The OpenAPI 3.1 document: paths from `Routes`, schemas from the models that validate, `webhooks` from the events."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from aiohttp import web
from pydantic import TypeAdapter

from hub.web.described import facts_of
from hub.web.openapi_events import event_models
from hub.web.openapi_parts import DESCRIPTION, PROBLEM, SECURITY_SCHEMES, problem_answers, security_of
from hub.web.routes import Parts, Route

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Key = tuple[str, str]
_REF = "#/components/schemas/{model}"
_PLACE = re.compile(r"{(\w+):[^}]*}")
_NO_BODY = (None, type(None))


class Documentation:
    """The finished document, as a part for the routes that serve it. Filled once all routes are known."""

    def __init__(self) -> None:
        self.document: Json = {}


def openapi(
    routes: Sequence[Route],
    parts: Parts,
    *,
    version: str = "0.1.0",
    more: Mapping[str, Any] | None = None,
) -> Json:
    """The document of these routes.

    Args:
        routes: everything the hub serves under `/api`.
        parts: the hub's parts by type (only the types matter): they are no parameters of the outside.
        version: of the product.
        more: `paths` and `schemas` that somebody else describes (record types, made of declarations).
    """
    described = [_Operation(route, parts) for route in routes]
    events = event_models()
    wanted: list[tuple[Key, Mode, TypeAdapter[Any]]] = [each for one in described for each in one.adapters()]
    wanted += [((name, str(i)), "serialization", m) for name, ms in events.items() for i, m in enumerate(ms)]
    schemas, defs = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    more = more or {}
    paths: dict[str, Json] = {}
    for one in described:
        paths.setdefault(one.path, {})[one.method] = one.document(schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mainstem", "version": version, "description": DESCRIPTION},
        "paths": {**paths, **more.get("paths", {})},
        "webhooks": {name: _webhook(name, schemas, len(models)) for name, models in sorted(events.items())},
        "components": {
            "schemas": {"Problem": PROBLEM, **defs.get("$defs", {}), **more.get("schemas", {})},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


class _Operation:
    """One route on its way into the document."""

    def __init__(self, route: Route, parts: Parts) -> None:
        self.route = route
        self.path = _PLACE.sub(r"{\1}", route.path)
        self.method = route.method.lower()
        self.id = route.handler.__name__
        self.facts = facts_of(route.handler)
        self.parameters = route.parameters({**parts, Documentation: None})
        self.answer = route.hints.get("return")

    def adapters(self) -> Iterator[tuple[Key, Mode, TypeAdapter[Any]]]:
        for p in self.parameters:
            if p.kind in ("path", "query", "body"):
                yield (self.id, p.name), "validation", TypeAdapter(p.hint)
        if self._answers_json():
            answer: Any = self.answer
            yield (self.id, "return"), "serialization", TypeAdapter(answer)

    def document(self, schemas: Mapping[tuple[Key, Mode], Any]) -> Json:
        doc = inspect.getdoc(self.route.handler) or ""
        found: Json = {
            "operationId": self.id,
            "tags": [self.route.tag],
            "summary": self.route.summary,
            "description": f"{doc}\n\nWho may: {self.route.may.name}.",
            "parameters": [*self._values(schemas), *self._headers()],
            "responses": {str(self._status()): self._good(schemas), **problem_answers(self.route.may.test is not None)},
            "security": security_of(self.route),
        }
        if body := self._body(schemas):
            found["requestBody"] = {"required": True, "content": body}
        return found

    def _values(self, schemas: Mapping[tuple[Key, Mode], Any]) -> Iterator[Json]:
        for p in self.parameters:
            schema = schemas.get(((self.id, p.name), "validation"))
            if p.kind == "query_model":
                yield from _query(p.hint.model_json_schema(ref_template=_REF))
            elif p.kind == "path":
                yield {"name": p.name, "in": "path", "required": True, "schema": schema}
            elif p.kind == "query":
                yield {"name": p.name, "in": "query", "required": p.required, "schema": schema}

    def _headers(self) -> Iterator[Json]:
        if any(p.kind == "revision" for p in self.parameters):
            yield _header("If-Match", "The revision that was read.", required=True)
        for name, sentence in self.facts.headers.items():
            yield _header(name, sentence)

    def _body(self, schemas: Mapping[tuple[Key, Mode], Any]) -> Json:
        for p in self.parameters:
            if p.kind == "body":
                return {"application/json": {"schema": schemas[(self.id, p.name), "validation"]}}
        return self.facts.request

    def _status(self) -> int:
        return 204 if self.answer in _NO_BODY else self.route.status

    def _good(self, schemas: Mapping[tuple[Key, Mode], Any]) -> Json:
        if self.answer in _NO_BODY:
            return {"description": "Done."}
        if self.facts.answer:
            return {"description": "The content.", "content": self.facts.answer}
        if not self._answers_json():
            return {"description": "Done."}
        schema = schemas[(self.id, "return"), "serialization"]
        return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}

    def _answers_json(self) -> bool:
        raw = isinstance(self.answer, type) and issubclass(self.answer, web.StreamResponse)
        return self.answer not in _NO_BODY and not raw


def _query(schema: Json) -> Iterator[Json]:
    required = schema.get("required", ())
    for name, of in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in required, "schema": of}


def _header(name: str, sentence: str, *, required: bool = False) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": sentence,
        "schema": {"type": "string"},
    }


def _webhook(name: str, schemas: Mapping[tuple[Key, Mode], Any], count: int) -> Json:
    found = [schemas[(name, str(i)), "serialization"] for i in range(count)]
    frame = {
        "type": "object",
        "required": ["seq", "at", "data"],
        "properties": {
            "seq": {"type": "integer", "description": "place in the stream"},
            "at": {"type": "string", "format": "date-time"},
            "data": found[0] if count == 1 else {"anyOf": found},
        },
    }
    return {
        "post": {
            "operationId": f"on_{re.sub(r'[^a-z]', '_', name)}",
            "tags": ["events"],
            "summary": f"Socket.IO event `{name}` of the namespace `/console`, also in `GET /api/events`.",
            "requestBody": {"content": {"application/json": {"schema": frame}}},
            "responses": {"200": {"description": "Nothing is answered: events are only heard."}},
        }
    }
