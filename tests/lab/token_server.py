"""A small OAuth 2 server: gives access tokens for a refresh token (RFC 6749) and says which are good (RFC 7662)."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web


class TokenServer:
    """Use as `async with TokenServer("user") as server`.

    Attributes:
        refresh_token: what it takes; change it to withdraw the grant.
        given: the access tokens it gave.
        good: those that still count.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        self.refresh_token = "refresh-1"
        self.given: list[str] = []
        self.good: set[str] = set()
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/token", self._token)
        app.router.add_route("*", "/introspect", self._introspect)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        return f"http://127.0.0.1:{self.port}/token"

    @property
    def introspection_url(self) -> str:
        """Where the mail server asks about them."""
        return f"http://127.0.0.1:{self.port}/introspect"

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != self.refresh_token:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = f"access-{len(self.given) + 1}"
        self.given.append(token)
        self.good.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    async def _introspect(self, request: web.Request) -> web.Response:
        token = (await request.post()).get("token") or request.query.get("token")
        if token not in self.good:
            return web.json_response({"active": False})
        return web.json_response({"active": True, "active_state": "true", "username": self.username})
