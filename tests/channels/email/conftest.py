"""One account, one moment of arrival, and a door that listens on a free port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from channels.email.account import EmailAccount
from channels.email.channel import channel
from channels.email.door import Door
from channels.email.parse import Arrival
from hub.store.client import Client
from tests.channels.email.inlet import WatchedInlet, running_inlet

RECEIVED = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture
def account() -> EmailAccount:
    return make_account()


def make_account(**more: object) -> EmailAccount:
    """An account of two addresses and one domain."""
    given: dict[str, object] = {
        "id": "mail", "addresses": ("support@demo.local", "sales@demo.local", "@shop.example"),
        "door_port": 0, "size_limit_mb": 1, "tls": "none",
    } | more  # fmt: skip
    return EmailAccount.model_validate(given)


@pytest.fixture
def arrival() -> Arrival:
    return Arrival(at=RECEIVED, mail_from="ada@example.com", recipients=("support@demo.local",), raw="raw1")


@pytest.fixture
async def inlet(client: Client) -> AsyncIterator[WatchedInlet]:
    async with running_inlet(client) as inlet:
        yield inlet


class OpenDoor:
    """A door in use: where it listens and what stands behind it."""

    def __init__(self, door: Door, inlet: WatchedInlet, port: int) -> None:
        self.door, self.inlet, self.port = door, inlet, port


async def open_door(account: EmailAccount, inlet: WatchedInlet) -> OpenDoor:
    """Open a door for an account; the caller closes it."""
    door = Door(account, inlet, lambda raw: channel.replay(account, raw, inlet))
    return OpenDoor(door, inlet, await door.open())


@pytest.fixture
async def door(account: EmailAccount, inlet: WatchedInlet) -> AsyncIterator[OpenDoor]:
    opened = await open_door(account, inlet)
    yield opened
    await opened.door.close()
