"""Callbacks: planned, seen by whom they concern, announced once when due, ended once; lost callers without a second one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from crm_core.ground.clock import now, shifted
from hub.desk.callbacks import Callbacks
from hub.desk.lost_callers import LostCallers
from hub.main import Hub
from hub.store.client import Doc
from tests.conftest import SignedIn, SignIn

NUMBER = "+8613900139000"


async def plan(who: SignedIn, status: int = 201, **more: Any) -> Any:
    """Plan a callback in an hour."""
    body = {"number": "139-0013-9000", "at": (now() + timedelta(hours=1)).isoformat(), **more}
    got, answer = await who.call("POST", "/api/callbacks", {k: v for k, v in body.items() if v is not None})
    assert got == status, answer
    return answer


async def listed(who: SignedIn, query: str = "") -> list[str]:
    """The ids that somebody is shown."""
    _, page = await who.call("GET", f"/api/callbacks{query}")
    return [each["id"] for each in page["items"]]


async def notices(hub: Hub) -> list[Doc]:
    """The callbacks that were announced, by person."""
    return await hub.db["events"].find({"name": "notice.raised", "data.kind": "callback"}).sort("_id", 1).to_list()


def sweeper(hub: Hub) -> Callbacks:
    """The hub's own, asked by hand."""
    return hub.telephony.callbacks


