"""Routes are declared by signature: the same signature validates, documents and calls.

    routes = Routes("conversations")

    @routes.post("/api/conversations/{conversation}/messages", may=SIGNED_IN, status=201)
    async def add_message(conversation: ConversationId, body: NewMessage, who: Caller, stream: Stream) -> MessageOut:
        "Answer the customer, or write an internal note."

A parameter is, in this order: a path value (its name stands in the path), the JSON body (named `body`, a model), the
whole query string (named `query`, a model), the signed-in `Caller`, the `web.Request`, the revision of `If-Match`
(type `Revision`), a part of the hub (its type is one of the parts handed to `mount`), else one query value.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NewType, get_type_hints

from aiohttp import web
from pydantic import BaseModel, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from crm_core.ground.errors import Malformed, PreconditionNeeded, SignInNeeded
from hub.identity.caller import Caller
from hub.problems import from_validation
from hub.web.may import May

Revision = NewType("Revision", int)
Parts = Mapping[type, Any]
Handler = Callable[..., Awaitable[Any]]
Kind = Literal["path", "body", "query_model", "caller", "maybe_caller", "request", "revision", "part", "query"]

CALLER = web.RequestKey("caller", Caller)
_PLACE = re.compile(r"{(\w+)(?::[^}]*)?}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a handler: where its value comes from, and what it must be."""

    name: str
    kind: Kind
    hint: Any
    adapter: TypeAdapter[Any] | None
    required: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Route:
    """One declared route. `tag` groups it in the documentation; `idempotent` lets `Idempotency-Key` repeat the answer."""

    method: str
    path: str
    handler: Handler
    may: May
    status: int
    tag: str
    hints: dict[str, Any] = field(repr=False)

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").split("\n", 1)[0]

    def parameters(self, parts: Parts) -> list[Parameter]:
        """Where each value comes from, given the parts of this hub."""
        places = set(_PLACE.findall(self.path))
        signature = inspect.signature(self.handler).parameters
        return [_parameter(name, self.hints[name], p, places, parts) for name, p in signature.items()]


class Routes:
    """The routes of one noun."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: list[Route] = []

    def _add(self, method: str, path: str, may: May, status: int) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            hints = get_type_hints(handler, include_extras=True)
            self.routes.append(Route(method, path, handler, may, status, self.tag, hints))
            return handler

        return declare

    def get(self, path: str, *, may: May) -> Callable[[Handler], Handler]:
        """Declare a reading route."""
        return self._add("GET", path, may, 200)

    def head(self, path: str, *, may: May) -> Callable[[Handler], Handler]:
        """Declare what a reading route says without its content."""
        return self._add("HEAD", path, may, 200)

    def post(self, path: str, *, may: May, status: int = 200) -> Callable[[Handler], Handler]:
        """Declare a creating or acting route."""
        return self._add("POST", path, may, status)

    def put(self, path: str, *, may: May) -> Callable[[Handler], Handler]:
        """Declare a setting route."""
        return self._add("PUT", path, may, 200)

    def patch(self, path: str, *, may: May) -> Callable[[Handler], Handler]:
        """Declare a changing route."""
        return self._add("PATCH", path, may, 200)

    def delete(self, path: str, *, may: May) -> Callable[[Handler], Handler]:
        """Declare a removing route."""
        return self._add("DELETE", path, may, 200)


def mount(app: web.Application, routes: list[Route], parts: Parts) -> None:
    """Serve the routes, giving handlers the parts they ask for by type."""
    for route in routes:
        app.router.add_route(route.method, route.path, _serve(route, route.parameters(parts), parts))


def answer(value: Any, status: int = 200) -> web.StreamResponse:
    """A handler's result as a response."""
    if isinstance(value, web.StreamResponse):
        return value
    if value is None:
        return web.Response(status=204)
    return web.Response(body=to_json(value, by_alias=True), status=status, content_type="application/json")


def _serve(
    route: Route, parameters: list[Parameter], parts: Parts
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        route.may.check(request.get(CALLER))
        values = {p.name: await _value(p, request, parts) for p in parameters}
        return answer(await route.handler(**values), route.status)

    return serve


def _parameter(name: str, hint: Any, parameter: inspect.Parameter, places: set[str], parts: Parts) -> Parameter:
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    kind = _kind(name, hint, places, parts)
    adapter = _adapter(name, hint) if kind in ("path", "query") else None
    return Parameter(name, kind, hint, adapter, required, default)


def _adapter(name: str, hint: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(hint)
    except PydanticSchemaGenerationError:
        raise TypeError(f"parameter {name}: {hint} is neither a part of this hub nor a value of a request") from None


def _kind(name: str, hint: Any, places: set[str], parts: Parts) -> Kind:
    fixed: dict[Any, Kind] = {
        Caller: "caller",
        Caller | None: "maybe_caller",
        web.Request: "request",
        Revision: "revision",
    }
    if name in places:
        return "path"
    if isinstance(hint, type) and issubclass(hint, BaseModel) and name in ("body", "query"):
        return "body" if name == "body" else "query_model"
    if kind := fixed.get(hint):
        return kind
    return "part" if hint in parts else "query"


async def _value(p: Parameter, request: web.Request, parts: Parts) -> Any:
    match p.kind:
        case "path":
            return _validated(p, request.match_info[p.name])
        case "query":
            if p.name not in request.query and not p.required:
                return p.default
            return _validated(p, request.query.get(p.name))
        case "body":
            return await read_body(request, p.hint)
        case "query_model":
            return _model(p.hint, dict(request.query))
        case "caller":
            if (caller := request.get(CALLER)) is None:
                raise SignInNeeded("sign in first")
            return caller
        case "maybe_caller":
            return request.get(CALLER)
        case "revision":
            return read_revision(request)
        case "request":
            return request
        case "part":
            return parts[p.hint]


def _validated(p: Parameter, value: Any) -> Any:
    assert p.adapter is not None
    try:
        return p.adapter.validate_python(value)
    except ValidationError as error:
        raise from_validation(error, prefix=p.name) from None


def _model(model: type[BaseModel], values: Any) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise from_validation(error) from None


async def read_json(request: web.Request) -> Any:
    """The request's JSON.

    Raises:
        Malformed: not JSON, or not said to be.
    """
    if request.content_type != "application/json":
        raise Malformed("send JSON with Content-Type: application/json")
    try:
        return from_json(await request.read())
    except ValueError as error:
        raise Malformed(f"the body is not valid JSON: {error}") from None


async def read_body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """The request's JSON as a model; raises `Malformed` or `Invalid` naming each field."""
    return _model(model, await read_json(request))


def read_revision(request: web.Request) -> Revision:
    """The revision in `If-Match`, with or without quotes.

    Raises:
        PreconditionNeeded: there is none, or it is no number.
    """
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise PreconditionNeeded("send If-Match with the revision you read")
    return Revision(int(text))
