"""What was true when a call was promised is asked once more before it is made: a hub that stood still dials nothing. (S2.9.9-06)"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from channels.telephony.account import TelephonyAccount
from channels.telephony.control import Control
from crm_core.ground.clock import now, shifted
from hub.desk.in_time import DIALS_WITHIN_S, in_time
from hub.errors import Late
from hub.leases import Lease
from tests.hub.call_list_house import NUMBERS, House, house, ok
from tests.hub.test_progressive import PACE, by_hand, progressive, sits
from tests.lab.ami_far_side import AmiFarSide
from tests.lab.far_pbx import far_pbx, settings

__all__ = ["by_hand", "far_pbx", "house", "settings"]

Meanwhile = Callable[[House, str], Awaitable[Any]]


async def given_back(house: House, listed: str) -> None:
    """Another hub asked the PBX, which had no such call, and gave the number to whoever is next."""
    change = {"$set": {"state": "waiting", "agent": None, "linkedid": None}}
    await house.hub.db["call_entries"].update_one({"list": listed, "state": "calling"}, change)


async def dialled_elsewhere(house: House, listed: str) -> None:
    """Another hub has dialled it for the same agent."""
    entry = await house.hub.db["call_entries"].find_one({"list": listed, "state": "calling"})
    assert entry is not None
    attempts = [*entry["attempts"], entry["attempts"][-1] | {"at": now(), "linkedid": "mainstem-other"}]
    change = {"$set": {"linkedid": "mainstem-other", "attempts": attempts}}
    await house.hub.db["call_entries"].update_one({"_id": entry["_id"]}, change)


async def paused(house: House, listed: str) -> None:
    """A supervisor stopped the list."""
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"state": "paused"})


async def closed(house: House, listed: str) -> None:
    """The hours are over."""
    shut = {"zone": "UTC", "days": [], "from": "00:00", "until": "00:01"}
    await house.hub.db["call_lists"].update_one({"_id": listed}, {"$set": {"hours": shut}})


async def on_a_break(house: House, listed: str) -> None:
    """The agent got up."""
    await ok(house.ann, "PUT", "/api/me/presence", {"state": "break"})


@pytest.mark.parametrize("meanwhile", [given_back, dialled_elsewhere, paused, closed, on_a_break])
async def test_what_does_not_hold_any_more_is_not_dialled(
    house: House, far_pbx: AmiFarSide, monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile
) -> None:
    """The hub stands still between the intent and the call; what others did meanwhile stays as they left it."""
    listed = await progressive(house, numbers=NUMBERS[:1])
    pacing, calls = house.hub.outbound.pacing, house.hub.telephony.calls
    await sits(house.ann, listed)
    await pacing.sweep()
    dial = calls.dial

    async def after_a_while(*asked: Any, **more: Any) -> Any:
        await meanwhile(house, listed)
        return await dial(*asked, **more)

    monkeypatch.setattr(calls, "dial", after_a_while)
    with shifted(timedelta(seconds=PACE + 1)):
        await pacing.sweep()
    assert far_pbx.dialled == []
    entry = await house.hub.db["call_entries"].find_one({"list": listed})
    assert entry is not None
    states: dict[Meanwhile, tuple[str, int]] = {given_back: ("waiting", 1), dialled_elsewhere: ("calling", 2)}
    assert (entry["state"], len(entry["attempts"])) == states.get(meanwhile, ("taken", 0))
    seat = await house.hub.db["call_seats"].find_one({"_id": house.ann.user})
    assert seat is not None
    assert (seat["state"], seat["reason"]) == ("ready", None)


async def test_a_call_is_not_made_after_its_time(far_pbx: AmiFarSide) -> None:
    """Counted from the promise, however long the way to the PBX took."""
    account = TelephonyAccount.model_validate(
        {"id": "pbx", "host": "127.0.0.1", "port": far_pbx.port, "username": "mainstem", "secret": "secret"}
    )
    with pytest.raises(Late):
        late = in_time(since=now() - timedelta(seconds=DIALS_WITHIN_S))
        await Control().dial(account, "1001", NUMBERS[0], "mainstem-1", late)
    assert far_pbx.dialled == []
    await Control().dial(account, "1001", NUMBERS[0], "mainstem-2", in_time())
    assert far_pbx.dialled == [NUMBERS[0]]


async def test_whoever_lost_the_lease_does_nothing_more_under_it() -> None:
    """Nor counts on it beyond its end."""
    clock = asyncio.get_running_loop().time
    lease = Lease("call-pacing", "me", 1, clock() + 2)
    assert await in_time(lease=lease)() == lease.ends
    lease.lose()
    with pytest.raises(Late):
        await in_time(lease=lease)()
