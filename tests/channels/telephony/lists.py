"""Call lists on a real Asterisk: made, sat at, and what the PBX dialled for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from channels.telephony.ami import Ami
from crm_core.ground.clock import now
from hub.store.client import Database
from hub.store.unit import Units
from tests.channels.telephony.conftest import Floor
from tests.conftest import SignedIn
from workers.task import Work
from workers.tasks.call_lists import fill_call_list


async def started(floor: Floor, numbers: Sequence[str], **more: Any) -> str:
    """A running list for the queue, filled by a worker's turn."""
    body = {"name": "Care", "queue": "support", "numbers": list(numbers), **more}
    status, listed = await floor.supervisor.call("POST", "/api/call-lists", body)
    assert status == 201, listed
    await floor.supervisor.call("PATCH", f"/api/call-lists/{listed['id']}", {"state": "running"})

    async def nothing(*_: Any) -> None:
        return None

    units = Units(floor.hub.ground.client, floor.hub.db)
    work = Work(settings=floor.hub.settings, db=floor.hub.db, units=units, tell=nothing, send=nothing)
    await fill_call_list(work, listed["id"], floor.supervisor.user)
    return str(listed["id"])


async def started_progressive(floor: Floor, numbers: Sequence[str]) -> str:
    """A list with a second between calls; whoever is busy is not called again."""
    retries = {"no_answer": {"after_min": 30, "most": 3}}
    return await started(floor, numbers, mode="progressive", pace_s=1, retries=retries)


async def sits(who: SignedIn, listed: str) -> None:
    """Available, and ready at the list."""
    await who.call("PUT", "/api/me/presence", {"state": "available"})
    status, seat = await who.call("PUT", f"/api/call-lists/{listed}/seat", {"state": "ready"})
    assert (status, seat["state"]) == (200, "ready"), seat


async def prepared(floor: Floor, db: Database, numbers: Sequence[str]) -> str:
    """A list with its agent ready, whose console goes on saying so; the hub that took this down is stopped."""
    listed = await started_progressive(floor, numbers)
    path = f"/api/call-lists/{listed}"
    await floor.supervisor.call("PATCH", path, {"state": "paused"})
    await sits(floor.agent, listed)
    await floor.hub.stop()
    await db["call_lists"].update_one({"_id": listed}, {"$set": {"state": "running"}})
    await db["call_seats"].update_one({"_id": floor.agent.user}, {"$set": {"until": now() + timedelta(hours=1)}})
    return listed


class Dialled:
    """The numbers that the PBX dialled to the outside, by its own word."""

    def __init__(self, ami: Ami) -> None:
        self._ami, self._seen = ami, [""][:0]

    def numbers(self) -> list[str]:
        """All of them since this began, in order."""
        self._seen += [
            each["DialString"].partition("@")[0].rpartition("/")[2]
            for each in self._ami.waiting()
            if each.get("Event") == "DialBegin" and each.get("DestChannel", "").startswith("PJSIP/trunk-")
        ]
        return self._seen


async def done(db: Database, listed: str) -> bool:
    """Whether every entry has its result."""
    return await db["call_entries"].find_one({"list": listed, "state": {"$ne": "done"}}) is None


async def all_true(db: Database, listed: str, dialled: Dialled, numbers: list[str]) -> None:
    """Each number was dialled once by the PBX's word, and its entry says so."""
    assert sorted(dialled.numbers()) == numbers, dialled.numbers()
    entries = await db["call_entries"].find({"list": listed}).sort("n", 1).to_list()
    said = [(each["number"], each["result"], each["attempts"][-1]["outcome"]) for each in entries]
    assert said == [(number, "busy", "busy") for number in numbers]
