"""What is counted of a call, and that it adds up (S2.9.9-08)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.desk.floor.facts import Target, facts_of
from hub.desk.floor.measures import LONGEST, SUMS, figures, total
from hub.store.client import Doc
from tests.hub.floor.samples import call, calls, handler, later, visit

AIMS = {"support": Target(answer_s=20, percent=80, short_s=5)}
ROOT = Path(__file__).resolve().parents[3]
some = settings(max_examples=60, deadline=None)


def counted(*docs: Doc, **where: Any) -> Any:
    """The figures of these calls' facts, of those where fields are so."""
    found = [fact for doc in docs for fact in facts_of(doc, AIMS)]
    return figures(total(f["m"] for f in found if all(f[key] == value for key, value in where.items())))


def test_an_answered_call_counts_for_the_queue_and_for_who_answered() -> None:
    """Waited 12 s, talked 100 s of which 30 on hold."""
    found = counted(
        call(1, [visit("support", 0, 12)], [handler("ann", "support", 8, 12, 112, hold_s=30.0)]), user="ann"
    )
    assert (found["offered"], found["answered"], found["in_time"], found["service_level"]) == (1, 1, 1, 1.0)
    assert (found["average_wait_s"], found["average_talk_s"], found["average_hold_s"], found["aht_s"]) == (
        12,
        70,
        30,
        100,
    )


def test_a_call_answered_late_is_answered_and_not_in_time() -> None:
    """The last moment still is in time."""
    late = call(1, [visit("support", 0, 20.001)], [handler("ann", "support", 8, 20.001, 30)])
    just = call(2, [visit("support", 0, 20)], [handler("ann", "support", 8, 20, 30)])
    found = counted(late, just)
    assert (found["answered"], found["in_time"], found["service_level"]) == (2, 1, 0.5)


def test_short_abandons_are_in_neither_share() -> None:
    """One gave up after 3 s, one after 40 s, one was answered."""
    short = call(1, [visit("support", 0, 3, gave_up=True)], [])
    long = call(2, [visit("support", 0, 40, gave_up=True)], [])
    good = call(3, [visit("support", 0, 5)], [handler("ann", "support", 2, 5, 9)])
    found = counted(short, long, good)
    assert (found["offered"], found["abandoned"], found["short"]) == (3, 2, 1)
    assert (found["service_level"], found["abandon_rate"], found["longest_wait_s"]) == (0.5, 0.5, 40)


def test_who_rings_with_others_and_drops_before_the_bridge_has_not_answered() -> None:
    """Ring all: exactly one owner; the other phone stopped because of that, and missed nothing."""
    doc = call(1, [visit("support", 0, 10)], [
        handler("ann", "support", 1, None, 10.1), handler("bob", "support", 1, 10.2, 60),
    ])  # fmt: skip
    assert counted(doc, user="bob")["answered"] == 1
    assert (counted(doc, user="ann")["answered"], counted(doc, user="ann")["missed"]) == (0, 0)


def test_a_phone_that_rings_in_vain_missed_it_unless_the_caller_gave_up() -> None:
    """Ring, no answer; then the caller goes on waiting."""
    vain = call(1, [visit("support", 0, 60, gave_up=True)], [handler("ann", "support", 5, None, 20)])
    gave_up = call(2, [visit("support", 0, 15, gave_up=True)], [handler("ann", "support", 5, None, 15.2)])
    assert (counted(vain, user="ann")["missed"], counted(gave_up, user="ann")["missed"]) == (1, 0)


def test_a_transfer_into_another_queue_is_two_stays_of_one_call() -> None:
    """Each has its own wait and its own answer; a phone it was handed on to counts for the last queue."""
    doc = call(
        1,
        [visit("support", 0, 10), visit("sales", 60, 75)],
        [handler("ann", "support", 5, 10, 60), handler("bob", "sales", 70, 75, 90), handler("cy", None, 88, 90, 120)],
        transfers=[{"kind": "blind", "from": "101", "to": "102", "at": later(88), "completed": True}],
    )
    support, sales = counted(doc, queue="support"), counted(doc, queue="sales")
    assert (support["answered"], support["wait_s"], support["talk_s"]) == (1, 10, 50)
    assert (sales["answered"], sales["wait_s"], sales["talk_s"], sales["handled"]) == (1, 15, 45, 2)
    handed = [fact["transfer"] for fact in facts_of(doc, AIMS) if fact["kind"] == "handling"]
    assert handed == ["", "blind", ""]


