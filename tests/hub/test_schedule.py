"""What a person put off, and what was begun and answered by day: own things, right days, asked by an index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_core.ground.clock import now
from crm_core.ground.ids import first_id_at
from hub.desk.schedule import Schedule
from hub.desk.traffic import Traffic
from hub.store.client import Database
from tests.conftest import SignIn
from tests.hub.desk_house import ANN, BOB, SUE, stored

ZONE = ZoneInfo("Asia/Shanghai")


def message(number: int, conversation: str, author: str, at: datetime, **more: Any) -> dict[str, Any]:
    """A message of ours."""
    return {
        "_id": f"{first_id_at(at)[:-4]}{number:04}", "seq": number, "conversation": conversation, "channel": "email",
        "direction": "outbound", "author": {"kind": "user", "id": author, "name": author, "address": ""}, "at": at,
        "subject": "", "text": "On Friday.\nYours", "to": [], **more,
    }  # fmt: skip


def queued(message: str, at: datetime, **more: Any) -> dict[str, Any]:
    """It waits in the outbox."""
    return {"_id": message, "account": "a", "state": "queued", "attempts": 0, "next_at": at, **more}


async def test_a_persons_schedule_has_what_they_put_off_soonest_first(db: Database) -> None:
    """S2.1.1-11: snoozed conversations and planned messages, nobody else's, and nothing that only waits for a retry."""
    soon, later = now() + timedelta(hours=1), now() + timedelta(days=2)
    mine = {"assignee": {"id": "ann", "name": "Ann"}, "state": "snoozed", "subject": "Pump"}
    await db["conversations"].insert_many([
        stored("a", 1, snoozed_until=later, **mine),
        stored("b", 2, snoozed_until=soon, **{**mine, "assignee": {"id": "bob", "name": "Bob"}}),
        stored("c", 3, **{**mine, "state": "open"}),
    ])  # fmt: skip
    to = [{"kind": "contact", "id": "k", "name": "Ada Brandt", "address": "ada@x.example"}]
    planned = message(1, "c", "ann", now(), to=to)
    others, again = message(2, "c", "bob", now()), message(3, "c", "ann", now())
    await db["messages"].insert_many([planned, others, again])
    await db["outbox"].insert_many([
        queued(planned["_id"], soon), queued(others["_id"], soon), queued(again["_id"], soon, attempts=2),
    ])  # fmt: skip
    entries = await Schedule(db).of(ANN)
    assert [(one["kind"], one["conversation"], one["title"], one["who"]) for one in entries] == [
        ("planned", "c", "On Friday. Yours", "Ada Brandt"),
        ("snoozed", "a", "Pump", entries[1]["who"]),
    ]
    assert [one["conversation"] for one in await Schedule(db).of(BOB)] == ["b", "c"]
    assert await Schedule(db).of(SUE) == []


async def test_traffic_is_counted_by_the_days_of_the_persons_zone_and_by_their_sight(db: Database) -> None:
    """S2.1.1-08: an evening in Berlin is the next day in Shanghai; an agent counts what they see and what they wrote."""
    today = now().astimezone(ZONE).replace(hour=0, minute=30, second=0, microsecond=0)
    before, long_ago = today - timedelta(hours=1), today - timedelta(days=40)
    ids = iter(range(9))

    def begun(at: datetime, queue: str, channel: str) -> dict[str, Any]:
        number = next(ids)
        more = {"queue": queue, "channels": [channel], "created_at": at, "last_at": at}
        return stored(f"{first_id_at(at)[:-4]}{number:04}", number, **more)

    await db["conversations"].insert_many([
        begun(today, "general", "email"), begun(today, "general", "sms"), begun(before, "general", "email"),
        begun(today, "sales", "email"), begun(long_ago, "general", "email"),
    ])  # fmt: skip
    await db["messages"].insert_many([
        message(1, "a", "ann", today), message(2, "a", "ann", today), message(3, "a", "bob", before),
        message(4, "a", "ann", today, direction="inbound"), message(5, "a", "ann", long_ago),
    ])  # fmt: skip
    day, eve = today.date().isoformat(), before.date().isoformat()
    all_of_it = await Traffic(db).by_day(SUE, 7, ZONE)
    assert (len(all_of_it["days"]), all_of_it["days"][-2:], all_of_it["mine"]) == (7, [eve, day], False)
    assert all_of_it["items"] == [
        {"day": eve, "channel": "email", "begun": 1, "answered": 1},
        {"day": day, "channel": "email", "begun": 2, "answered": 2},
        {"day": day, "channel": "sms", "begun": 1, "answered": 0},
    ]
    anns = await Traffic(db).by_day(ANN, 7, ZONE)
    assert [(one["day"], one["channel"], one["begun"], one["answered"]) for one in anns["items"]] == [
        (eve, "email", 1, 0), (day, "email", 1, 2), (day, "sms", 1, 0),
    ]  # fmt: skip
    assert (anns["mine"], anns["partial"]) == (True, False)


async def test_traffic_looks_only_at_the_days_that_were_asked_for(db: Database) -> None:
    """By the index of the ids: what is older costs nothing."""
    old, new = now() - timedelta(days=60), now()
    await db["messages"].insert_many([message(n, "a", "ann", old) for n in range(500)])
    await db["messages"].insert_many([message(n, "a", "ann", new) for n in range(600, 605)])
    since = now() - timedelta(days=7)
    where = {"_id": {"$gte": first_id_at(since)}, "at": {"$gte": since}, "direction": "outbound"}
    plan = await db["messages"].find(where).explain()
    assert plan["executionStats"]["totalDocsExamined"] == 5


async def test_both_are_for_whoever_is_signed_in(signed_in: SignIn) -> None:
    ada = await signed_in("ada")
    assert (await ada.call("GET", "/api/me/schedule"))[1] == {"items": [], "next": None}
    status, traffic = await ada.call("GET", "/api/reports/traffic?days=3&zone=Europe/Berlin")
    assert (status, len(traffic["days"]), traffic["items"]) == (200, 3, [])
    assert (await ada.call("GET", "/api/reports/traffic?days=400"))[0] == 422
    assert (await ada.call("GET", "/api/reports/traffic?zone=Nowhere/Land"))[0] == 200
