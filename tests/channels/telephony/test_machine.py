"""The state machine of a call, on traces recorded from a real Asterisk 22 (`tests/lab/asterisk/record.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telephony.events import CallEvent, heard_at
from channels.telephony.machine import fold
from channels.telephony.news import address_of, news_of
from channels.telephony.state import Call
from channels.telephony.switchboard import Switchboard
from channels.telephony.view import part_of
from tests.lab.asterisk import queue_calls, transfers
from tests.lab.asterisk.plays import PLAYS

assert all((queue_calls, transfers))  # they list their plays
TRACES = Path(__file__).parent / "traces"
NAMES = sorted(path.stem for path in TRACES.glob("*.jsonl"))
HEARD = datetime(2026, 1, 1, tzinfo=UTC)
few = settings(max_examples=10, deadline=None)
every_trace = pytest.mark.parametrize("name", NAMES)

EXPECTED: dict[str, tuple[str, str, str | None, list[tuple[str, str]], list[tuple[str, str, str, bool]]]] = {
    # direction, outcome, queue, phones that rang or talked, transfers
    "queue-answered": ("inbound", "answered", "support", [("1001", "answered")], []),
    "agent-hangs-up": ("inbound", "answered", "support", [("1001", "answered")], []),
    "abandoned": ("inbound", "abandoned", "support", [("1001", "no_answer")], []),
    "second-agent-answers": ("inbound", "answered", "support", [("1001", "no_answer"), ("1002", "answered")], []),
    "agent-rejects": ("inbound", "abandoned", "support", [("1001", "busy")], []),
    "overflow": ("inbound", "answered", "overflow", [("1001", "no_answer"), ("1002", "answered")], []),
    "queue-timeout": ("inbound", "no_answer", "support", [("1001", "no_answer")], []),
    "held": ("inbound", "answered", "support", [("1001", "answered")], []),
    "blind-transfer": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("blind", "1001", "1002", True)],
    ),
    "attended-transfer": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("attended", "1001", "1002", True)],
    ),
    "transfer-given-up": ("inbound", "answered", "support", [("1001", "answered"), ("1002", "busy")], []),
    "outbound": ("outbound", "answered", None, [("1001", "answered")], []),
    "outbound-busy": ("outbound", "busy", None, [("1001", "busy")], []),
    "click-to-dial": ("outbound", "answered", None, [("1001", "answered")], []),
    "internal": ("internal", "answered", None, [("1002", "answered")], []),
    "supervisor-listens": ("inbound", "answered", "support", [("1001", "answered")], []),
    "direct-no-answer": ("inbound", "no_answer", None, [("1001", "no_answer")], []),
    "local-channel": ("inbound", "answered", None, [("1001", "answered")], []),
    "consultation": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("attended", "1001", "1002", True)],
    ),
    "semi-attended": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("attended", "1001", "1002", True)],
    ),
    "blond-transfer": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("attended", "1001", "1002", True)],
    ),
    "into-another-queue": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("attended", "1001", "*50", True)],
    ),
    "pickup": ("inbound", "answered", None, [("1001", "no_answer"), ("1003", "answered")], []),
    "queue-pickup": ("inbound", "answered", "support", [("1001", "no_answer"), ("1003", "answered")], []),
    "conference": ("inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")], []),
    "parked-and-taken-up": (
        "inbound", "answered", "support", [("1001", "answered"), ("1003", "answered")],
        [("blind", "1001", "700", True)],
    ),
    "parked-too-long": (
        "inbound", "answered", "support", [("1001", "answered"), ("1001", "answered")],
        [("blind", "1001", "700", False)],
    ),
    "parked-and-given-up": (
        "inbound", "answered", "support", [("1001", "answered")], [("blind", "1001", "700", False)],
    ),
    "voicemail": ("inbound", "no_answer", None, [("1001", "no_answer")], []),
    "two-answer-at-once": ("inbound", "answered", "everyone", [("1002", "answered"), ("1001", "no_answer")], []),
    "answers-and-drops": (
        "inbound", "answered", "careful", [("1001", "no_answer"), ("1002", "answered")], [],
    ),
    "drops-and-nobody-else": (
        "inbound", "abandoned", "careful", [("1001", "no_answer"), ("1001", "no_answer")], [],
    ),
    "recording-stands-still": ("inbound", "answered", "support", [("1001", "answered")], []),
    "transfer-behind-a-local-channel": (
        "inbound", "answered", "support", [("1001", "answered"), ("1002", "answered")],
        [("blind", "1001", "1002", True)],
    ),
}  # fmt: skip
STATES: dict[str, list[str]] = {
    "queue-answered": ["arrived", "waiting", "ringing", "talking", "ended"],
    "held": ["arrived", "waiting", "ringing", "talking", "held", "talking", "ended"],
    "abandoned": ["arrived", "waiting", "ringing", "ended"],
    "blind-transfer": ["arrived", "waiting", "ringing", "talking", "ringing", "talking", "ended"],
    "attended-transfer": ["arrived", "waiting", "ringing", "talking", "held", "talking", "ended"],
    "overflow": ["arrived", "waiting", "ringing", "waiting", "ringing", "talking", "ended"],
    "consultation": ["arrived", "waiting", "ringing", "talking", "held", "talking", "ended"],
    "into-another-queue": ["waiting", "ringing", "talking", "held", "waiting", "ringing", "talking", "ended"],
    "pickup": ["arrived", "ringing", "talking", "ended"],
    "parked-and-taken-up": ["waiting", "ringing", "talking", "parked", "talking", "ended"],
    "parked-too-long": ["waiting", "ringing", "talking", "parked", "ringing", "talking", "ended"],
    "parked-and-given-up": ["waiting", "ringing", "talking", "parked", "ended"],
    "conference": ["waiting", "ringing", "talking", "ended"],
}


@cache
def trace(name: str) -> tuple[CallEvent, ...]:
    """The events of a trace, with their places."""
    lines = [json.loads(line) for line in (TRACES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return tuple(CallEvent(fields, heard_at(fields, HEARD), n) for n, fields in enumerate(lines, 1))


def played(events: Iterable[CallEvent]) -> Switchboard:
    """The switchboard after these events."""
    board = Switchboard()
    board.take(events)
    return board


def shown(board: Switchboard) -> list[dict[str, Any]]:
    """What is seen of its calls."""
    return [dict(part_of(call)) for call in board.calls.values()]


def unnumbered(events: Iterable[CallEvent]) -> list[CallEvent]:
    """As the PBX sends them, before they have a place."""
    return [CallEvent(event.fields, event.at) for event in events]


def test_every_play_has_its_trace() -> None:
    """And no trace is of a play that is no more."""
    assert sorted(PLAYS) == NAMES


def test_every_flow_has_its_trace() -> None:
    """A trace without an expectation tests nothing."""
    assert sorted(EXPECTED) == NAMES


@every_trace
def test_a_trace_is_one_call_that_ends_as_it_did(name: str) -> None:
    """S2.9.9: direction, outcome, queue, phones in order, transfers."""
    [part] = shown(played(trace(name)))
    agents = [(agent["extension"], agent["outcome"]) for agent in part["agents"]]
    transfers = [(each["kind"], each["from"], each["to"], each["completed"]) for each in part["transfers"]]
    assert part["state"] == "ended"
    assert (part["direction"], part["outcome"], part["queue"], agents, transfers) == EXPECTED[name]
    assert part["blind"] is False


def test_a_supervisor_beside_a_call_is_no_part_of_it() -> None:
    """Ringing, listening, being switched, leaving: nothing of it is a call, a leg, a ring or talk time."""
    events = trace("supervisor-listens")
    assert any(event.get("Channel").startswith("PJSIP/1003-") for event in events)
    board = played(events)
    [call] = board.calls.values()
    assert not [leg for leg in call.legs.values() if leg.endpoint == "1003"]
    assert list(part_of(call)["talk_s"]) == ["1001"]
    without = [event for event in events if not event.beside]
    assert part_of(call) == shown(played(without))[0]


@pytest.mark.parametrize("name", sorted(STATES))
def test_a_call_goes_through_its_states(name: str) -> None:
    """In this order; between two of them the machine may pass others for a moment."""
    board, seen = Switchboard(), list[str]()
    for event in trace(name):
        board.take([event])
        seen.append(part_of(board.calls[trace(name)[0].linkedid])["state"])
    left = iter(seen)
    assert [state for state in STATES[name] if state in left] == STATES[name]
    assert seen[-1] == "ended"


def test_talk_time_ends_when_the_agent_leaves_the_bridge() -> None:
    """The queue of Asterisk believes that a transferred agent still talks; the bridge says otherwise."""
    [part] = shown(played(trace("attended-transfer")))
    assert part["talk_s"]["1001"] < 2.5 < 3 < part["talk_s"]["1002"]
    assert 0 <= part["wait_s"] < 1


@every_trace
def test_any_beginning_is_a_valid_call(name: str) -> None:
    """Whenever we look, there is a state; nothing is answered before somebody talks."""
    for length in range(1, len(trace(name)) + 1):
        for part in shown(played(trace(name)[:length])):
            assert (part["state"] == "ended") == (part["ended_at"] is not None)
            assert part["outcome"] != "answered" or part["answered_at"]


@every_trace
@few
@given(data=st.data())
def test_a_replay_changes_nothing(name: str, data: st.DataObject) -> None:
    """From any place on, once more: what has its place already is known."""
    events = trace(name)
    start = data.draw(st.integers(0, len(events)))
    assert shown(played([*events, *events[start:]])) == shown(played(events))


@every_trace
@few
@given(data=st.data())
def test_an_event_that_comes_twice_counts_once(name: str, data: st.DataObject) -> None:
    """Also when nothing but its content says that it is the same."""
    events = unnumbered(trace(name))
    twice = data.draw(st.sets(st.integers(0, len(events) - 1)))
    repeated = [each for n, event in enumerate(events) for each in ([event, event] if n in twice else [event])]
    assert shown(played(repeated)) == shown(played(events))


@every_trace
@few
@given(data=st.data())
def test_neighbours_may_come_in_either_order(name: str, data: st.DataObject) -> None:
    """All but the first: a call begins with its channel."""
    events = unnumbered(trace(name))
    places = data.draw(st.sets(st.integers(1, len(events) - 2)))
    for place in sorted(places):
        events[place], events[place + 1] = events[place + 1], events[place]
    assert shown(played(events)) == shown(played(unnumbered(trace(name))))


@few
@given(
    st.dictionaries(st.sampled_from(["Event", "Uniqueid", "Linkedid", "Channel", "BridgeUniqueid", "Queue"]), st.text())
)
def test_no_event_breaks_a_call(fields: dict[str, str]) -> None:
    """Unknown events, missing and odd fields."""
    call = Call("1.1", ("1.1",))
    for event in trace("queue-answered")[:10]:
        call = fold(call, event)
    part_of(fold(call, CallEvent(fields, HEARD)))


# -- linkedids that change ---------------------------------------------------------------------------------------


def _event(name: str, second: float, **fields: str) -> CallEvent:
    return CallEvent({"Event": name, **fields}, HEARD + timedelta(seconds=second))


def _two_calls() -> list[CallEvent]:
    """A caller with an agent, and the agent's question to a colleague: two calls with ids of their own."""
    caller = {"Channel": "PJSIP/trunk-1", "Uniqueid": "1.1", "Linkedid": "1.1", "CallerIDNum": "13800138000"}
    agent = {"Channel": "PJSIP/1001-2", "Uniqueid": "1.2", "Linkedid": "1.1"}
    asks = {"Channel": "PJSIP/1001-3", "Uniqueid": "2.1", "Linkedid": "2.1", "Exten": "1002"}
    colleague = {"Channel": "PJSIP/1002-4", "Uniqueid": "2.2", "Linkedid": "2.1"}
    return [
        _event("Newchannel", 0, **caller, Exten="4000"),
        _event("Newchannel", 1, **agent),
        _event("DialBegin", 1, **caller, DestUniqueid="1.2", DestChannel=agent["Channel"], DialString="1001"),
        _event("BridgeEnter", 2, **agent, BridgeUniqueid="b1"),
        _event("BridgeEnter", 2, **caller, BridgeUniqueid="b1"),
        _event("Newchannel", 5, **asks),
        _event("Newchannel", 5, **colleague),
        _event("DialBegin", 5, **asks, DestUniqueid="2.2", DestChannel=colleague["Channel"], DialString="1002"),
        _event("BridgeEnter", 6, **asks, BridgeUniqueid="b2"),
        _event("BridgeEnter", 6, **colleague, BridgeUniqueid="b2"),
    ]


