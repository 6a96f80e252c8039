"""A far side, and hubs that know it as the account `echo`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hub.store.client import Client, Database
from tests.lab.echo_channel.far_side import FarSide
from tests.lab.echo_channel.house import House

NewHub = Callable[..., Awaitable[House]]


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    """A far side that listens."""
    far = FarSide()
    await far.start()
    yield far
    await far.stop()


@pytest.fixture
async def new_hub(client: Client, db: Database, far: FarSide) -> AsyncIterator[NewHub]:
    """Makes hubs on one database; `account` are fields of the account `echo`."""
    houses: list[House] = []

    async def make(
        hub_id: str = "one",
        *,
        receive: bool = False,
        send: bool = False,
        more: dict[str, Any] | None = None,
        **account: Any,
    ) -> House:
        echo = {"channel": "echo", "port": far.port, "secret": "hush", **account}
        houses.append(House(client, db, hub_id, {"echo": echo, **(more or {})}))
        return await houses[-1].start(receive=receive, send=send)

    yield make
    for house in reversed(houses):
        await house.stop()
