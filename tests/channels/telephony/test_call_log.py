"""Calls in the store: raw first, once, in order, found by index."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from channels.telephony.events import CallEvent
from channels.telephony.news import news_of
from channels.telephony.switchboard import Switchboard
from crm_core.ground.errors import Unavailable
from crm_core.ground.ids import new_id
from hub.accounts.call_log import AccountCalls
from hub.accounts.call_ringing import hand_over
from hub.model.call import CallEntry, CallNews
from hub.store.client import Database
from hub.store.unit import Unit
from hub.stream.stream import Stream
from tests.channels.telephony.test_machine import trace

KEEP = timedelta(days=90)
HEARD = datetime(2026, 11, 23, tzinfo=UTC)


def entries(events: Sequence[CallEvent]) -> list[CallEntry]:
    """The events as they are kept."""
    return [CallEntry(n=e.n, linkedid=e.linkedid, at=e.at, fields=e.fields) for e in events]


def news(events: Sequence[CallEvent]) -> list[CallNews]:
    """The calls after these events."""
    board = Switchboard()
    board.take(events)
    return [news_of(call, "CN", heard_at=HEARD) for call in board.calls.values()]


@pytest.fixture
def log(stream: Stream) -> AccountCalls:
    """The calls of one account."""
    return AccountCalls(stream, "pbx")


async def _ring(log: AccountCalls, calls: Sequence[CallNews]) -> None:
    """What the link does first."""
    await log.ring(partial(hand_over, [await log.look_up(calls)]))


async def _tell(log: AccountCalls, calls: Sequence[CallNews]) -> None:
    """Both that the link does."""
    await _ring(log, calls)
    await log.publish(calls)


async def names(db: Database) -> list[str]:
    """What consoles were told of calls."""
    events = db["events"].find({"name": {"$regex": "^(call|message)"}}).sort("_id", 1)
    return [event["name"] async for event in events]


async def test_events_are_kept_before_anything_is_made_of_them(log: AccountCalls, db: Database) -> None:
    """As they came, with an end to their keeping; from them alone the calls can be made anew."""
    events = trace("queue-answered")
    await log.keep(entries(events), KEEP)
    kept = await log.unfinished()
    assert [dict(entry.fields) for entry in kept] == [dict(event.fields) for event in events]
    assert await log.last() == len(events)
    doc = await db["call_events"].find_one({})
    assert doc is not None
    assert doc["expires_at"] - doc["kept_at"] == KEEP


async def test_a_place_is_given_once(log: AccountCalls) -> None:
    """Two hubs that both believe they own the account cannot both write: the second stops."""
    events = entries(trace("queue-answered"))
    await log.keep(events[:5], KEEP)
    with pytest.raises(Unavailable, match="another hub"):
        await log.keep(events[4:8], KEEP)


async def test_what_is_done_is_not_read_again_but_live_calls_are(log: AccountCalls) -> None:
    """After a restart: a finished call costs nothing, one that goes on is made anew from all its events."""
    done, live = trace("queue-answered"), trace("abandoned")[:6]
    placed = [CallEvent(e.fields, e.at, n) for n, e in enumerate((*done, *live), 1)]
    await log.keep(entries(placed), KEEP)
    await _tell(log, news(placed))
    await log.worked_through(len(placed))
    assert [entry.n for entry in await log.unfinished()] == [e.n for e in placed[len(done) :]]


async def test_what_is_published_twice_is_told_once(log: AccountCalls, db: Database) -> None:
    """Each step of a call, twice: one message, one ring, one answer, one end."""
    events = trace("queue-answered")
    for length in range(1, len(events) + 1):
        for _ in range(2):
            await _tell(log, news(events[:length]))
    await _tell(log, news(events))
    told = await names(db)
    counts = {name: told.count(name) for name in ("message.appended", "call.ringing", "call.answered", "call.ended")}
    assert counts == dict.fromkeys(counts, 1)
    [message] = await db["messages"].find({}).to_list()
    assert (message["call"]["outcome"], message["revision"] > 1) == ("answered", True)


async def test_an_answered_call_pops_up_even_when_nobody_was_told_of_the_ring(log: AccountCalls, db: Database) -> None:
    """A phone that answers by itself, or a hub that was busy for a moment."""
    events = trace("queue-answered")
    talking = next(n for n, event in enumerate(events) if event.name == "HangupRequest")
    await _tell(log, news(events[:talking]))
    assert (await names(db)).count("call.ringing") == 1


async def test_a_ring_is_told_before_its_message_and_names_it(log: AccountCalls, db: Database, stream: Stream) -> None:
    """The pop is there while the message is being written; a hub that dies between the two leaves the id to the next."""
    calls = news(trace("queue-answered")[:8])
    await _ring(log, calls)
    assert await names(db) == ["call.ringing"]
    ring = await db["events"].find_one({"name": "call.ringing"})
    assert ring is not None
    promised = ring["data"]["call"]
    assert promised["state"] == "ringing"
    await _tell(AccountCalls(stream, "pbx"), calls)
    [message] = await db["messages"].find({}).to_list()
    assert (message["_id"], message["conversation"]) == (promised["id"], promised["conversation"])
    assert sorted(await names(db)) == ["call.changed", "call.ringing", "message.appended"]


@pytest.mark.parametrize("moments", ["before", "before and late", "late"])
@pytest.mark.parametrize("written", range(1, 9))
async def test_a_ring_names_the_message_even_of_a_call_that_was_written_without_one(
    log: AccountCalls, db: Database, stream: Stream, written: int, moments: str
) -> None:
    """Before anybody is called it is worth none; whatever is written before the ring, or late, its ids stay."""
    events = trace("queue-answered")
    if "before" in moments:
        await log.publish(news(events[:written]))
    await _ring(log, news(events[:8]))
    if "late" in moments:
        await log.publish(news(events[:written]))
        log = AccountCalls(stream, "pbx")  # as after a crash
    await _tell(log, news(events))
    ring = await db["events"].find_one({"name": "call.ringing"})
    [message] = await db["messages"].find({}).to_list()
    assert ring is not None
    assert (message["_id"], message["conversation"]) == (
        ring["data"]["call"]["id"], ring["data"]["call"]["conversation"],
    )  # fmt: skip
    call = await db["calls"].find_one({})
    assert call is not None
    assert (call["message"], call.get("promised"), call.get("only_rang")) == (message["_id"], None, None)


@pytest.mark.parametrize("state", ["open", "closed"])
async def test_who_calls_again_is_told_with_the_conversation_of_their_calls(
    log: AccountCalls, db: Database, state: str
) -> None:
    """The ring names it before the message is there; a closed one is opened again by the call."""
    first = news(trace("queue-answered"))
    await _tell(log, first)
    await db["conversations"].update_one({}, {"$set": {"state": state}})
    await _tell(log, [replace(call, id="again", linkedids=("again",)) for call in news(trace("queue-answered")[:8])])
    ring = await db["events"].find_one({"name": "call.ringing"})
    assert ring is not None
    places = {each["external_id"]: each["conversation"] async for each in db["messages"].find()}
    assert places == dict.fromkeys((first[0].id, "again"), ring["data"]["call"]["conversation"])


async def test_a_ring_told_while_the_call_is_written_is_not_forgotten(log: AccountCalls, db: Database) -> None:
    """Whoever writes the call plans by what it wrote last, and takes what rang meanwhile from the store."""
    events = trace("queue-answered")
    await log.publish(news(events[:3]))
    await _ring(log, news(events[:8]))
    await log.publish(news(events))
    await _ring(log, news(events[:8]))
    assert (await names(db)).count("call.ringing") == 1


async def test_who_begins_to_ring_while_another_waits_for_the_turn_is_told_with_it(
    log: AccountCalls, db: Database, stream: Stream
) -> None:
    """What is to be told is taken when the turn is had: the second ring waits for nothing of its own."""
    first = news(trace("queue-answered")[:8])[0]
    waiting = [await log.look_up([first])]

    async def in_the_way(_unit: Unit) -> None:
        telling = asyncio.ensure_future(log.ring(partial(hand_over, waiting)))
        await asyncio.sleep(0)  # it waits now
        waiting.append(await log.look_up([replace(first, id="second", linkedids=("second",))]))
        told.append(telling)

    told: list[asyncio.Future[None]] = []
    await stream.units.run(in_the_way)
    await told[0]
    rings = await db["events"].find({"name": "call.ringing"}).to_list()
    assert sorted(each["data"]["call"]["call"] for each in rings) == sorted([first.id, "second"])
    assert len({each["unit"] for each in rings}) == 1


async def test_a_ring_that_cannot_be_told_keeps_no_other_from_it(log: AccountCalls, db: Database) -> None:
    """One of two calls that ring at once is spoilt: it goes without a pop, with a line in the log."""
    sound, spoilt = news(trace("queue-answered")[:8])[0], news(trace("abandoned")[:8])[0]
    spoilt.part["number"] = "1" * 17_000_000  # no document is that large
    await _ring(log, [replace(spoilt, rings=sound.rings), replace(sound, id="other")])
    told = await db["events"].find({"name": "call.ringing"}).to_list()
    assert [each["data"]["call"]["call"] for each in told] == ["other"]


async def test_every_candidate_has_its_reason(log: AccountCalls, db: Database) -> None:
    """Two contacts share a number; the customer of one of them is one too."""
    customer, key = new_id(), "phone:+8613800138000"
    first, second = sorted([new_id(), new_id()])
    people = [
        {"_id": first, "name": "Ada", "addresses": [key], "state": "active", "customer": customer},
        {"_id": second, "name": "Bob", "addresses": [key], "state": "active"},
        {"_id": new_id(), "name": "Merged", "addresses": [key], "state": "merged"},
    ]
    await db["record_contact"].insert_many(people)
    await db["record_customer"].insert_one({"_id": customer, "name": "Acme", "state": "active", "addresses": []})
    await _tell(log, news(trace("queue-answered")[:8]))
    ring = await db["events"].find_one({"name": "call.ringing"})
    assert ring is not None
    found = [(each["type"], each["id"], each["because"]) for each in ring["data"]["candidates"]]
    assert found == [
        ("contact", first, "number"), ("contact", second, "number"), ("customer", customer, "customer_of_contact"),
    ]  # fmt: skip
    assert ring["rooms"] == ["supervisors"]  # nobody has the extension


async def test_a_withheld_number_is_nobody(log: AccountCalls, db: Database) -> None:
    """Callers who show no number do not share a conversation, and no candidate is guessed."""
    for name in ("queue-answered", "abandoned"):
        hidden = [CallEvent({**e.fields, "CallerIDNum": "anonymous"}, e.at, e.n) for e in trace(name)]
        await _tell(log, news(hidden))
    assert len(await db["conversations"].distinct("_id")) == 2
    async for ring in db["events"].find({"name": "call.ringing"}):
        assert ring["data"]["candidates"] == []


async def test_every_question_has_an_index(db: Database) -> None:
    """None of the questions that telephony asks reads a whole collection."""
    questions: list[tuple[str, dict[str, Any], list[tuple[str, int]]]] = [
        ("call_events", {"account": "pbx", "n": {"$gt": 5}}, [("n", 1)]),
        ("call_events", {"account": "pbx", "linkedid": {"$in": ["1.1", "2.1"]}}, []),
        ("calls", {"linkedids": "1.1", "merged_into": None}, []),
        ("calls", {"message": "m"}, []),
        ("calls", {"live": True}, [("began_at", 1)]),
        ("calls", {"account": "pbx", "live": True}, []),
        ("call_gaps", {"account": "pbx"}, [("until", -1)]),
        ("record_user", {"extension": {"$in": ["1001"]}, "state": "active"}, []),
    ]
    for collection, where, order in questions:
        plan = await db.command(
            "explain", {"find": collection, "filter": where, **({"sort": dict(order)} if order else {})}
        )
        winning = str(plan["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in winning, (collection, where)
        assert "'stage': 'SORT'" not in winning, (collection, where)


async def test_an_answer_never_goes_by_a_call(log: AccountCalls, stream: Stream) -> None:
    """A call takes no text: what a customer wrote last stays what is answered."""
    await _tell(log, news(trace("queue-answered")))
    called = await stream.db["conversations"].find_one({})
    assert called is not None
    assert called["channels"] == ["telephony"]
    assert called["last_inbound"] is None
