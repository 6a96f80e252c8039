"""What is counted of calls that a real Asterisk made (S2.9.9-08): the traps of queues and transfers, from recorded traces."""

from __future__ import annotations

import random
from typing import Any

import pytest

from channels.telephony.events import CallEvent
from channels.telephony.view import part_of
from hub.desk.floor.facts import facts_of
from hub.desk.floor.measures import figures, total
from hub.store.client import Doc
from tests.channels.telephony.test_machine import NAMES, played, trace, unnumbered

Stays = list[tuple[str, str, str]]
Phones = list[tuple[str, str, str]]
EXPECTED: dict[str, tuple[Stays, Phones]] = {
    # stays in a queue: where, who answered, how it went; phones: whose, handled or missed or neither, handed on
    "queue-answered": ([("support", "1001", "answered")], [("1001", "handled", "")]),
    "abandoned": ([("support", "", "abandoned")], [("1001", "", "")]),
    "agent-rejects": ([("support", "", "abandoned")], [("1001", "missed", "")]),
    "second-agent-answers": ([("support", "1002", "answered")], [("1001", "missed", ""), ("1002", "handled", "")]),
    # the queue of Asterisk says "abandoned" of these two; the caller was still there
    "queue-timeout": ([("support", "", "passed_on")], [("1001", "missed", "")]),
    "overflow": (
        [("support", "", "passed_on"), ("overflow", "1002", "answered")],
        [("1001", "missed", ""), ("1002", "handled", "")],
    ),
    # acknowledged, and gone before the bridge: not answered
    "answers-and-drops": ([("careful", "1002", "answered")], [("1001", "missed", ""), ("1002", "handled", "")]),
    "drops-and-nobody-else": ([("careful", "", "abandoned")], [("1001", "missed", ""), ("1001", "", "")]),
    # two phones acknowledge at once: exactly one owner
    "two-answer-at-once": ([("everyone", "1002", "answered")], [("1002", "handled", ""), ("1001", "", "")]),
    "queue-pickup": ([("support", "1003", "answered")], [("1001", "", ""), ("1003", "handled", "")]),
    "blind-transfer": ([("support", "1001", "answered")], [("1001", "handled", "blind"), ("1002", "handled", "")]),
    "attended-transfer": ([("support", "1001", "answered")], [("1001", "handled", "attended"), ("1002", "handled", "")]),
    # another caller id the second time: one call, two stays
    "into-another-queue": (
        [("support", "1001", "answered"), ("overflow", "1002", "answered")],
        [("1001", "handled", "attended"), ("1002", "handled", "")],
    ),
    "transfer-behind-a-local-channel": (
        [("support", "1001", "answered")], [("1001", "handled", "blind"), ("1002", "handled", "")],
    ),
    "direct-no-answer": ([("", "", "no_answer")], [("1001", "missed", "")]),
    "outbound": ([("", "1001", "answered")], [("1001", "handled", "")]),
}  # fmt: skip


def facts(events: list[CallEvent] | tuple[CallEvent, ...]) -> list[Doc]:
    """The facts of the calls after these events."""
    found = []
    for call in played(events).calls.values():
        part: Any = part_of(call)
        doc = {
            "_id": f"pbx|{call.id}", "account": "pbx", "call": call.id, "message": None, "n": call.n, "merged_into": None,
            "live": part["state"] != "ended", "began_at": part["began_at"], "part": part,
        }  # fmt: skip
        found += facts_of(doc, {})
    return found


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_real_call_is_counted_as_it_went(name: str) -> None:
    stays, phones = EXPECTED[name]
    found = facts(trace(name))
    assert [(f["queue"], f["extension"], f["outcome"]) for f in found if f["kind"] == "visit"] == stays
    seen = [
        (f["extension"], "handled" if f["m"].get("handled") else "missed" if f["m"]["missed"] else "", f["transfer"])
        for f in found
        if f["kind"] == "handling"
    ]
    assert seen == phones


@pytest.mark.parametrize("name", NAMES)
def test_totals_add_up_for_every_recorded_call(name: str) -> None:
    """Every stay has one outcome; nobody is answered by more people than handled it."""
    found = figures(total(fact["m"] for fact in facts(trace(name))))
    assert found["offered"] == found["answered"] + found["abandoned"] + found["passed_on"] + found["unseen"] >= 1
    assert found["answered"] <= found["handled"]
    assert found["talk_s"] + found["hold_s"] < 60


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_neighbours_does_not_change_what_is_counted(name: str) -> None:
    """AMI does not promise it; events that came twice change nothing either."""
    events, chance = unnumbered(trace(name)), random.Random(name)
    expected = [fact | {"n": 0} for fact in facts(events)]
    for place in sorted(chance.sample(range(1, len(events) - 2), 5)):
        events[place], events[place + 1] = events[place + 1], events[place]
    events += chance.sample(events, 5)
    assert [fact | {"n": 0} for fact in facts(events)] == expected


def test_a_transferred_agent_talks_until_the_bridge_says_otherwise() -> None:
    """A Local channel that stays leaves the queue in the belief that the agent still talks."""
    [first, second] = [
        f["m"]["talk_s"] for f in facts(trace("transfer-behind-a-local-channel")) if f["kind"] == "handling"
    ]
    assert first < 1 < 2 < second


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_counted_twice_or_taken_back_while_the_call_goes_on(name: str) -> None:
    """Whatever part of the trace is there, a stay that was counted keeps its outcome."""
    events = trace(name)
    last = {fact["_id"]: fact["outcome"] for fact in facts(events)}
    for length in range(1, len(events)):
        for fact in facts(events[:length]):
            if fact["kind"] == "visit" and fact["queue"]:
                assert last[fact["_id"]] == fact["outcome"]