def test_overflow_leaves_the_first_queue_unanswered_but_nobody_gave_up() -> None:
    """Passed on counts against the level, not as abandoned."""
    doc = call(1, [visit("support", 0, 30), visit("sales", 30, 40)], [handler("bob", "sales", 32, 40, 50)])
    found = counted(doc, queue="support")
    assert (found["passed_on"], found["abandoned"], found["service_level"], found["abandon_rate"]) == (1, 0, 0.0, 0.0)


def test_what_nobody_saw_end_is_not_judged() -> None:
    """The connection to the PBX was cut, and the caller was gone afterwards."""
    doc = call(1, [visit("support", 0, None)], [], blind=True, ended_at=later(90))
    found = counted(doc)
    assert (found["offered"], found["unseen"], found["service_level"]) == (1, 1, None)


def test_who_still_waits_or_talks_is_not_counted_yet() -> None:
    """The answer is, once it is there; the talk when it is over."""
    waits = call(1, [visit("support", 0, None)], [handler("ann", "support", 5, None, None)], live=True)
    talks = call(2, [visit("support", 0, 9)], [handler("ann", "support", 5, 9, None)], live=True)
    assert facts_of(waits, AIMS) == []
    assert [(f["kind"], f["outcome"]) for f in facts_of(talks, AIMS)] == [("visit", "answered")]


def test_calls_without_a_queue_are_counted_under_none() -> None:
    """Out of the house, and to a phone directly."""
    out = call(1, [], [handler("ann", None, 1, 6, 60)], direction="outbound")
    [fact, handling] = facts_of(out, AIMS)
    assert (fact["queue"], fact["user"], fact["outcome"], fact["direction"]) == ("", "ann", "answered", "outbound")
    assert handling["m"]["talk_s"] == 54


def test_a_caller_who_is_blocked_is_not_counted() -> None:
    assert facts_of(call(1, [], [], blocked=True, outcome="rejected"), AIMS) == []


def test_a_call_that_went_into_another_has_no_facts() -> None:
    assert facts_of(call(1, [visit("support", 0, 9)], []) | {"merged_into": "2"}, AIMS) == []


@some
@given(st.lists(calls(), max_size=6))
def test_every_stay_has_one_outcome_and_one_owner_at_most(docs: list[Doc]) -> None:
    """Totals add up: offered = answered + abandoned + passed on + unseen."""
    found = counted(*docs)
    assert found["offered"] == sum(len(doc["part"]["queues"]) for doc in docs)
    assert found["offered"] == found["answered"] + found["abandoned"] + found["passed_on"] + found["unseen"]
    assert found["in_time"] <= found["answered"] <= found["handled"]
    assert found["short"] <= found["abandoned"]
    for share in ("service_level", "abandon_rate"):
        assert found[share] is None or 0 <= found[share] <= 1


@some
@given(st.lists(calls(), max_size=6), st.sampled_from(["user", "queue", "outcome", "kind", "transfer"]))
def test_the_parts_add_up_to_the_whole(docs: list[Doc], by: str) -> None:
    """Of agents, of queues, of outcomes: each sum of the parts is that of all, and the longest is the longest."""
    found = [fact for doc in docs for fact in facts_of(doc, AIMS)]
    parts = [total(f["m"] for f in found if f[by] == key) for key in {f[by] for f in found}]
    whole = total(f["m"] for f in found)
    for name in SUMS:
        assert sum(part[name] for part in parts) == pytest.approx(whole[name])
    assert max((part[LONGEST] for part in parts), default=0) == whole[LONGEST]


@some
@given(st.lists(calls(), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_calls_does_not_matter(docs: list[Doc], chance: Any) -> None:
    shuffled = docs[:]
    chance.shuffle(shuffled)
    assert counted(*shuffled) == counted(*docs)


def test_the_console_works_out_the_same_figures() -> None:
    """Its unit test adds up the same sample (`board.spec.ts`)."""
    sample = json.loads((ROOT / "agents_ui/src/features/wallboard/sample.json").read_text(encoding="utf-8"))
    assert figures(total(sample["parts"])) == sample["whole"]
