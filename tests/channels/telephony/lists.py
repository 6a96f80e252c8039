"""Call lists on a real Asterisk: made, sat at, and what the PBX dialled for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.telephony.ami import Ami
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

    units = Units(floor.hub.client, floor.hub.db)
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
