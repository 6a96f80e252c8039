"""A hub with a PBX to dial through, agents with extensions, and call lists made and filled with few words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_core.ground.clock import now
from hub.main import Hub
from hub.store.client import Doc
from hub.store.unit import Units
from tests.conftest import SignedIn, SignIn
from workers.task import Work
from workers.tasks.call_lists import fill_call_list

NUMBERS = [f"+861390013900{n}" for n in range(10)]


class House:
    """Ann and Bob work for support, Sue supervises, Eve does not belong there."""

    def __init__(self, hub: Hub, ann: SignedIn, bob: SignedIn, sue: SignedIn, eve: SignedIn) -> None:
        self.hub, self.ann, self.bob, self.sue, self.eve = hub, ann, bob, sue, eve

    async def made(self, **more: Any) -> str:
        """The draft of a list."""
        body = {"name": "Spring", "queue": "support", "numbers": NUMBERS[:3]} | more
        return str((await ok(self.sue, "POST", "/api/call-lists", body, expect=201))["id"])

    async def running(self, **more: Any) -> str:
        """A list that was started and filled."""
        listed = await self.made(**more)
        await ok(self.sue, "PATCH", f"/api/call-lists/{listed}", {"state": "running"})
        await self.fill(listed)
        return listed

    async def fill(self, listed: str) -> str | None:
        """A worker's turn."""
        [*_, job] = await self.hub.db["jobs"].find({"task": "call-list.fill", "arguments.call_list": listed}).to_list()

        async def nothing(*_: Any) -> None:
            return None

        units = Units(self.hub.ground.client, self.hub.db)
        work = Work(settings=self.hub.settings, db=self.hub.db, units=units, tell=nothing, send=nothing)
        return await fill_call_list(work, **job["arguments"])

    async def next(self, who: SignedIn, listed: str) -> Any:
        """The entry that somebody is given, or why there is none."""
        answer = await ok(who, "POST", f"/api/call-lists/{listed}/next")
        return answer["entry"] or answer["why"]

    async def dial(self, who: SignedIn, entry: Any, expect: int = 202) -> Any:
        """Dial an entry."""
        path = f"/api/call-lists/{entry['list']}/entries/{entry['id']}/dial"
        return await ok(who, "POST", path, expect=expect)

    async def result(self, who: SignedIn, entry: Any, outcome: str, expect: int = 200, **more: Any) -> Any:
        """Say what came of it."""
        path = f"/api/call-lists/{entry['list']}/entries/{entry['id']}/result"
        return await ok(who, "POST", path, {"outcome": outcome, **more}, expect=expect)

    async def call_ended(self, linkedid: str, outcome: str) -> None:
        """What the stream tells of a call that is over, handed to the reader, twice."""
        call: Doc = {"linkedids": [linkedid], "part": {"direction": "outbound", "outcome": outcome}}
        for _ in range(2):
            await self.hub.outbound.entry_fates.handle([{"name": "call.ended", "data": {"call": call}}])

    async def entry(self, entry: Any) -> Any:
        """The entry as it is now."""
        page = await ok(self.sue, "GET", f"/api/call-lists/{entry['list']}/entries")
        return next(each for each in page["items"] if each["id"] == entry["id"])


@pytest.fixture
async def house(hub: Hub, signed_in: SignIn) -> House:
    """Everybody, signed in."""
    ann, bob = [await signed_in(name, roles=["SP"], queues=["support"]) for name in ("ann", "bob")]
    sue, eve = await signed_in("sue", roles=["SU"]), await signed_in("eve", roles=["SP"])
    for extension, who in (("1001", ann), ("1002", bob), ("1003", eve)):
        await hub.db["record_user"].update_one({"_id": who.user}, {"$set": {"extension": extension}})
    return House(hub, ann, bob, sue, eve)


async def ok(who: SignedIn, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
    """A call that must have this status."""
    status, answer = await who.call(method, path, body)
    assert status == expect, (status, answer)
    return answer


def in_(**more: float) -> str:
    """A moment from now, as it is sent."""
    return (now() + timedelta(**more)).isoformat()
