"""Fetches one remote picture that a stranger chose, so nothing here trusts the address.

Guards: only `http` and `https` on their usual ports; every address is judged at the socket (`guarded_http`); redirects
are followed by hand, at most three, each judged anew; no cookie, no referrer, no proxy of the environment; bounded in
time, size and number; a compressed answer is refused, not unpacked.
"""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from hub.desk.pictures import PictureUnavailable
from hub.web.guarded_http import Allowed, GuardedHttp, Resolve, is_public, resolve_name

WITHIN_S = 10.0
MOST_BYTES = 5_000_000
MOST_REDIRECTS = 3
AT_ONCE = 8
_PIECE = 64 * 1024
_HEADERS = {"User-Agent": "Mainstem", "Accept": "image/*", "Accept-Encoding": "identity"}


class PictureFetcher:
    """Called with an address, returns the bytes.

    Args:
        resolve: name -> addresses; called once for each connection.
        allowed: judges each address that a connection is made to.
        ports: that may be connected to.
    """

    def __init__(
        self,
        resolve: Resolve = resolve_name,
        allowed: Allowed = is_public,
        ports: frozenset[int] = frozenset({80, 443}),
    ) -> None:
        self._http, self._ports = GuardedHttp(PictureUnavailable, resolve, allowed), ports
        self._room = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, address: str) -> bytes:
        """Fetch; raises `PictureUnavailable` with the reason."""
        try:
            async with asyncio.timeout(WITHIN_S), self._room, self._http.session(_HEADERS) as http:
                return await self._follow(http, address)
        except TimeoutError:
            raise PictureUnavailable(f"the far server did not answer within {WITHIN_S:g} s") from None
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            raise PictureUnavailable(f"the far server cannot be used: {type(error).__name__}") from None

    async def _follow(self, http: aiohttp.ClientSession, address: str) -> bytes:
        url = self._judged(URL(address))
        for _ in range(MOST_REDIRECTS + 1):
            async with http.get(url, allow_redirects=False) as answer:
                if answer.status not in (301, 302, 303, 307, 308):
                    return await _content(answer)
                url = self._judged(url.join(URL(answer.headers.get("Location", ""))))
        raise PictureUnavailable("too many redirects")

    def _judged(self, url: URL) -> URL:
        if url.scheme not in ("http", "https") or not url.host or url.port not in self._ports:
            raise PictureUnavailable("only http and https on their usual ports are fetched")
        if url.user is not None or url.password is not None:
            raise PictureUnavailable("an address with a user name in it is not fetched")
        return url.with_fragment(None)


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    if answer.status != 200:
        raise PictureUnavailable(f"the far server answered {answer.status}")
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise PictureUnavailable("the far server sent it compressed")
    if (answer.content_length or 0) > MOST_BYTES:
        raise PictureUnavailable("the picture is too large")
    content = bytearray()
    async for piece in answer.content.iter_chunked(_PIECE):
        content += piece
        if len(content) > MOST_BYTES:
            raise PictureUnavailable("the picture is too large")
    return bytes(content)
