"""`/api/wallboard` and what is pushed: the same state by both ways, not too often, and only to whom it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from crm_core.ground.clock import now
from hub.desk.floor.board import apply
from hub.desk.floor.fact_reader import FactReader
from hub.main import Hub
from hub.store.client import Doc
from tests.conftest import SignIn
from tests.hub.console_lab import Hearing
from tests.hub.floor.samples import NOON, call, handler, visit
from tests.hub.test_console_hub import Listen


async def until(what: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until something is true; returns it."""
    async with asyncio.timeout(30):
        while not (found := await what()):
            await asyncio.sleep(0.05)
    return found


def to_now(doc: Doc) -> Doc:
    """The same call, begun a moment ago."""
    shift = now().replace(microsecond=0) - NOON - timedelta(seconds=10)

    def moved(value: Any) -> Any:
        if isinstance(value, datetime):
            return value + shift
        if isinstance(value, dict):
            return {key: moved(each) for key, each in value.items()}
        return [moved(each) for each in value] if isinstance(value, list) else value

    result: Doc = moved(doc)
    return result


class Screen:
    """What a console shows: one read, and then each diff in turn."""

    def __init__(self, first: Any) -> None:
        self.queues = {queue["queue"]: queue for queue in first["queues"]}

    def take(self, hearing: Hearing) -> None:
        """Apply what was heard; a revision left out would be a fault here."""
        for frame in hearing.of("queue.changed"):
            change = frame["data"]
            if not change.get("board") or change.get("gone"):
                continue
            known = self.queues.get(change["queue"], {"revision": 0})
            if change["revision"] > known["revision"]:
                assert change["before"] == known["revision"]
                self.queues[change["queue"]] = {**apply(known, change), "revision": change["revision"]}


async def test_diffs_and_a_fresh_read_agree_and_come_at_most_four_times_a_second(
    hub: Hub, signed_in: SignIn, listen: Listen
) -> None:
    """S2.9.9-08: a burst of changes of calls and of presence."""
    sue = await signed_in("sue", roles=["SU"])
    ann = await signed_in("ann", queues=["support"])
    await until(lambda: hub.db["boards"].find_one({"_id": "support", f"state.agents.{ann.user}": {"$exists": True}}))
    console = await listen(sue)
    _, first = await sue.call("GET", "/api/wallboard")
    screen = Screen(first)
    began = asyncio.get_running_loop().time()
    for number in range(12):
        doc = to_now(call(number, [visit("support", 0, None)], [], live=True))
        await hub.db["calls"].insert_one(doc)
        await ann.call("PUT", "/api/me/presence", {"state": ("break", "available")[number % 2], "reason": str(number)})
        if number > 5:
            await hub.db["calls"].delete_one({"_id": f"pbx|{number - 6}"})
        hub.floor.wallboard.wake()
        await asyncio.sleep(0.05)

    async def shows_all() -> bool:
        _, fresh = await sue.call("GET", "/api/wallboard")
        support = next(queue for queue in fresh["queues"] if queue["queue"] == "support")
        return len(support["calls"]) == 6 and support["agents"][ann.user]["reason"] == "11"

    await until(shows_all)
    took = asyncio.get_running_loop().time() - began
    _, fresh = await sue.call("GET", "/api/wallboard")
    fresh_queues = {queue["queue"]: queue for queue in fresh["queues"]}
    await console.until(lambda: _revision(console) >= fresh_queues["support"]["revision"])
    screen.take(console)
    assert screen.queues == fresh_queues
    assert fresh["all"]["waiting"] == 6
    told = {frame["data"]["revision"] for frame in console.of("queue.changed") if frame["data"].get("board")}
    assert 1 <= len(told) <= 4 * took + 1


def _revision(console: Hearing) -> int:
    board = [f["data"] for f in console.of("queue.changed") if f["data"].get("board")]
    return max((each["revision"] for each in board if each["queue"] == "support"), default=0)


