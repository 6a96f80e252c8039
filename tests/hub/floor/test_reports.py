"""`/api/reports/...`: figures of past calls, by whom they may be read, as a table for spreadsheets; staffing (S2.9.9-08)."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from hub.desk.floor.fact_reader import FactReader
from hub.desk.floor.reports import harmless
from hub.main import Hub
from hub.store.client import Doc
from tests.conftest import SignedIn, SignIn
from tests.hub.floor.samples import call, handler, visit

DAY = "from=2026-03-04&to=2026-03-04"


async def kept(hub: Hub, *docs: Doc) -> None:
    """Calls with their facts."""
    await hub.db["calls"].insert_many(list(docs))
    await FactReader(hub.db).rebuild()


async def house(hub: Hub, signed_in: SignIn) -> tuple[SignedIn, SignedIn, SignedIn]:
    """Ann answered two of support, Bob one of sales; one gave up. Ann, Bob, and Sue who supervises."""
    people = await signed_in("ann", queues=["support"]), await signed_in("bob"), await signed_in("sue", roles=["SU"])
    ann, bob = ({"user": person.user} for person in people[:2])
    await kept(
        hub,
        call(1, [visit("support", 0, 10)], [handler("ann", "support", 5, 10, 70, **ann)]),
        call(2, [visit("support", 0, 30)], [handler("ann", "support", 5, 30, 60, **ann)]),
        call(3, [visit("sales", 3600, 3610)], [handler("bob", "sales", 3605, 3610, 3620, **bob)]),
        call(4, [visit("support", 0, 60, gave_up=True)], [handler("bob", "support", 5, None, 20, **bob)]),
    )
    return people


def rows(report: Any, *fields: str) -> dict[str, tuple[Any, ...]]:
    """Some figures by key."""
    return {row["key"]: tuple(row[field] for field in fields) for row in report["rows"]}


async def test_a_supervisor_reads_by_queue_agent_hour_day_and_outcome(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.9-08."""
    ann, bob, sue = await house(hub, signed_in)
    _, by_queue = await sue.call("GET", f"/api/reports/calls?by=queue&{DAY}")
    assert rows(by_queue, "offered", "answered", "abandoned", "service_level") == {
        "sales": (1, 1, 0, 1.0), "support": (3, 2, 1, 0.3333),
    }  # fmt: skip
    assert {row["key"]: row["name"] for row in by_queue["rows"]} == {"support": "Support", "sales": "sales"}
    _, by_agent = await sue.call("GET", f"/api/reports/calls?by=agent&{DAY}")
    assert rows(by_agent, "answered", "handled", "missed") == {ann.user: (2, 2, 0), bob.user: (1, 1, 1), "": (0, 0, 0)}
    _, by_hour = await sue.call("GET", f"/api/reports/calls?by=hour&{DAY}")
    assert rows(by_hour, "offered") == {"12": (3,), "13": (1,)}
    _, by_day = await sue.call("GET", "/api/reports/calls?by=day&from=2026-03-01&to=2026-03-09")
    assert rows(by_day, "offered") == {"2026-03-04": (4,)}
    _, by_outcome = await sue.call("GET", f"/api/reports/calls?by=outcome&{DAY}")
    assert rows(by_outcome, "offered") == {"answered": (3,), "abandoned": (1,)}
    _, by_transfer = await sue.call("GET", f"/api/reports/calls?by=transfer&{DAY}")
    assert rows(by_transfer, "handled") == {"none": (3,)}
    await hub.db["calls"].update_one({"call": "1"}, {"$set": {"notes": {"wrap_up": {"outcome": "sold"}}}})
    await FactReader(hub.db).write(["pbx|1"])
    _, by_code = await sue.call("GET", f"/api/reports/calls?by=code&{DAY}")
    assert rows(by_code, "offered") == {"sold": (1,), "": (3,)}
    for report in (by_queue, by_agent, by_hour, by_day):
        assert (report["total"]["offered"], report["total"]["talk_s"]) == (4, 100)
    _, one = await sue.call("GET", f"/api/reports/calls?by=agent&{DAY}&queue=support&agent={ann.user}")
    assert rows(one, "answered", "average_talk_s") == {ann.user: (2, 45.0)}


