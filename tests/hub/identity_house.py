"""Identity and its HTTP edge on a test's own database: real store, real HTTP, cheap password hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from crm_core.load import load
from hub.identity.far_end import FarEnd
from hub.identity.parts import IdentityParts, build_identity
from hub.identity.passwords import Passwords
from hub.settings import Settings
from hub.store.client import Database
from hub.store.collections import ensure_indexes
from hub.store.records import Records, record_indexes
from hub.store.unit import Units
from hub.vault import Vault
from hub.web import audit, me, session, tokens, users
from hub.web.idempotency import Idempotency
from hub.web.middleware import new_application
from hub.web.routes import Routes, mount

HERE = FarEnd("203.0.113.9", "test")
PASSWORD = "correct horse battery"
EDGE = (audit, me, session, tokens, users)


def cheap() -> Passwords:
    """Real argon2id with the smallest parameters."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class House:
    """The room and the people in it."""

    db: Database
    parts: IdentityParts
    settings: Settings
    records: Records

    async def person(self, login: str, *roles: str, password: str = PASSWORD) -> str:
        """A user with roles by code."""
        return await self.parts.staff.create_user(login, login.title(), password, roles=roles, far=HERE)

    @asynccontextmanager
    async def browser(self, *extra: Routes) -> AsyncIterator[Browser]:
        """An HTTP client with a cookie jar of its own before a server of its own on this store."""
        async with TestClient(TestServer(self.application(*extra)), cookie_jar=CookieJar(unsafe=True)) as client:
            yield Browser(client)

    def application(self, *extra: Routes) -> web.Application:
        """The routes of identity, and others."""
        app = new_application(self.parts.identity, Idempotency(self.db), self.settings)
        for routes in (*(noun.routes for noun in EDGE), *extra):
            mount(app, routes.routes, {**self.parts.by_type(), Database: self.db})
        return app


class Browser:
    """What a browser does: keeps the cookie, sends the CSRF token."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        self.csrf = ""

    async def sign_in(self, login: str, password: str = PASSWORD, otp: str | None = None) -> ClientResponse:
        """Sign in and remember the CSRF token."""
        body = {"login": login, "password": password} | ({"otp": otp} if otp else {})
        answer = await self.client.post("/api/session", json=body)
        if answer.status == 200:
            self.csrf = (await answer.json())["csrf"]
        return answer

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> ClientResponse:
        """A request as the console makes it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers={"X-CSRF-Token": self.csrf} | named)

    def cookie(self) -> str:
        """The session cookie's value."""
        return next((c.value for c in self.client.session.cookie_jar if c.key == "mainstem_session"), "")


async def build_house(db: Database, units: Units, **settings: Any) -> House:
    """The room on an empty database."""
    registry, given = load(), Settings(**settings)
    mine = {"record_user", "record_role", "record_department", "record_history"}
    await ensure_indexes(db, [index for index in record_indexes(registry) if index.collection in mine])
    records = Records(units, registry)
    await records.install_roles()
    return House(db, build_identity(units, registry, Vault(b"k" * 32), given, cheap()), given, records)
