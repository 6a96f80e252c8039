"""Progressive lists: who is free is given the next entry, and the hub dials it after the pause. (S2.9.9-06)"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crm_core.ground.clock import now, shifted
from hub.desk.outbound.pacing import Pacing
from hub.main import Hub
from tests.conftest import SignedIn
from tests.hub.call_list_house import NUMBERS, House, house, ok
from tests.lab.ami_far_side import AmiFarSide
from tests.lab.far_pbx import far_pbx, settings

__all__ = ["far_pbx", "house", "settings"]

PACE = 30


@pytest.fixture(autouse=True)
async def by_hand(hub: Hub) -> None:
    """The rounds of the hub's own task would come between those of the tests."""
    await hub.ground.supervisor.drop("call-pacing")


async def progressive(house: House, **more: Any) -> str:
    """A running list with half a minute between calls."""
    return await house.running(**{"mode": "progressive", "pace_s": PACE, **more})


async def sits(who: SignedIn, listed: str, state: str | None = "ready", expect: int = 200) -> Any:
    """Sit down there, pause, or (None) still be there."""
    if state == "ready":
        await ok(who, "PUT", "/api/me/presence", {"state": "available"})
    return await ok(who, "PUT", f"/api/call-lists/{listed}/seat", {"state": state}, expect=expect)


async def over(house: House, who: SignedIn, listed: str) -> Any:
    """One round after the countdown; how the agent sits then."""
    with shifted(timedelta(seconds=PACE + 1)):
        await house.hub.outbound.pacing.sweep()
        return await sits(who, listed, None)


async def test_a_free_agent_is_given_the_next_and_it_is_dialled_after_the_pause(
    house: House, far_pbx: AmiFarSide
) -> None:
    """Countdown, call, result, the next: nobody clicks to dial, and nothing is dialled before its time."""
    listed = await progressive(house)
    assert (await ok(house.sue, "GET", f"/api/call-lists/{listed}"))["mode"] == "progressive"
    await sits(house.ann, listed)
    await house.hub.outbound.pacing.sweep()
    seat = await sits(house.ann, listed, None)
    assert seat["entry"]["number"] == NUMBERS[0]
    assert 0 < seat["dials_in_s"] <= PACE
    await house.hub.outbound.pacing.sweep()
    assert far_pbx.dialled == []
    seat = await over(house, house.ann, listed)
    assert (seat["entry"]["state"], seat["dials_in_s"], far_pbx.dialled) == ("calling", None, NUMBERS[:1])
    with shifted(timedelta(seconds=40)):
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["why"] == "calling"
        await house.call_ended(seat["entry"]["attempts"][0]["linkedid"], "answered")
    with shifted(timedelta(seconds=42)):
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["why"] == "result"
        await house.result(house.ann, seat["entry"], "order")
    with shifted(timedelta(seconds=44)):
        await house.hub.outbound.pacing.sweep()
        seat = await sits(house.ann, listed, None)
    assert (seat["entry"]["number"], far_pbx.dialled) == (NUMBERS[1], NUMBERS[:1])


async def test_never_more_calls_than_free_agents_and_two_hubs_dial_once(house: House, far_pbx: AmiFarSide) -> None:
    """Several rounds at once, as two hubs would make them that both think the lease theirs."""
    listed = await progressive(house, numbers=NUMBERS)
    hub = house.hub
    other = Pacing(hub.units, hub.outbound.working, hub.telephony.calls, hub.identity.people)
    for who in (house.ann, house.bob):
        await sits(who, listed)
    for seconds in (0, PACE + 1, PACE + 3, 2 * PACE + 5):
        with shifted(timedelta(seconds=seconds)):
            await asyncio.gather(*(each.sweep() for each in (hub.outbound.pacing, other, hub.outbound.pacing, other)))
            assert await hub.db["call_entries"].count_documents({"state": {"$in": ["taken", "calling"]}}) == 2
    assert sorted(far_pbx.dialled) == NUMBERS[:2]