def test_a_question_to_a_colleague_is_no_message_of_its_own() -> None:
    """It has one when it turns out to be a call of its own."""
    board = played(_two_calls())
    caller, question = board.calls.values()
    assert (board.is_aside(caller), board.is_aside(question)) == (False, True)
    assert news_of(question, "CN", heard_at=HEARD, aside=True).told is False


def test_an_attended_transfer_of_two_calls_makes_them_one() -> None:
    """The younger call's linkedid finds the call; whoever spoke in either is in it."""
    board = played(_two_calls())
    board.take([
        _event(
            "AttendedTransfer", 9, Result="Success", OrigTransfererChannel="PJSIP/1001-2",
            OrigTransfererUniqueid="1.2", OrigTransfererLinkedid="1.1", SecondTransfererUniqueid="2.1",
            SecondTransfererChannel="PJSIP/1001-3", SecondTransfererConnectedLineNum="1002",
        ),
        _event("BridgeLeave", 9, Channel="PJSIP/1001-2", Uniqueid="1.2", Linkedid="1.1", BridgeUniqueid="b1"),
        _event("Hangup", 9, Channel="PJSIP/1001-2", Uniqueid="1.2", Linkedid="1.1"),
        _event("Hangup", 9, Channel="PJSIP/1001-3", Uniqueid="2.1", Linkedid="2.1"),
    ])  # fmt: skip
    [call] = board.calls.values()
    part = part_of(call)
    assert (call.id, call.linkedids, board.merged) == ("1.1", ("1.1", "2.1"), {"2.1": "1.1"})
    assert (part["state"], [each["extension"] for each in part["agents"]]) == ("talking", ["1001", "1002"])
    assert [(each["from"], each["to"], each["completed"]) for each in part["transfers"]] == [("1001", "1002", True)]


@pytest.mark.parametrize("name", ["BridgeEnter", "BridgeLeave", "NewConnectedLine"])
def test_a_linkedid_that_changes_in_mid_call_still_finds_it(name: str) -> None:
    """A channel that is known keeps its call, whatever id it has now."""
    board = played(_two_calls()[:5])
    board.take([_event(name, 4, Channel="PJSIP/1001-2", Uniqueid="1.2", Linkedid="0.9", BridgeUniqueid="b1")])
    [call] = board.calls.values()
    assert call.linkedids == ("1.1", "0.9")
    board.take([_event("Hangup", 5, Channel="PJSIP/trunk-1", Uniqueid="1.1", Linkedid="0.9")])
    assert len(board.calls) == 1


# -- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("13800138000", "phone:+8613800138000"),
        ("+86 138 0013 8000", "phone:+8613800138000"),
        ("008613800138000", "phone:+8613800138000"),
        ("1001", "raw:1001"),
        ("anonymous", "raw:anonymous"),
        ("", "raw:anonymous"),
    ],
)
def test_a_number_is_the_same_in_any_spelling(written: str, key: str) -> None:
    """S2.9.9: extensions and withheld numbers are of no country."""
    assert address_of(written, "", "CN").key == key