async def test_days_and_hours_are_those_of_the_zone(hub: Hub, signed_in: SignIn) -> None:
    """Noon in Shanghai is 23 o'clock of the day before in New York, and 9:45 in Kathmandu."""
    _, _, sue = await house(hub, signed_in)
    _, there = await sue.call("GET", "/api/reports/calls?by=hour&from=2026-03-03&to=2026-03-03&zone=America/New_York")
    assert rows(there, "offered") == {"23": (3,)}
    _, kathmandu = await sue.call("GET", f"/api/reports/calls?by=hour&{DAY}&zone=Asia/Kathmandu")
    assert rows(kathmandu, "offered") == {"09": (3,), "10": (1,)}
    exact = quote("2026-03-04T13:00:00+08:00")
    _, from_one = await sue.call(
        "GET", f"/api/reports/calls?by=queue&from={exact}&to={quote('2026-03-04T14:00:00+08:00')}"
    )
    assert rows(from_one, "offered") == {"sales": (1,)}


async def test_agents_read_their_own_figures_only(hub: Hub, signed_in: SignIn) -> None:
    """Whatever they ask for."""
    ann, bob, _ = await house(hub, signed_in)
    _, mine = await ann.call("GET", f"/api/reports/calls?by=queue&{DAY}")
    assert rows(mine, "offered", "answered") == {"support": (2, 2)}
    status, _ = await ann.call("GET", f"/api/reports/calls?by=agent&{DAY}&agent={bob.user}")
    assert status == 403
    assert (await ann.call("GET", "/api/reports/staffing?queue=support&day=2026-03-04"))[0] == 403
    status, _ = await ann.call("GET", f"/api/reports/calls.csv?by=agent&{DAY}&agent={bob.user}")
    assert status == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=moon", "by"), ("zone=Mars/Base", "zone"), ("from=2026-03-04&to=2026-03-01", "to"),
        ("from=2020-01-01&to=2026-01-01", "to"), ("from=yesterday", "from"), ("more=1", "more"), ("to=2026-03-01", "from"),
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_names_its_field(signed_in: SignIn, query: str, field: str) -> None:
    sue = await signed_in("sue", roles=["SU"])
    status, problem = await sue.call("GET", f"/api/reports/calls?{query}")
    assert (status, field in str(problem)) == (422, True), problem


async def test_the_table_for_spreadsheets_holds_the_same_and_no_formula(hub: Hub, signed_in: SignIn) -> None:
    """A colleague's name may begin with anything."""
    ann, _, sue = await house(hub, signed_in)
    await hub.db["record_user"].update_one({"_id": ann.user}, {"$set": {"name": '=HYPERLINK("http://x")'}})
    async with sue.http.get(f"/api/reports/calls.csv?by=agent&{DAY}") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/csv"
        assert "calls-by-agent-20260304.csv" in answer.headers["Content-Disposition"]
        text = (await answer.read()).decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    mine = next(row for row in table if row["agent"] == ann.user)
    assert mine["name"] == '\'=HYPERLINK("http://x")'
    assert (mine["answered"], mine["average_talk_s"], table[-1]["agent"], table[-1]["offered"]) == (
        "2",
        "45.0",
        "total",
        "4",
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "|cmd", "%x"])
def test_what_a_spreadsheet_might_run_is_marked_as_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Ada Lovelace", "李娜", "2026-03-04", "", "a=b"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


async def test_staffing_follows_from_the_same_weekday_of_past_weeks(hub: Hub, signed_in: SignIn) -> None:
    """Two Wednesdays with 40 and 60 calls of three minutes at noon: 50 are to be expected."""
    sue = await signed_in("sue", roles=["SU"])
    docs = [
        _weeks_ago(
            call(f"{back}-{n}", [visit("support", n, n + 5)], [handler("ann", "support", n + 1, n + 5, n + 185)]), back
        )
        for back, count in ((1, 40), (2, 60))
        for n in range(count)
    ]
    await kept(hub, *docs)
    status, hint = await sue.call("GET", "/api/reports/staffing?queue=support&day=2026-03-04")
    assert (status, hint["weeks"]) == (200, 2), hint
    [hour] = hint["hours"]
    assert (hour["hour"], hour["calls"], hour["aht_s"]) == ("12", 50.0, 180.0)
    assert hour["agents"] == 5  # 2.5 erlang: 4 reach 72%, 5 reach 92%
    assert hour["service_level"] >= 0.8
    assert (await sue.call("GET", "/api/reports/staffing?queue=none"))[0] == 404
    _, nothing = await sue.call("GET", "/api/reports/staffing?queue=general&day=2026-03-04")
    assert (nothing["weeks"], nothing["hours"]) == (0, [])


def _weeks_ago(doc: Doc, weeks: int) -> Doc:
    def moved(value: Any) -> Any:
        if isinstance(value, datetime):
            return value - timedelta(weeks=weeks)
        if isinstance(value, dict):
            return {key: moved(each) for key, each in value.items()}
        return [moved(each) for each in value] if isinstance(value, list) else value

    result: Doc = moved(doc)
    return result
