"""Users and tokens from the command line."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable

from crm_core.ground.errors import Conflict, Invalid
from hub.cli.up import mongo_for
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import Settings

_HERE = FarEnd("local", "command line")


def init(settings: Settings) -> int:
    """The first administrator."""

    async def work(hub: Hub) -> None:
        if not await hub.identity.staff.is_empty():
            raise Conflict("there are users already; use `mainstem user add LOGIN --role admin`")
        await hub.identity.staff.create_user("admin", "Administrator", _new_password(), far=_HERE, roles=["admin"])
        _say("made the user admin; sign in at the console")

    return _with_hub(settings, work)


def add_user(settings: Settings, login: str, name: str, roles: list[str]) -> int:
    """A user with roles by code."""

    async def work(hub: Hub) -> None:
        await hub.identity.staff.create_user(login, name, _new_password(), far=_HERE, roles=roles)
        _say(f"made the user {login} with {', '.join(roles)}")

    return _with_hub(settings, work)


def add_token(settings: Settings, login: str, name: str, scopes: list[str]) -> int:
    """An API token, printed once."""

    async def work(hub: Hub) -> None:
        user = await hub.identity.staff.user_id(login)
        token, _ = await hub.identity.tokens.create(user, name, scopes, by=user, far=_HERE)
        _say(token)

    return _with_hub(settings, work)


def _with_hub(settings: Settings, work: Callable[[Hub], Awaitable[None]]) -> int:
    async def run() -> None:
        async with mongo_for(settings) as ready:
            hub = Hub(ready)
            await hub.open()
            try:
                await work(hub)
            finally:
                await hub.close()

    asyncio.run(run())
    return 0


def _new_password() -> str:
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise Invalid("the two passwords differ")
    if not password:
        raise Invalid("a password is needed (typed, or one line on standard input)")
    return password


def _say(text: str) -> None:
    print(text)
