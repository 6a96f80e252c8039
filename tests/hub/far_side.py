"""A far side for tests that need one: a channel whose far side lists what the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from typing_extensions import override

from hub.channel import Account, Capabilities, Channel, Inlet, Raw, Receipt
from hub.errors import Transient
from hub.model.delivery import Delivery


class ListingChannel(Channel[Account]):
    """Lists `has`; is away when `away`."""

    kind = "listing"
    account_model = Account
    can = Capabilities()

    def __init__(self, has: list[str] | None = None, *, away: bool = False) -> None:
        self.has = has or []
        self.away = away
        self.replayed: list[str] = []

    @override
    async def probe(self, account: Account) -> None:
        if self.away:
            raise Transient("the far side is away")

    @override
    async def receive(self, account: Account, inlet: Inlet) -> None:
        raise AssertionError("not received from here")

    @override
    async def replay(self, account: Account, raw: Raw, inlet: Inlet) -> None:
        self.replayed.append(raw.id)

    @override
    async def send(self, account: Account, delivery: Delivery, inlet: Inlet) -> Receipt:
        raise AssertionError("not sent from here")

    @override
    async def inventory(self, account: Account, since: datetime) -> AsyncIterator[str]:
        for name in self.has:
            yield name
        if self.away:
            raise Transient("the far side hung up")
