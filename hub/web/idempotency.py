"""`Idempotency-Key`: a POST that is sent twice is done once, and the second gets the first one's answer.

The key is claimed before the handler runs and the answer kept for 24 hours after. A repeat with another body is
refused, a repeat while the first still runs is told to come back. Where a hub dies between claim and answer, nobody
knows whether the act was done: the claim runs out after 60 seconds and a repeat is then done (at least once). Acts that
must not be doubled even then carry an id of the caller's own (`client_id`), which the store holds unique.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pymongo.errors import DuplicateKeyError

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, MainstemError, Malformed
from crm_core.ground.ids import new_id
from hub.store.client import Database, Doc
from hub.store.collections import IDEMPOTENCY
from hub.web.routes import CALLER

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEEP = timedelta(hours=24)
_CLAIM = timedelta(seconds=60)
_LARGEST_ANSWER = 1024 * 1024
_WITH_SECRETS = ("/api/session", "/api/me", "/api/users")
"""Their answers hold secrets that must not be stored; the header is not taken there."""


class InFlight(Conflict):
    """The first request with this key is still at work."""

    code, title = "in-flight", "Still at work"


class Idempotency:
    """Keys, claims and kept answers."""

    def __init__(self, db: Database) -> None:
        self._kept = db[IDEMPOTENCY]

    async def claim(self, place: str, print_: str) -> tuple[str, Doc | None]:
        """Claim a key: the holder's mark, or the answer that is there already.

        Raises:
            Invalid: the key was used with another body.
            InFlight: another request with the key is at work.
        """
        holder, at = new_id(), now()
        fresh = {
            "print": print_,
            "holder": holder,
            "claimed_until": at + _CLAIM,
            "expires_at": at + _KEEP,
            "answer": None,
        }
        found = await self._kept.find_one({"_id": place})
        if found is not None and found["expires_at"] > at:
            if found["print"] != print_:
                detail = "this key was used with another request; take a new one"
                raise Invalid(detail, fields=(FieldError(HEADER, "reused", detail),))
            if found["answer"] is not None:
                return holder, found["answer"]
        if not await self._take(place, at, fresh, found):
            raise InFlight("the first request with this key is still at work", retry_after=1)
        return holder, None

    async def _take(self, place: str, at: datetime, fresh: Doc, found: Doc | None) -> bool:
        if found is not None:
            if found["claimed_until"] > at and found["expires_at"] > at:
                return False
            taken = await self._kept.replace_one(
                {"_id": place, "holder": found["holder"], "answer": found["answer"]}, fresh
            )
            return taken.modified_count == 1
        try:
            await self._kept.insert_one({"_id": place, **fresh})
        except DuplicateKeyError:
            return False
        return True

    async def keep(self, place: str, holder: str, answer: Doc) -> None:
        """Keep the answer for repeats."""
        await self._kept.update_one({"_id": place, "holder": holder}, {"$set": {"answer": answer}})

    async def release(self, place: str, holder: str) -> None:
        """The act was refused or failed; the same key may try again."""
        await self._kept.delete_one({"_id": place, "holder": holder, "answer": None})


def repeated(idempotency: Idempotency) -> Middleware:
    """The middleware, for signed-in POSTs of JSON."""

    @web.middleware
    async def repeat(request: web.Request, handler: Handler) -> web.StreamResponse:
        key = request.headers.get(HEADER)
        caller = request.get(CALLER)
        concerned = request.method == "POST" and request.path.startswith("/api/") and _is_json(request)
        if key is None or caller is None or not concerned or request.path.startswith(_WITH_SECRETS):
            return await handler(request)
        if not _KEY.fullmatch(key):
            raise Malformed(f"{HEADER}: use 1 to 200 visible ASCII characters")
        place = _digest(caller.user, key, request.path)
        holder, answer = await idempotency.claim(place, _digest(request.query_string, (await request.read()).hex()))
        if answer is not None:
            return _replayed(answer)
        return await _first(request, handler, idempotency, place, holder)

    return repeat


async def _first(
    request: web.Request, handler: Handler, idempotency: Idempotency, place: str, holder: str
) -> web.StreamResponse:
    try:
        response = await handler(request)
    except (MainstemError, web.HTTPException):
        await idempotency.release(place, holder)
        raise  # anything else leaves it open whether the act was done: then the claim runs out by itself
    if response.status >= 300:
        await idempotency.release(place, holder)
    else:
        await idempotency.keep(place, holder, _kept_form(response))
    return response


def _kept_form(response: web.StreamResponse) -> Doc:
    body = response.body if isinstance(response, web.Response) else None
    content = body if isinstance(body, bytes) and len(body) <= _LARGEST_ANSWER else None
    is_whole = content is not None or (isinstance(response, web.Response) and body is None)
    return {"status": response.status, "type": response.content_type, "body": content, "whole": is_whole}


def _replayed(answer: Doc) -> web.Response:
    if not answer["whole"]:
        raise Conflict("this was done already; its answer was too large to keep, so read the thing anew")
    response = web.Response(status=answer["status"], headers={"Idempotency-Replayed": "true"})
    if answer["body"] is not None:
        response.body = answer["body"]
        response.content_type = answer["type"]
    return response


def _is_json(request: web.Request) -> bool:
    return request.content_type == "application/json" or not request.can_read_body


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
