"""Problem documents as HTTP answers."""

from __future__ import annotations

import math

from aiohttp import web
from pydantic_core import to_json

from crm_core.ground.errors import Forbidden, MainstemError, Malformed, NotFound, SignInNeeded, TooLarge
from hub.problems import problem

GONE_STATUS = 499
"""Noted in the metrics where the client went away; never sent."""
_COPIED = ("Allow", "Content-Range")


class Internal(MainstemError):
    """A mistake of ours."""

    code, status, title = "internal", 500, "Internal error"


class MethodNotAllowed(MainstemError):
    """The address exists, but not for this method."""

    code, status, title = "method-not-allowed", 405, "Method not allowed"


class RangeNotSatisfiable(MainstemError):
    """The asked part lies outside the file."""

    code, status, title = "range-not-satisfiable", 416, "Range not satisfiable"


class UnsupportedMedia(MainstemError):
    """The content has a type that is not taken here."""

    code, status, title = "unsupported-media-type", 415, "Unsupported media type"


_BY_STATUS: dict[int, tuple[type[MainstemError], str]] = {
    401: (SignInNeeded, "sign in first"),
    403: (Forbidden, ""),
    404: (NotFound, "there is nothing at this address"),
    405: (MethodNotAllowed, "this address does not take this method"),
    413: (TooLarge, "the request is too large"),
    415: (UnsupportedMedia, ""),
    416: (RangeNotSatisfiable, ""),
}


def from_http(error: web.HTTPException) -> MainstemError:
    """What aiohttp raised by itself, in our words."""
    if error.status >= 500:
        return Internal()
    kind, detail = _BY_STATUS.get(error.status, (Malformed, error.reason))
    return kind(detail)


def problem_answer(
    error: MainstemError, correlation: str | None, cause: web.HTTPException | None = None
) -> web.Response:
    """The answer, with the headers that belong to its status."""
    response = web.Response(
        body=to_json(problem(error, correlation)), status=error.status, content_type="application/problem+json"
    )
    if cause is not None:
        response.headers.update({name: cause.headers[name] for name in _COPIED if name in cause.headers})
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="mainstem"'
    if (wait := error.data.get("retry_after")) is not None:
        response.headers["Retry-After"] = str(math.ceil(wait))
    return response
