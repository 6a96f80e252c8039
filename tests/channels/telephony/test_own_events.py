"""What the hub and our dialplan tell by `UserEvent`, and how blocked numbers are written. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.telephony.blocking import _lines, spellings
from channels.telephony.events import CallEvent, is_kept
from channels.telephony.legs import Legs
from channels.telephony.outcomes import outcome_of, state_of
from channels.telephony.switchboard import Switchboard
from channels.telephony.view import part_of
from crm_core.ground.errors import Conflict
from tests.channels.telephony.test_machine import trace

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def told(name: str, after: CallEvent, seconds: float = 1, **fields: str) -> CallEvent:
    """One event of ours, a little after another."""
    whole = {"Event": "UserEvent", "UserEvent": name, "Linkedid": after.linkedid, **fields}
    return CallEvent(whole, after.at + timedelta(seconds=seconds), after.n)


def test_a_hold_that_the_hub_made_is_a_hold() -> None:
    """As by the phone; also where the event comes twice."""
    events = trace("queue-answered")
    last = max(number for number, event in enumerate(events) if event.name == "BridgeEnter")
    agent = next(event for event in events if event.name == "BridgeEnter" and "1001" in event.get("Channel"))
    about = {"Uniqueid": agent.uniqueid, "Channel": agent.get("Channel")}
    board = Switchboard()
    board.take([CallEvent(e.fields, e.at) for e in events[: last + 1]])
    [call] = board.calls
    for name, state in (("MainstemHold", "held"), ("MainstemHold", "held"), ("MainstemUnhold", "talking")):
        after = told(name, events[last], 1 if name == "MainstemHold" else 2, **about)
        board.take([CallEvent(after.fields, after.at)])
        assert state_of(board.calls[call]) == state


def test_who_is_called_into_a_call_belongs_to_it_from_the_first_ring() -> None:
    """The PBX gives that channel a linkedid of its own."""
    events = trace("queue-answered")
    board = Switchboard()
    board.take([CallEvent(e.fields, e.at) for e in events[:-4]])
    [call] = board.calls
    invited = told("MainstemInvited", events[-5], Invited="mainstem-invited-1", Uniqueid=events[-5].uniqueid)
    new = {"Event": "Newchannel", "Uniqueid": "x.1", "Linkedid": "mainstem-invited-1", "Channel": "PJSIP/1002-01"}
    board.take([CallEvent(invited.fields, invited.at), CallEvent(new, invited.at)])
    assert list(board.calls) == [call]
    assert board.calls[call].linkedids == (call, "mainstem-invited-1")


def test_a_blocked_call_is_rejected() -> None:
    """Though the carrier's side only sees a refusal."""
    name = {"Channel": "PJSIP/trunk-01", "Uniqueid": "1.1", "Linkedid": "1.1"}
    board = Switchboard()
    for number, fields in enumerate((
        {"Event": "Newchannel", **name}, {"Event": "UserEvent", "UserEvent": "MainstemBlocked", **name},
        {"Event": "Hangup", "Cause": "21", **name},
    )):  # fmt: skip
        board.take([CallEvent(fields, AT + timedelta(seconds=number))])
    [call] = board.calls.values()
    assert (outcome_of(call), part_of(call)["blocked"], state_of(call)) == ("rejected", True, "ended")


def test_only_our_own_events_and_no_channels_that_serve_the_hub_are_kept() -> None:
    hold = {"Event": "UserEvent", "UserEvent": "MainstemHold"}
    assert is_kept(hold)
    assert not is_kept({**hold, "UserEvent": "SomebodyElse"})
    assert is_kept({"Event": "Newchannel", "Channel": "Local/1@mainstem-consult-00000001;1"})
    assert not is_kept({"Event": "Newchannel", "Channel": "Local/music@mainstem-hold-00000001;2"})
    assert not is_kept({"Event": "Hangup", "Channel": "Local/s@mainstem-blocked-list-00000001;1"})
    assert not is_kept({"Event": "VarSet"})


def test_a_number_is_blocked_in_every_spelling_of_its_country() -> None:
    assert spellings("+8613800138000", "CN") == [
        "+8613800138000", "8613800138000", "008613800138000", "13800138000", "013800138000",
    ]  # fmt: skip
    assert spellings("+8613800138000", "DE") == ["+8613800138000", "8613800138000", "008613800138000"]


def test_a_long_list_goes_over_in_lines_that_ami_can_hold() -> None:
    """Only what is different goes over; nothing is lost between the lines."""
    wanted = {f"+8613{number:09}": "0" for number in range(500)}
    there = {"12345": "0", "+8613000000001": "0", "+8613000000002": "5"}
    lines = list(_lines(there, wanted))
    assert len(lines) > 5
    assert max(map(len, lines)) <= 800
    changes = [change for line in lines for change in line.split("&")]
    assert len(changes) == len(set(changes)) == 500
    assert {"12345:", "+8613000000002:0"} <= set(changes)
    assert "+8613000000001:0" not in changes
    assert list(_lines(wanted, wanted)) == []


def test_a_conference_has_no_other_side_and_a_question_leaves_one_waiting() -> None:
    own, ada, bob = ({"Channel": name, "BridgeId": "b"} for name in ("own", "ada", "bob"))
    assert Legs(own, (ada,), (own, ada)).other is ada
    for others in ((), (ada, bob)):
        with pytest.raises(Conflict):
            _ = Legs(own, others, (own, *others)).other
    waits = {**ada, "BridgeId": "a"}
    assert Legs(own, (bob,), (own, bob, waits)).asks
    assert not Legs(own, (ada,), (own, ada)).asks
