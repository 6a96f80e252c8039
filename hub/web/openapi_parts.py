"""The fixed parts of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from hub.web.routes import Route

Json = dict[str, Any]

DESCRIPTION = (
    "The realtime communication hub: conversations, messages, records. JSON in and out, UTC times, errors as RFC 9457 "
    "problem documents, lists by cursor (`next`, then `after` or `before`), changes with `If-Match`."
)
PROBLEM: Json = {
    "type": "object",
    "description": "An RFC 9457 problem document. `code` is stable; further members are facts of the error.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string", "description": "a sentence for people"},
        "correlation": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code", "detail"],
                "properties": {
                    "path": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "args": {"type": "object", "description": "what `detail` speaks of; which, the code says"},
                },
            },
        },
    },
    "additionalProperties": True,
}
SECURITY_SCHEMES: Json = {
    "session": {"type": "apiKey", "in": "cookie", "name": "mainstem_session"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    "token": {"type": "http", "scheme": "bearer"},
}
_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problem_answers(signed_in: bool) -> Json:
    """The answers every route may give beside its own."""
    answers: Json = {"default": {"description": "A problem.", "content": _CONTENT}}
    if signed_in:
        answers["401"] = {"description": "Nobody is signed in.", "content": _CONTENT}
        answers["403"] = {"description": "The caller may not do this.", "content": _CONTENT}
    return answers


def security_of(route: Route) -> list[Json]:
    """How a call signs in: by session (with the CSRF header for a change), or by token."""
    if route.may.test is None:
        return []
    session: Json = {"session": []} if route.method == "GET" else {"session": [], "csrf": []}
    return [session, {"token": []}]
