"""Call lists: made, filled, handed out under leases, dialled, moved on. (S2.9.9-06, -10, -11)"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from crm_core.access.actor import system
from crm_core.ground.clock import now, shifted
from crm_core.ground.errors import Invalid
from tests.hub.call_list_house import NUMBERS, House, house, in_, ok
from tests.lab.ami_far_side import AmiFarSide
from tests.lab.far_pbx import far_pbx, settings

__all__ = ["far_pbx", "house", "settings"]


async def test_supervisors_make_lists_and_members_of_the_queue_work_them(house: House) -> None:
    """S2.9.9-06: rights: drafts are the supervisors'; others than the queue's people know of no list."""
    for who in (house.ann, house.eve):
        await ok(who, "POST", "/api/call-lists", {"name": "x", "queue": "support"}, expect=403)
        await ok(who, "POST", "/api/do-not-call", {"number": NUMBERS[0]}, expect=403)
        await ok(who, "GET", "/api/do-not-call", expect=403)
    listed = await house.made()
    await ok(house.ann, "GET", f"/api/call-lists/{listed}", expect=404)
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"state": "running"})
    await house.fill(listed)
    await ok(house.ann, "PATCH", f"/api/call-lists/{listed}", {"state": "paused"}, expect=403)
    assert [each["id"] for each in (await ok(house.ann, "GET", "/api/call-lists"))["items"]] == [listed]
    assert (await ok(house.eve, "GET", "/api/call-lists"))["items"] == []
    for path in ("next", "entries"):
        await ok(house.eve, "POST" if path == "next" else "GET", f"/api/call-lists/{listed}/{path}", expect=404)
    entry = await house.next(house.ann, listed)
    await house.dial(house.eve, entry, 404)
    await house.dial(house.bob, entry, 409)
    await house.result(house.bob, entry, "resolved", 409)
    own = await house.running(queue=None, agents=[house.eve.user])
    assert (await house.next(house.eve, own))["number"] == NUMBERS[0]
    await ok(house.ann, "POST", f"/api/call-lists/{own}/next", expect=404)
    whats = [e["what"] async for e in house.hub.db["audit"].find({"what": {"$regex": "^call-list"}}).sort("_id", 1)]
    assert whats == [
        "call-list.made", "call-list.changed", "call-list.taken", "call-list.made", "call-list.changed", "call-list.taken",
    ]  # fmt: skip


async def test_nonsense_is_refused_by_its_field(house: House) -> None:
    """Each with the field that is wrong."""
    hours = {"zone": "Asia/Shanghai", "days": [1], "from": "09:00", "until": "18:00"}
    for field, more in (
        ("numbers.1", {"numbers": [NUMBERS[0], "abc"]}), ("queue", {"queue": "nowhere"}), ("queue", {"queue": None}),
        ("agents.0", {"agents": ["nobody"]}), ("account", {"account": "nowhere"}),
        ("retries", {"retries": {"nonsense": {"after_min": 1, "most": 2}}}), ("hours.zone", {"hours": hours | {"zone": "Mars"}}),
        ("hours", {"hours": hours | {"until": "08:00"}}), ("hours.from", {"hours": hours | {"from": "9"}}),
    ):  # fmt: skip
        body = {"name": "x", "queue": "support", **more}
        answer = await ok(house.sue, "POST", "/api/call-lists", body, expect=422)
        assert [each["path"] for each in answer["errors"]] == [field]
    empty = await house.made(numbers=[])
    answer = await ok(house.sue, "PATCH", f"/api/call-lists/{empty}", {"state": "running"}, expect=422)
    assert [each["path"] for each in answer["errors"]] == ["segments"]
    await ok(house.sue, "PATCH", f"/api/call-lists/{empty}", {"state": "paused"}, expect=409)
    listed = await house.running()
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"numbers": []}, expect=409)
    entry = await house.next(house.ann, listed)
    answer = await house.result(house.ann, entry, "nonsense", 422)
    assert [each["path"] for each in answer["errors"]] == ["outcome"]
    answer = await house.result(house.ann, entry, "call-back", 422, again_at=in_(minutes=-1))
    assert [each["path"] for each in answer["errors"]] == ["again_at"]
    answer = await ok(house.sue, "POST", "/api/do-not-call", {"number": "abc"}, expect=422)
    assert [each["path"] for each in answer["errors"]] == ["number"]


async def test_a_list_has_each_number_and_each_contact_once(house: House) -> None:
    """S2.9.9-11: segments with the starter's eyes, numbers in any spelling; who is left out is counted by reason; filling
    again, also by two workers at once, changes nothing."""
    hub = house.hub
    for name, number, more in (
        ("Ada", NUMBERS[1], {}), ("Bea", "139 0013 9002", {}), ("Cem", NUMBERS[3], {"opt_out": ["call"]}),
        ("Dan", None, {}), ("Eli", NUMBERS[4], {}), ("Fay", NUMBERS[1], {}),
    ):  # fmt: skip
        phones = [{"kind": "mobile", "number": number}] if number else []
        fields = {"name": name, "owner": house.sue.user, "phones": phones, **more}
        await hub.records.create(system(), "contact", fields)
    await ok(house.sue, "POST", "/api/do-not-call", {"number": "0086 139-0013-9004", "reason": "asked"}, expect=201)
    contacts = [{"kind": "contacts", "filters": {}}] * 2
    listed = await house.made(numbers=["139-0013-9001", NUMBERS[1], NUMBERS[5]], segments=contacts)
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"state": "running"})
    await asyncio.gather(house.fill(listed), house.fill(listed))
    await hub.db["call_lists"].update_one({"_id": listed}, {"$set": {"filled": False}})
    await house.fill(listed)
    page = await ok(house.ann, "GET", f"/api/call-lists/{listed}/entries")
    assert [each["number"] for each in page["items"]] == [NUMBERS[1], NUMBERS[5], NUMBERS[2]]
    assert [each["name"] for each in page["items"]] == ["", "", "Bea"]
    assert page["items"][2]["record"].startswith("contact:")
    shown = await ok(house.sue, "GET", f"/api/call-lists/{listed}")
    assert shown["left_out"] == {"do_not_call": 1, "opted_out": 1, "no_number": 2, "duplicate": 7}
    assert (shown["filled"], shown["entries"]) == (True, {"waiting": 3})


async def test_a_filter_that_does_not_fit_gives_the_list_back(house: House) -> None:
    """To the drafts, with the reason; mended, it starts."""
    listed = await house.made(numbers=[], segments=[{"kind": "contacts", "filters": {"nonsense": "1"}}])
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"state": "running"})
    with pytest.raises(Invalid, match="filtered"):
        await house.fill(listed)
    shown = await ok(house.sue, "GET", f"/api/call-lists/{listed}")
    assert (shown["state"], "nonsense" in shown["reason"]) == ("draft", True)
    assert [each["code"] for each in shown["problem"]["errors"]] == ["filter-unknown"]
    change = {"segments": [], "numbers": NUMBERS[:1], "state": "running"}
    assert (await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", change))["problem"] is None
    await house.fill(listed)
    assert (await house.next(house.ann, listed))["number"] == NUMBERS[0]


async def test_no_entry_is_given_to_two_agents(house: House) -> None:
    """The property, over chance orders: whatever many consoles ask at once, no entry has two holders, and all are given."""
    chance = random.Random(7)
    listed = await house.running(numbers=NUMBERS)
    done: list[str] = []
    for _ in range(40):
        asking = [chance.choice([house.ann, house.bob, house.sue]) for _ in range(chance.randint(2, 6))]
        got = await asyncio.gather(*(house.next(who, listed) for who in asking))
        holders: dict[str, set[str]] = {}
        for who, entry in zip(asking, got, strict=True):
            if not isinstance(entry, str):
                assert entry["agent"]["id"] == who.user
                holders.setdefault(entry["id"], set()).add(who.user)
        assert all(len(whose) == 1 for whose in holders.values()), holders
        assert len({next(iter(whose)) for whose in holders.values()}) == len(holders), "somebody has two"
        for who, entry in zip(asking, got, strict=True):
            if not isinstance(entry, str) and entry["id"] not in done and chance.random() < 0.5:
                await house.result(who, entry, "resolved")
                done.append(entry["id"])
        if len(done) == len(NUMBERS):
            break
    while not isinstance(entry := await house.next(house.ann, listed), str):
        await house.result(house.ann, entry, "resolved")
        done.append(entry["id"])
    for who in (house.bob, house.sue):
        if not isinstance(entry := await house.next(who, listed), str):
            await house.result(who, entry, "resolved")
            done.append(entry["id"])
    assert len(done) == len(set(done)) == len(NUMBERS)
    shown = await ok(house.sue, "GET", f"/api/call-lists/{listed}")
    assert (shown["state"], shown["results"], shown["attempts"]) == ("done", {"resolved": 10}, 10)
    assert await house.next(house.ann, listed) == "all_done"


async def test_a_lease_that_runs_out_gives_the_entry_back(house: House) -> None:
    """Whoever asks next has it, and the former holder not any more; asking again keeps it."""
    listed = await house.running(numbers=NUMBERS[:1])
    entry = await house.next(house.ann, listed)
    assert await house.next(house.bob, listed) == "none_due"
    with shifted(timedelta(minutes=4)):
        assert (await house.next(house.ann, listed))["id"] == entry["id"]
    with shifted(timedelta(minutes=8)):
        assert await house.next(house.bob, listed) == "none_due"
    with shifted(timedelta(minutes=10)):
        assert (await house.next(house.bob, listed))["id"] == entry["id"]
        await house.dial(house.ann, entry, 409)
        await house.result(house.ann, entry, "resolved", 409)


async def test_no_number_on_the_do_not_call_list_is_dialled(house: House, far_pbx: AmiFarSide) -> None:
    """S2.9.9-11, over chance orders of barring and dialling: what is barred at the moment of dialling never reaches the PBX."""
    chance = random.Random(11)
    listed = await house.running(numbers=NUMBERS)
    never: set[str] = set()
    expected: list[str] = []
    while not isinstance(entry := await house.next(house.ann, listed), str):
        assert entry["number"] not in never
        if chance.random() < 0.5:
            number = chance.choice(NUMBERS)
            spelling = chance.choice([number, number.replace("+86", "0086 "), number.removeprefix("+86")])
            await ok(house.sue, "POST", "/api/do-not-call", {"number": spelling}, expect=201)
            never.add(number)
        if entry["number"] in never:
            assert (await house.dial(house.ann, entry, 409))["reason"] == "do_not_call"
        else:
            await house.dial(house.ann, entry)
            expected.append(entry["number"])
            await house.result(house.ann, entry, "resolved")
    assert far_pbx.dialled == expected
    assert never
    assert len(expected) < len(NUMBERS)
    shown = await ok(house.sue, "GET", f"/api/call-lists/{listed}")
    assert (shown["state"], shown["attempts"]) == ("done", len(expected))
    assert shown["results"] == {"resolved": len(expected), "do_not_call": len(NUMBERS) - len(expected)}


async def test_a_bar_ends_at_its_time_or_by_hand(house: House) -> None:
    """And whether a number is on the list can be asked in any spelling."""
    body = {"number": NUMBERS[0], "until": in_(hours=1)}
    barred = await ok(house.sue, "POST", "/api/do-not-call", body, expect=201)
    await ok(house.sue, "POST", "/api/do-not-call", {"number": NUMBERS[1]}, expect=201)
    found = await ok(house.sue, "GET", "/api/do-not-call?number=139-0013-9000")
    assert [each["id"] for each in found["items"]] == [barred["id"]]
    page = await ok(house.sue, "GET", "/api/do-not-call?limit=1")
    assert page["next"] == NUMBERS[0]
    await ok(house.sue, "DELETE", f"/api/do-not-call/{NUMBERS[1]}", expect=204)
    await ok(house.sue, "DELETE", f"/api/do-not-call/{NUMBERS[1]}", expect=404)
    with shifted(timedelta(hours=2)):
        assert (await ok(house.sue, "GET", "/api/do-not-call"))["items"] == []


async def test_whoever_opted_out_meanwhile_is_not_dialled(house: House, far_pbx: AmiFarSide) -> None:
    """S2.9.9-11: the record is read at the moment of dialling."""
    phones = [{"kind": "mobile", "number": NUMBERS[1]}]
    fields = {"name": "Ada", "owner": house.sue.user, "phones": phones}
    row = await house.hub.records.create(system(), "contact", fields)
    listed = await house.running(numbers=[], segments=[{"kind": "contacts"}])
    entry = await house.next(house.ann, listed)
    await house.hub.db["record_contact"].update_one({"_id": row["id"]}, {"$set": {"opt_out": ["call"]}})
    assert (await house.dial(house.ann, entry, 409))["reason"] == "opted_out"
    assert (await house.entry(entry))["result"] == "opted_out"
    assert far_pbx.dialled == []


async def test_two_clicks_dial_once(house: House, far_pbx: AmiFarSide) -> None:
    """And a PBX that refuses leaves no attempt behind."""
    listed = await house.running()
    entry = await house.next(house.ann, listed)
    path = f"/api/call-lists/{listed}/entries/{entry['id']}/dial"
    far_pbx.refuses = True
    status, _ = await house.ann.call("POST", path)
    assert status >= 400
    assert (await house.entry(entry))["attempts"] == []
    far_pbx.refuses = False
    answers = await asyncio.gather(*(house.ann.call("POST", path) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [202, 409, 409, 409]
    assert far_pbx.dialled == [entry["number"]]
    assert (await house.next(house.ann, listed))["state"] == "calling"


async def test_what_the_pbx_says_moves_an_entry_on_by_the_rule(house: House) -> None:
    """S2.9.9-06: busy: again after its minutes, at most so often; told twice is told once; the agent need say nothing."""
    listed = await house.running(numbers=NUMBERS[:1], retries={"busy": {"after_min": 10, "most": 2}})
    entry = await house.next(house.ann, listed)
    await house.call_ended((await house.dial(house.ann, entry))["linkedid"], "busy")
    after = await house.entry(entry)
    assert (after["state"], [each["outcome"] for each in after["attempts"]]) == ("waiting", ["busy"])
    answer = await ok(house.bob, "POST", f"/api/call-lists/{listed}/next")
    assert (answer["entry"], answer["why"], answer["at"]) == (None, "none_due", after["due_at"])
    with shifted(timedelta(minutes=11)):
        again = await house.next(house.bob, listed)
        assert again["id"] == entry["id"]
        await house.call_ended((await house.dial(house.bob, again))["linkedid"], "busy")
    after = await house.entry(entry)
    assert (after["state"], after["result"], len(after["attempts"])) == ("done", "busy", 2)
    shown = await ok(house.sue, "GET", f"/api/call-lists/{listed}")
    assert (shown["state"], shown["results"], shown["attempts"]) == ("done", {"busy": 1}, 2)


async def test_the_agents_word_has_the_last_say(house: House) -> None:
    """Not reached by the PBX, but a wrong number by the agent: done; call me tomorrow: then, whatever the rule says."""
    listed = await house.running()
    wrong, later, left = [await self_dialled(house, listed) for _ in range(3)]
    first = await house.result(house.ann, wrong, "wrong-number", note="no such person")
    said = await house.result(house.ann, wrong, "wrong-number", note="no such person")
    assert said == first
    assert (said["state"], said["result"], len(said["attempts"])) == ("done", "wrong-number", 1)
    assert (said["attempts"][0]["outcome"], said["attempts"][0]["note"]) == ("no_answer", "no such person")
    moment = in_(days=1)
    said = await house.result(house.ann, later, "call-back", again_at=moment)
    assert (said["state"], said["due_at"][:19]) == ("waiting", moment[:19])
    assert (await house.entry(left))["state"] == "waiting"
    audited = await house.hub.db["audit"].count_documents({"what": "call-list.result"})
    assert audited == 2


async def self_dialled(house: House, listed: str) -> dict[str, object]:
    """An entry that Ann dialled and nobody answered."""
    entry: dict[str, object] = await house.next(house.ann, listed)
    await house.call_ended((await house.dial(house.ann, entry))["linkedid"], "abandoned")
    return entry


async def test_a_result_that_nobody_says_is_not_awaited_for_ever(house: House) -> None:
    """Answered: the agent has ten minutes, and may still write afterwards what it was."""
    listed = await house.running(numbers=NUMBERS[:1])
    entry = await house.next(house.ann, listed)
    await house.call_ended((await house.dial(house.ann, entry))["linkedid"], "answered")
    await house.hub.outbound.entry_fates.sweep()
    assert (await house.entry(entry))["state"] == "talked"
    with shifted(timedelta(minutes=11)):
        await house.hub.outbound.entry_fates.sweep()
    assert (await house.entry(entry))["result"] == "answered"
    assert (await ok(house.sue, "GET", f"/api/call-lists/{listed}"))["state"] == "done"
    said = await house.result(house.ann, entry, "order", note="two boxes")
    assert (said["result"], said["attempts"][0]["code"]) == ("order", "order")


async def test_a_call_that_the_pbx_does_not_know_is_tried_again(house: House) -> None:
    """The hub died between dialling and noting it, or the agent's phone was never answered: the entry goes back."""
    listed = await house.running(numbers=NUMBERS[:1])
    entry = await house.next(house.ann, listed)
    await house.dial(house.ann, entry)
    await house.hub.db["call_entries"].update_one({"_id": entry["id"]}, {"$set": {"linkedid": None}})
    await house.hub.outbound.entry_fates.sweep()
    assert (await house.entry(entry))["state"] == "calling"
    with shifted(timedelta(minutes=3)):
        await house.hub.outbound.entry_fates.sweep()
        assert (await house.next(house.bob, listed))["id"] == entry["id"]


async def test_nobody_calls_outside_the_hours_or_while_the_list_is_paused(house: House, far_pbx: AmiFarSide) -> None:
    """By the clock of the list's own time zone, also at the moment of dialling."""
    today = now().isoweekday()
    closed = {"zone": "UTC", "days": [(today + 2) % 7 + 1], "from": "09:00", "until": "18:00"}
    listed = await house.running()
    entry = await house.next(house.ann, listed)
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"hours": closed})
    await house.dial(house.ann, entry, 409)
    answer = await ok(house.bob, "POST", f"/api/call-lists/{listed}/next")
    assert (answer["why"], answer["at"][11:16]) == ("outside_hours", "09:00")
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"hours": None, "state": "paused"})
    await house.dial(house.ann, entry, 409)
    assert await house.next(house.bob, listed) == "not_running"
    await ok(house.sue, "PATCH", f"/api/call-lists/{listed}", {"state": "running"})
    await house.dial(house.ann, entry)
    assert far_pbx.dialled == [entry["number"]]