async def test_people_see_and_hear_their_own_queues_and_supervisors_all(
    hub: Hub, signed_in: SignIn, listen: Listen
) -> None:
    """A call in support is nothing to somebody of general."""
    ann, bob = await signed_in("ann", queues=["support"]), await signed_in("bob", queues=["general"])
    sue = await signed_in("sue", roles=["SU"])
    await until(lambda: hub.db["boards"].find_one({f"state.agents.{bob.user}": {"$exists": True}}))
    near, far = await listen(ann), await listen(bob)
    await hub.db["calls"].insert_one(to_now(call(1, [visit("support", 0, None)], [], live=True)))
    hub.floor.wallboard.wake()
    await near.until(lambda: any(f["data"].get("calls") for f in near.of("queue.changed")))
    assert not any(f["data"].get("calls") for f in far.of("queue.changed"))
    for person, expected in ((ann, ["support"]), (bob, ["general"]), (sue, ["general", "support"])):
        _, board = await person.call("GET", "/api/wallboard")
        assert [queue["queue"] for queue in board["queues"]] == expected


async def test_figures_of_today_appear_and_yesterday_does_not_count(hub: Hub, signed_in: SignIn) -> None:
    """The facts are made by the reader; the board sees them without anybody telling it."""
    sue = await signed_in("sue", roles=["SU"])
    today = to_now(call(1, [visit("support", 0, 4)], [handler("ann", "support", 1, 4, 9)]))
    await hub.db["calls"].insert_many([today, call(2, [visit("support", 0, 30, gave_up=True)], [])])
    await FactReader(hub.db).rebuild()

    async def counted() -> Any:
        _, board = await sue.call("GET", "/api/wallboard")
        found = next((queue for queue in board["queues"] if queue["queue"] == "support"), None)
        return board if found and found["today"]["offered"] else None

    board = await until(counted)
    figures = board["all"]["today"]
    assert (figures["offered"], figures["answered"], figures["service_level"], figures["aht_s"]) == (1, 1, 1.0, 5.0)
    support = next(queue for queue in board["queues"] if queue["queue"] == "support")
    assert [hour["offered"] for hour in support["hours"]] == [1]


async def test_a_queue_that_is_removed_leaves_the_board(hub: Hub, signed_in: SignIn, listen: Listen) -> None:
    boss = await signed_in("boss", roles=["admin"])
    assert (await boss.call("POST", "/api/queues", {"id": "vip", "name": "VIP"}))[0] == 201
    await until(lambda: hub.db["boards"].find_one({"_id": "vip"}))
    console = await listen(boss)
    await hub.db["queues"].delete_one({"_id": "vip"})
    hub.floor.wallboard.wake()
    await console.until(lambda: any(f["data"].get("gone") for f in console.of("queue.changed")))
    assert await hub.db["boards"].find_one({"_id": "vip"}) is None


async def test_only_an_administrator_sets_what_a_queue_aims_at(hub: Hub, signed_in: SignIn) -> None:
    """It shows on the board, and nonsense is refused with its field."""
    ann, boss = await signed_in("ann", queues=["support"]), await signed_in("boss", roles=["admin"])
    aim = {"answer_s": 30, "percent": 90, "short_s": 3}
    assert (await ann.call("PUT", "/api/queues/support/service-level", aim))[0] == 403
    status, problem = await boss.call("PUT", "/api/queues/support/service-level", aim | {"percent": 0})
    assert (status, "percent" in str(problem["errors"])) == (422, True)
    assert await boss.call("PUT", "/api/queues/support/service-level", aim) == (200, aim)
    assert await ann.call("GET", "/api/queues/support/service-level") == (200, aim)
    assert (await boss.call("PUT", "/api/queues/none/service-level", aim))[0] == 404
    await until(lambda: hub.db["boards"].find_one({"_id": "support", "state.target": aim}))
    assert await hub.db["audit"].find_one({"what": "queue.aimed", "actor": boss.user}) is not None
    status, _ = await boss.call("PATCH", "/api/queues/support", {"name": "Help"})
    assert status == 200
    assert await ann.call("GET", "/api/queues/support/service-level") == (200, aim)


async def test_another_hub_that_takes_over_goes_on_with_the_revisions(hub: Hub) -> None:
    """Two hubs that both believe to keep the board: each revision is told once."""
    await until(lambda: hub.db["boards"].find_one({"_id": "support"}))
    await asyncio.gather(*(hub.floor.wallboard.look() for _ in range(4)))
    before = await hub.db["boards"].find_one({"_id": "support"})
    assert before is not None
    await hub.db["calls"].insert_one(to_now(call(1, [visit("support", 0, None)], [], live=True)))
    told = await asyncio.gather(*(hub.floor.wallboard.look() for _ in range(4)))
    after = await hub.db["boards"].find_one({"_id": "support"})
    assert after is not None
    assert after["revision"] == before["revision"] + 1
    assert sum(told) <= 1
