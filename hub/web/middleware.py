"""What happens around every request, in order: correlation id, timing, problems, size, sign-in, CSRF, repeats."""

from __future__ import annotations

import logging
import re
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pymongo.errors import ConnectionFailure, ExecutionTimeout

from crm_core.ground.errors import MainstemError, TooLarge, Unavailable
from crm_core.ground.ids import new_id
from hub.identity.identity import Identity
from hub.log import correlation
from hub.metrics import HTTP_SECONDS
from hub.settings import Limits, Settings
from hub.web.csrf import csrf_checked
from hub.web.far_side import Proxies
from hub.web.headers import CORRELATION, STARTED, safe_headers
from hub.web.idempotency import Idempotency, repeated
from hub.web.problem_answers import GONE_STATUS, Internal, from_http, problem_answer
from hub.web.signin import signed_in

log = logging.getLogger(__name__)

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORM_SLACK = 64 * 1024


def new_application(identity: Identity, idempotency: Idempotency, settings: Settings) -> web.Application:
    """An application without routes, with all that must stand around them."""
    proxies = Proxies(settings.trusted_proxies, settings.public_url)
    limits = settings.limits
    app = web.Application(
        middlewares=[
            correlated(proxies),
            timed,
            told_as_problems,
            bounded(limits),
            signed_in(identity, max_age_s=limits.session_days * 86400),
            csrf_checked(proxies),
            repeated(idempotency),
        ],
        client_max_size=limits.json_bytes,
    )
    app.on_response_prepare.append(safe_headers())
    return app


def correlated(proxies: Proxies) -> Middleware:
    """Give the request an id that goes into logs, stored messages and events; take the caller's where it is sane."""

    @web.middleware
    async def correlate(request: web.Request, handler: Handler) -> web.StreamResponse:
        proxies.note(request)
        given = request.headers.get("X-Correlation-Id", "")
        request[CORRELATION] = given if _SANE_ID.fullmatch(given) else new_id()
        mark = correlation.set(request[CORRELATION])
        try:
            return await handler(request)
        finally:
            correlation.reset(mark)

    return correlate


@web.middleware
async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Measure, by route and not by path, so that the number of series stays bounded. Sockets last too long to say."""
    started = time.perf_counter()
    response = await handler(request)
    if not request.path.startswith(("/socket.io/", "/ws/")):
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        method = request.method if request.method in _METHODS else "other"
        HTTP_SECONDS.labels(route, method, str(response.status)).observe(time.perf_counter() - started)
    return response


@web.middleware
async def told_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error becomes a problem document; what was not meant is logged and says nothing of the inside."""
    try:
        return await handler(request)
    except MainstemError as error:
        return _answer(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, from_http(error), error)
    except ConnectionFailure:
        log.warning("store away during a request", extra={"path": request.path})
        return _answer(request, Unavailable("the store is away; try again soon", retry_after=2))
    except ExecutionTimeout:
        log.warning("store too slow for a request", extra={"path": request.path})
        return _answer(request, Unavailable("this took too long; ask for less, or try again", retry_after=5))
    except Exception as error:
        if isinstance(error, ConnectionError) and _is_gone(request):
            return web.Response(status=GONE_STATUS)  # nobody hears the answer, and nothing is wrong here
        log.exception("request failed", extra={"path": request.path, "method": request.method})
        return _answer(request, Internal("something went wrong here; the correlation id finds it in the log"))


def _answer(request: web.Request, error: MainstemError, cause: web.HTTPException | None = None) -> web.StreamResponse:
    if request.get(STARTED):  # half an answer is out: only a cut connection tells the client that it is not whole
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=GONE_STATUS)
    return problem_answer(error, request[CORRELATION], cause)


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def bounded(limits: Limits) -> Middleware:
    """Refuse by the announced size before anything is read; unannounced sizes are bounded while reading."""

    @web.middleware
    async def bound(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_form = request.content_type.startswith("multipart/")
        most = limits.file_bytes + _FORM_SLACK if is_form else limits.json_bytes
        size = request.content_length
        # Hooks and sockets have bounds of their own.
        if size is not None and size > most and not request.path.startswith(("/hooks/", "/socket.io/")):
            raise TooLarge(f"at most {most} bytes are taken here", limit_bytes=most)
        return await handler(request)

    return bound
