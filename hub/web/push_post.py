"""Posts to push services: `https` only, every address judged at the socket, no redirect followed, bounded in time and number."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

import aiohttp

from hub.desk.push.rules import PushAnswer, PushUnavailable
from hub.settings import PushSettings
from hub.web.guarded_http import Allowed, GuardedHttp, Resolve, is_public, resolve_name

WITHIN_S = 10.0
_AT_ONCE = 8


class PushPost:
    """Called with endpoint, headers and body.

    Args:
        resolve: name -> addresses.
        allowed: judges each address; None: as the settings say.
    """

    def __init__(self, settings: PushSettings, resolve: Resolve = resolve_name, allowed: Allowed | None = None) -> None:
        allowed = allowed or ((lambda _: True) if settings.inside else is_public)
        tls = ssl.create_default_context(cafile=settings.ca) if settings.ca else None
        self._http = GuardedHttp(PushUnavailable, resolve, allowed, tls)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        """Post; raises `PushUnavailable` with the reason."""
        if not endpoint.startswith("https://"):
            raise PushUnavailable("only https is used")
        try:
            async with (
                self._room,
                asyncio.timeout(WITHIN_S),
                self._http.session({"User-Agent": "Mainstem"}) as http,
                http.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return PushAnswer(answer.status, _seconds(answer.headers.get("Retry-After", "")))
        except TimeoutError:
            raise PushUnavailable(f"no answer within {WITHIN_S:g} s") from None
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            raise PushUnavailable(type(error).__name__) from None


def _seconds(text: str) -> float | None:
    """Of `Retry-After`, where it is a number; a date is as good as nothing to us, whose own pause is long enough."""
    return float(text) if text.isascii() and text.isdigit() else None