async def test_a_callback_is_seen_by_whom_it_concerns(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.9: whoever does it, asked for it, its queue, and supervisors; others do not know of it."""
    ann, bob = await signed_in("ann", roles=["SP"], queues=["support"]), await signed_in("bob", roles=["SP"])
    sue, eve = await signed_in("sue", roles=["SU"]), await signed_in("eve", roles=["SP"])
    mine = await plan(ann, note="price list")
    assert (mine["number"], mine["assignee"]["id"], mine["due"], mine["state"]) == (NUMBER, ann.user, False, "open")
    given = await plan(ann, assignee=bob.user)
    queued = await plan(bob, queue="support", at=(now() + timedelta(minutes=1)).isoformat())
    assert queued["assignee"] is None
    assert await listed(ann) == [queued["id"], mine["id"], given["id"]]
    assert await listed(ann, "?mine=true") == [mine["id"]]
    assert await listed(ann, "?queue=support") == [queued["id"]]
    assert await listed(bob) == [queued["id"], given["id"]]
    assert await listed(eve) == []
    assert await listed(sue) == [queued["id"], mine["id"], given["id"]]
    assert await listed(sue, "?limit=2") == [queued["id"], mine["id"]]
    assert await listed(sue, f"?limit=2&after={mine['id']}") == [given["id"]]
    status, _ = await eve.call("POST", f"/api/callbacks/{mine['id']}/done")
    assert status == 404
    told = await hub.db["events"].find({"name": "callback.changed"}).sort("_id", 1).to_list()
    assert sorted(told[1]["rooms"]) == sorted(["supervisors", f"user:{ann.user}", f"user:{bob.user}"])
    assert sorted(told[2]["rooms"]) == sorted(["supervisors", f"user:{bob.user}", "queue:support"])


async def test_nonsense_is_refused_by_its_field(signed_in: SignIn) -> None:
    ann = await signed_in("ann", roles=["SP"])
    for field, more in (
        ("number", {"number": "abc"}), ("queue", {"queue": "nowhere"}), ("assignee", {"assignee": "nobody"}),
    ):  # fmt: skip
        answer = await plan(ann, 422, **more)
        assert [each["path"] for each in answer["errors"]] == [field]
    await plan(ann, 422, number=None)
    await plan(ann, 404, number=None, conversation="nowhere")


async def test_a_callback_is_ended_once(hub: Hub, signed_in: SignIn) -> None:
    """Done twice is done; done is not cancelled afterwards; who did it is in the log."""
    ann = await signed_in("ann", roles=["SP"])
    one, other = await plan(ann), await plan(ann)
    for _ in range(2):
        status, answer = await ann.call("POST", f"/api/callbacks/{one['id']}/done")
        assert (status, answer["state"], answer["closed_because"]) == (200, "done", "by-hand")
    status, _ = await ann.call("POST", f"/api/callbacks/{one['id']}/cancel")
    assert status == 409
    status, answer = await ann.call("POST", f"/api/callbacks/{other['id']}/cancel")
    assert (status, answer["state"]) == (200, "cancelled")
    status, _ = await ann.call("POST", f"/api/callbacks/{other['id']}/call", {})
    assert status == 409
    assert await listed(ann) == []
    assert await listed(ann, "?state=cancelled") == [other["id"]]
    whats = [e["what"] async for e in hub.db["audit"].find({"what": {"$regex": "^callback"}}).sort("_id", 1)]
    assert whats == ["callback.planned", "callback.planned", "callback.done", "callback.cancelled"]


async def test_what_is_due_is_announced_once_to_whom_it_concerns(hub: Hub, signed_in: SignIn) -> None:
    """The one who does it; of a queue its members; hubs that sweep at once tell once; what is ended is not told."""
    ann, bob = await signed_in("ann", roles=["SP"], queues=["support"]), await signed_in("bob", roles=["SP"])
    await plan(bob, note="price list")
    await plan(bob, queue="support")
    ended = await plan(bob)
    await bob.call("POST", f"/api/callbacks/{ended['id']}/cancel")
    assert await notices(hub) == []
    with shifted(timedelta(hours=2)):
        await asyncio.gather(sweeper(hub).sweep(), sweeper(hub).sweep(), sweeper(hub).sweep())
        assert sorted(each["data"]["user"] for each in await notices(hub)) == sorted([ann.user, bob.user])
        assert (
            "price list"
            in next(each for each in await notices(hub) if each["data"]["user"] == bob.user)["data"]["text"]
        )
        _, page = await bob.call("GET", "/api/callbacks")
        assert [each["due"] for each in page["items"]] == [True, True]

        async def told() -> bool:
            _, page = await bob.call("GET", "/api/notices")
            return any(each["cause"] == "callback" for each in page["items"])

        async with asyncio.timeout(30):
            while not await told():
                await asyncio.sleep(0.05)


async def lost_call(hub: Hub, number: int, outcome: str = "abandoned", *, caller: str = NUMBER, **more: Any) -> Doc:
    """A call of a queue as the stream tells of it, with its document."""
    part = {"direction": "inbound", "outcome": outcome, "queue": "support", "queues": [{"queue": "support"}]}
    call = {
        "id": f"m{number}", "call": f"{number}.1", "account": "pbx", "conversation": None, "linkedids": [f"{number}.1"],
        "part": part | more,
    }  # fmt: skip
    party = {"key": f"phone:{caller}", "name": "Ada"}
    doc = {"_id": f"pbx|{number}.1", "party": party, "merged_into": None, "live": False}
    await hub.db["calls"].replace_one({"_id": doc["_id"]}, doc, upsert=True)
    return call


def told(seq: int, call: Doc) -> Doc:
    """The event that says what became of a call."""
    name = "call.answered" if call["part"]["outcome"] == "answered" else "call.ended"
    return {"_id": seq, "name": name, "data": {"call": call}}


async def callbacks(hub: Hub) -> list[Doc]:
    """All there are, by the calls that they are of."""
    return await hub.db["callbacks"].find({}).sort("calls", 1).to_list()


async def test_a_lost_caller_has_one_open_callback_however_often_it_is_seen(hub: Hub) -> None:
    """Seen again after a crash, also after the callback was ended: no second one; another call of the number is added."""
    lost = LostCallers(hub.units)
    first, second = told(1, await lost_call(hub, 1)), told(2, await lost_call(hub, 2, "no_answer"))
    await asyncio.gather(*(lost.follow([event]) for event in (first, first, second)))
    await lost.follow([first])
    [doc] = await callbacks(hub)
    assert (sorted(doc["calls"]), sorted(doc["messages"])) == (["pbx|1.1", "pbx|2.1"], ["m1", "m2"])
    assert (doc["number"], doc["queue"], doc["kind"]) == (NUMBER, "support", "lost")
    await lost.follow([told(3, await lost_call(hub, 3, "answered"))])
    await lost.follow([first, second])
    [doc] = await callbacks(hub)
    assert (doc["state"], doc["closed_because"], "open_lost" in doc) == ("done", "reached", False)
    await lost.follow([told(4, await lost_call(hub, 4))])
    assert await hub.db["callbacks"].count_documents({"state": "open"}) == 1


async def test_a_lost_call_that_names_no_queue_any_more_keeps_no_other_from_the_list(hub: Hub) -> None:
    """It was in one, and left it; in one batch with a call that names one."""
    batch = [
        told(1, await lost_call(hub, 1, caller="+8613900139010", queue=None)),
        told(2, await lost_call(hub, 2, caller="+8613900139011")),
    ]
    await LostCallers(hub.units).follow(batch)
    assert [(doc["number"], doc["queue"]) for doc in await callbacks(hub)] == [
        ("+8613900139010", None), ("+8613900139011", "support"),
    ]  # fmt: skip


async def test_who_is_lost_after_being_reached_stays_on_the_list(hub: Hub) -> None:
    """In one batch, and where the batch is seen again after a crash: the order of the events decides."""
    lost = LostCallers(hub.units)
    batch = [
        told(1, await lost_call(hub, 1)),
        told(2, await lost_call(hub, 2, "answered")),
        told(3, await lost_call(hub, 3)),
    ]
    for _ in range(2):
        await lost.follow(batch)
        assert [(doc["state"], doc["calls"]) for doc in await callbacks(hub)] == [
            ("done", ["pbx|1.1"]), ("open", ["pbx|3.1"]),
        ]  # fmt: skip
    await lost.follow(batch[:2])
    assert [doc["state"] for doc in await callbacks(hub)] == ["done", "open"]


async def test_a_batch_of_lost_callers_takes_the_turn_once(hub: Hub) -> None:
    """However many they are: all are told in one unit of work, and once."""
    batch = [told(n, await lost_call(hub, n, caller=f"+86139001390{n}")) for n in range(10, 40)]
    for _ in range(2):
        await LostCallers(hub.units).follow(batch)
    changed = await hub.db["events"].find({"name": "callback.changed"}).to_list()
    assert (len(changed), len({each["unit"] for each in changed})) == (30, 1)
    assert await hub.db["callbacks"].count_documents({"state": "open"}) == 30


async def test_lost_callers_and_planned_callbacks_are_listed_apart(hub: Hub, signed_in: SignIn) -> None:
    """Where a kind is named, the others are not shown; a kind that does not exist is refused."""
    sue = await signed_in("sue", roles=["SU"])
    planned = await plan(sue)
    await LostCallers(hub.units).follow([told(1, await lost_call(hub, 1))])
    assert await listed(sue, "?kind=planned") == [planned["id"]]
    [lost] = await listed(sue, "?kind=lost")
    assert sorted(await listed(sue)) == sorted([planned["id"], lost])
    status, _ = await sue.call("GET", "/api/callbacks?kind=other")
    assert status == 422


async def test_not_every_call_is_a_lost_caller(hub: Hub) -> None:
    """Answered, refused, outgoing, or without a queue: nobody waits to be called back."""
    lost = LostCallers(hub.units)
    calls = [
        await lost_call(hub, 1, "answered"),
        await lost_call(hub, 2, "rejected"),
        await lost_call(hub, 3, direction="outbound"),
        await lost_call(hub, 4, queues=[]),
    ]
    await lost.follow([told(seq, call) for seq, call in enumerate(calls, 1)])
    assert await hub.db["callbacks"].count_documents({}) == 0
