"""What nobody told us while the PBX could not be heard (pure)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from channels.telephony.news import news_of
from channels.telephony.snapshot import Snapshot, differences
from channels.telephony.switchboard import Switchboard
from channels.telephony.view import part_of
from tests.channels.telephony.test_machine import played, trace

NOW = datetime(2036, 11, 23, 12, tzinfo=UTC)
CALLER = {"Channel": "PJSIP/trunk-1", "Uniqueid": "5.1", "Linkedid": "5.1", "CallerIDNum": "13800138000",
          "ChannelStateDesc": "Up", "Duration": "00:01:30", "Exten": "4000"}  # fmt: skip


def talking() -> Switchboard:
    """A caller and an agent who talk."""
    events = trace("queue-answered")
    last = next(n for n, event in enumerate(events) if event.name == "HangupRequest")
    board = played(events[:last])
    assert part_of(next(iter(board.calls.values())))["state"] == "talking"
    return board


def known(board: Switchboard) -> frozenset[str]:
    """All its channels."""
    return frozenset(leg for call in board.live() for leg in call.legs)


def after(board: Switchboard, now: Snapshot, heard: frozenset[str] = frozenset()) -> Switchboard:
    """The switchboard in step with the snapshot."""
    board.take(differences(board, known(board), heard, now))
    return board


def test_a_call_that_is_gone_is_ended_with_a_mark() -> None:
    """It was answered, and stays so; how long it went on nobody knows."""
    [call] = after(talking(), Snapshot((), (), NOW)).calls.values()
    part = part_of(call)
    assert (part["state"], part["outcome"], part["blind"], part["ended_at"]) == ("ended", "answered", True, NOW)


def test_a_pbx_whose_clock_is_ahead_leaves_no_ghost() -> None:
    """By our clock the call has not even begun."""
    [call] = after(talking(), Snapshot((), (), datetime(2020, 1, 1, tzinfo=UTC))).calls.values()
    part = part_of(call)
    assert (part["state"], part["blind"]) == ("ended", True)
    assert part["ended_at"] is not None
    assert part["began_at"] is not None
    assert part["ended_at"] > part["began_at"]


def test_what_was_heard_since_is_newer_than_the_snapshot() -> None:
    """A channel that an event came of meanwhile is no ghost, and none that began meanwhile."""
    board = talking()
    assert differences(board, known(board), known(board), Snapshot((), (), NOW)) == []
    assert differences(board, frozenset(), frozenset(), Snapshot((), (), NOW)) == []


def test_a_call_that_began_unheard_is_there_with_its_true_beginning() -> None:
    entry = {"Uniqueid": "5.1", "Queue": "support", "Wait": "60", "Channel": "PJSIP/trunk-1"}
    [call] = after(Switchboard(), Snapshot((CALLER,), (entry,), NOW)).calls.values()
    part = part_of(call)
    assert (part["state"], part["queue"], part["number"]) == ("waiting", "support", "13800138000")
    assert part["began_at"] == NOW - timedelta(seconds=90)
    assert part["queues"][0]["joined_at"] == NOW - timedelta(seconds=60)


def test_a_call_that_was_answered_unheard_has_a_message_while_it_goes_on() -> None:
    """Who is in it was called, though nobody heard that."""
    agent = {**CALLER, "Channel": "PJSIP/1001-2", "Uniqueid": "5.2", "BridgeId": "b"}
    [call] = after(Switchboard(), Snapshot(({**CALLER, "BridgeId": "b"}, agent), (), NOW)).calls.values()
    news = news_of(call, "CN", heard_at=NOW)
    assert (news.told, news.part["direction"], news.part["state"]) == (True, "inbound", "talking")
    [alone] = after(Switchboard(), Snapshot((CALLER,), (), NOW)).calls.values()
    assert not news_of(alone, "CN", heard_at=NOW).told


def test_who_left_the_bridge_or_the_queue_unheard_is_out_of_it() -> None:
    """The agent hung up; the caller is still there, alone."""
    board = talking()
    [call] = board.calls.values()
    caller = {**CALLER, "Uniqueid": call.id, "Linkedid": call.id}
    part = part_of(after(board, Snapshot((caller,), (), NOW)).calls[call.id])
    assert (part["state"], part["agents"][0]["ended_at"]) == ("arrived", NOW)
    waiting = played(trace("queue-answered")[:4])
    caller = {**CALLER, "Uniqueid": next(iter(waiting.calls)), "Linkedid": next(iter(waiting.calls))}
    assert part_of(next(iter(waiting.calls.values())))["state"] in ("waiting", "ringing")
    [gone] = after(waiting, Snapshot((caller,), (), NOW)).calls.values()
    assert part_of(gone)["state"] == "arrived"


def test_a_snapshot_that_says_what_we_know_changes_nothing() -> None:
    board = talking()
    [call] = board.calls.values()
    channels = tuple(
        {"Channel": leg.channel, "Uniqueid": leg.uniqueid, "Linkedid": call.id, "ChannelStateDesc": "Up",
         "BridgeId": leg.spans[-1].bridge}
        for leg in call.legs.values()
    )  # fmt: skip
    assert differences(board, known(board), frozenset(), Snapshot(channels, (), NOW)) == []
