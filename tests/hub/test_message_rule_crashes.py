"""A message rule tells everybody once, whatever happens to its reader."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from typing_extensions import override

from hub.main import Hub
from hub.store.client import Client, Database
from hub.store.unit import Unit, Units
from hub.writing.message_rules.book import RuleBook
from hub.writing.message_rules.engine import Engine
from hub.writing.message_rules.reader import RuleReader
from tests.conftest import SignIn
from tests.hub.rule_house import ADMIN, change, customer, read_to_the_end, roles_of, shown, start_rule, told

T = TypeVar("T")


async def test_events_that_are_read_again_after_a_crash_tell_nothing_twice(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-01."""
    sue = await signed_in("sue", roles=["SM"])
    rules = [await start_rule(hub, name=once, once_per=once, subject=once) for once in ("event", "day", "record")]
    acme = await customer(hub, "Acme")
    for name in ("A", "B"):
        await change(hub, "customer", acme, short_name=name)
    await read_to_the_end(hub)
    for _ in range(2):
        await hub.db["bookmarks"].update_one({"_id": "message-rules"}, {"$set": {"seq": 0}})
        hub.streaming.readers.wake({"record.changed"})
        await read_to_the_end(hub)
    assert sorted(await told(sue)) == ["day", "event", "event", "record"]
    assert [(await shown(hub, rule))["fired"] for rule in rules] == [2, 1, 1]


class Killed(Exception):
    """The process is gone."""


class MortalUnits(Units):
    """Units of a process that is killed after so many."""

    def __init__(self, client: Client, db: Database, lives: int) -> None:
        super().__init__(client, db)
        self._lives = lives

    @override
    async def run(
        self, work: Callable[[Unit], Awaitable[T]], *, places: int = 0, spare: int = 0, urgent: bool = False
    ) -> T:
        if self._lives == 0:
            raise Killed
        self._lives -= 1
        return await super().run(work, places=places, spare=spare, urgent=urgent)


@pytest.mark.parametrize("once_per", ["event", "record"])
async def test_a_reader_that_is_killed_in_between_tells_everybody_once(
    hub: Hub, signed_in: SignIn, once_per: str
) -> None:
    """S2.9.1-01: 120 people are told in three units, and the reader dies after each of the first two."""
    await signed_in("sue", roles=["SM"])
    roles, root = await roles_of(hub, "SM"), await hub.db["record_department"].find_one({})
    assert root is not None
    for n in range(119):
        body = {"employee_no": f"N{n}", "name": f"N{n}", "login": f"n{n}", "department": root["_id"], "roles": roles}
        await hub.records.create(ADMIN, "user", body)
    rule = await start_rule(hub, once_per=once_per)
    await hub.records.change(ADMIN, "message_rule", rule, {"ask": True}, 2)  # so that the hub's own reader leaves it
    acme = await customer(hub, "Acme")
    await change(hub, "customer", acme, short_name="A")
    event = await hub.db["events"].find_one({"name": "record.changed", "data.id": acme, "data.change": "changed"})
    assert event is not None
    await read_to_the_end(hub)
    await hub.db["record_message_rule"].update_one({"_id": rule}, {"$set": {"ask": False}})
    for lives in (1, 2, 3, 3):
        engine = Engine(
            MortalUnits(hub.ground.client, hub.db, lives),
            hub.records,
            hub.identity.people,
            "Mainstem",
            ZoneInfo("Asia/Shanghai"),
        )
        reader = RuleReader(RuleBook(hub.db, hub.records.registry), engine)
        if lives < 3:
            with pytest.raises(Killed):
                await reader.handle([event])
        else:
            await reader.handle([event])
    users = [doc["user"] async for doc in hub.db["notices"].find({"cause": "rule"})]
    assert (len(users), len(set(users))) == (120, 120)
    assert (await shown(hub, rule))["fired"] == 1