async def test_a_hub_that_dies_before_the_call_neither_dials_twice_nor_loses_the_entry(
    house: House, far_pbx: AmiFarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt stands with its linkedid; the entry goes back only when there is surely no such call."""
    listed = await progressive(house, numbers=NUMBERS[:1])
    hub = house.hub
    await sits(house.ann, listed)
    await hub.outbound.pacing.sweep()
    reached = asyncio.Event()

    async def stuck(*_: Any, **__: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()

    with shifted(timedelta(seconds=PACE + 1)):
        with monkeypatch.context() as patch:
            patch.setattr(hub.telephony.calls, "dial", stuck)
            round_ = asyncio.ensure_future(hub.outbound.pacing.sweep())
            async with asyncio.timeout(60):
                await reached.wait()
            round_.cancel()
            await asyncio.gather(round_, return_exceptions=True)
        entry = await hub.db["call_entries"].find_one({"list": listed})
        assert entry is not None
        assert (entry["state"], entry["attempts"][0]["linkedid"]) == ("calling", entry["linkedid"])
        assert entry["linkedid"].startswith("mainstem-")
        await sits(house.bob, listed)
        await hub.outbound.pacing.sweep()
        await hub.outbound.entry_fates.sweep()
        assert far_pbx.dialled == []
    with shifted(timedelta(seconds=PACE + 125)):
        await hub.outbound.entry_fates.sweep()
        await sits(house.bob, listed, "paused")
        await sits(house.ann, listed, "paused")
        await sits(house.ann, listed)
        await hub.outbound.pacing.sweep()
    with shifted(timedelta(seconds=2 * PACE + 130)):
        await hub.outbound.pacing.sweep()
    assert far_pbx.dialled == NUMBERS[:1]


async def test_pause_skip_and_leave_stop_the_countdown(house: House, far_pbx: AmiFarSide) -> None:
    """Skipped: not before a quarter of an hour; paused or left: the next agent has it."""
    listed = await progressive(house, numbers=NUMBERS[:2])
    await sits(house.ann, listed)
    await house.hub.outbound.pacing.sweep()
    first = (await sits(house.ann, listed, None))["entry"]
    path = f"/api/call-lists/{listed}/entries/{first['id']}/skip"
    await ok(house.bob, "POST", path, expect=409)
    assert (await ok(house.ann, "POST", path))["entry"] is None
    await ok(house.ann, "POST", path, expect=409)
    await house.hub.outbound.pacing.sweep()
    second = (await sits(house.ann, listed, None))["entry"]
    assert second["number"] == NUMBERS[1]
    assert (await sits(house.ann, listed, "paused"))["state"] == "paused"
    seat = await over(house, house.ann, listed)
    assert (seat["state"], seat["entry"], far_pbx.dialled) == ("paused", None, [])
    await sits(house.bob, listed)
    await house.hub.outbound.pacing.sweep()
    assert (await sits(house.bob, listed, None))["entry"]["id"] == second["id"]
    await ok(house.bob, "DELETE", f"/api/call-lists/{listed}/seat", expect=204)
    seat = await over(house, house.bob, listed)
    assert (seat["state"], far_pbx.dialled) == ("away", [])
    assert (await house.entry(second))["state"] == "waiting"


async def test_the_rules_of_the_list_hold_at_the_moment_of_dialling(house: House, far_pbx: AmiFarSide) -> None:
    """S2.9.9-11: barred, out of hours, paused since the countdown began: not dialled."""
    listed = await progressive(house, numbers=NUMBERS[:2])
    path = f"/api/call-lists/{listed}"
    await sits(house.ann, listed)
    await house.hub.outbound.pacing.sweep()
    await ok(house.sue, "PATCH", path, {"state": "paused"})
    assert (await over(house, house.ann, listed))["dials_in_s"] is None
    closed = {"zone": "UTC", "days": [(now().isoweekday() + 2) % 7 + 1], "from": "09:00", "until": "18:00"}
    await ok(house.sue, "PATCH", path, {"state": "running", "hours": closed})
    with shifted(timedelta(seconds=40)):
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["why"] == "outside_hours"
    await ok(house.sue, "PATCH", path, {"hours": None})
    with shifted(timedelta(seconds=50)):
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["entry"]["number"] == NUMBERS[0]
        await ok(house.sue, "POST", "/api/do-not-call", {"number": NUMBERS[0]}, expect=201)
    with shifted(timedelta(seconds=85)):
        await house.hub.outbound.pacing.sweep()
    assert far_pbx.dialled == []
    shown = await ok(house.sue, "GET", path)
    assert shown["results"] == {"do_not_call": 1}


async def test_who_is_not_free_is_given_nothing(house: House, far_pbx: AmiFarSide) -> None:
    """On a break, in after-call work, in another call, gone: no entry; and one whose countdown ran goes back."""
    listed = await progressive(house)
    await sits(house.ann, listed)
    user = house.ann.user
    seconds = 0
    for state, why in (("break", "not_available"), ("wrap_up", "wrap_up")):
        await ok(house.ann, "PUT", "/api/me/presence", {"state": state})
        seconds += 2
        with shifted(timedelta(seconds=seconds)):
            await house.hub.outbound.pacing.sweep()
            seat = await sits(house.ann, listed, None)
        assert (seat["entry"], seat["why"]) == (None, why)
    await ok(house.ann, "PUT", "/api/me/presence", {"state": "available"})
    with shifted(timedelta(seconds=6)):
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["entry"] is not None
    inside = {"user": user, "ended_at": None}
    call = {"_id": "pbx|1", "live": True, "linkedids": ["1"], "merged_into": None, "part": {"agents": [inside]}}
    await house.hub.db["calls"].insert_one(call)
    with shifted(timedelta(seconds=6 + PACE + 1)):
        for _ in range(2):
            await house.hub.outbound.pacing.sweep()
        seat = await sits(house.ann, listed, None)
    assert (seat["entry"], seat["why"], far_pbx.dialled) == (None, "in_call", [])
    await house.hub.db["calls"].delete_one({"_id": "pbx|1"})
    with shifted(timedelta(minutes=5)):
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["state"] == "away"
    assert far_pbx.dialled == []


async def test_a_phone_that_does_not_answer_or_a_pbx_that_refuses_pauses_the_agent(
    house: House, far_pbx: AmiFarSide
) -> None:
    """Nobody's phone is rung again and again; the entry is the next agent's."""
    listed = await progressive(house, numbers=NUMBERS[:1])
    await sits(house.ann, listed)
    await house.hub.outbound.pacing.sweep()
    seat = await over(house, house.ann, listed)
    linkedid = seat["entry"]["attempts"][0]["linkedid"]
    event = {"linkedids": [linkedid], "part": {"direction": "internal", "outcome": "no_answer"}}
    await house.hub.outbound.entry_fates.handle([{"name": "call.ended", "data": {"call": event}}])
    with shifted(timedelta(seconds=40)):
        await house.hub.outbound.pacing.sweep()
        seat = await sits(house.ann, listed, None)
    assert (seat["state"], seat["reason"], len(far_pbx.dialled)) == ("paused", "phone", 1)
    far_pbx.refuses = True
    await sits(house.ann, listed)
    await house.hub.outbound.pacing.sweep()
    seat = await over(house, house.ann, listed)
    assert (seat["state"], seat["reason"], len(far_pbx.dialled)) == ("paused", "refused", 1)
    entry = await house.hub.db["call_entries"].find_one({"list": listed})
    assert entry is not None
    assert entry["attempts"] == []


async def test_others_and_preview_lists_have_no_seats(house: House) -> None:
    """Rights as for the list; the agents dial a preview list themselves."""
    listed = await progressive(house)
    await sits(house.eve, listed, "paused", 404)
    own = await house.running(queue=None, agents=[house.eve.user], mode="progressive")
    await sits(house.sue, own, "paused")
    await sits(house.ann, await house.running(), "paused", 409)
    answer = await ok(house.sue, "POST", "/api/call-lists", {"name": "x", "queue": "support", "pace_s": 0}, expect=422)
    assert [each["path"] for each in answer["errors"]] == ["pace_s"]


@pytest.mark.parametrize("word", ["order", None], ids=["the agent says what came of it", "the agent says nothing"])
async def test_where_the_pbx_lost_a_call_the_agent_is_asked(
    house: House, far_pbx: AmiFarSide, word: str | None
) -> None:
    """Dialled again only after that, by the rule for numbers that do not answer."""
    listed = await progressive(house, numbers=NUMBERS[:1])
    await sits(house.ann, listed)
    await house.hub.outbound.pacing.sweep()
    entry = (await over(house, house.ann, listed))["entry"]
    far_pbx.noted["mainstem-dialled/1001"] = f"{entry['attempts'][0]['linkedid']}:begun"
    with shifted(timedelta(seconds=PACE + 40)):
        await house.hub.outbound.entry_fates.sweep()
        await house.hub.outbound.pacing.sweep()
        assert (await sits(house.ann, listed, None))["why"] == "result"
        if word:
            await house.result(house.ann, entry, word)
    with shifted(timedelta(seconds=PACE + 700)):
        await house.hub.outbound.entry_fates.sweep()
    entry = await house.entry(entry)
    assert (entry["state"], entry["result"], len(entry["attempts"])) == (
        ("done", word, 1) if word else ("waiting", None, 1)
    )
    assert far_pbx.dialled == NUMBERS[:1]
