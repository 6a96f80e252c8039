"""Whether a call is recorded now, from what the PBX said, and from what it could not say (pure, S2.9.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from channels.telephony.events import CallEvent, is_kept
from channels.telephony.machine import merge
from channels.telephony.snapshot import Unheard, tapes
from channels.telephony.state import Call
from channels.telephony.switchboard import Switchboard
from channels.telephony.taping import recording_of
from channels.telephony.view import part_of, tapes_of
from tests.channels.telephony.test_machine import played, trace

NAME = "recording-stands-still"
LATER = datetime(2036, 11, 23, 12, tzinfo=UTC)
MUTED = [n for n, event in enumerate(trace(NAME)) if event.name == "MixMonitorMute"]


def until(place: int) -> Switchboard:
    """The switchboard after so many events of the trace."""
    return played(trace(NAME)[:place])


def only(board: Switchboard) -> Call:
    """Its one call."""
    [call] = board.calls.values()
    return call


def known(board: Switchboard) -> frozenset[str]:
    """All its channels."""
    return frozenset(only(board).legs)


def doubts(board: Switchboard, before: frozenset[str], told: frozenset[str], at: datetime) -> list[CallEvent]:
    """What follows from a time unheard, where the PBX does not say what it records."""
    return tapes(board, before, told, {}, Unheard(None, at))


def asked(board: Switchboard, recorded: Mapping[str, bool], since: datetime | None = None) -> list[str]:
    """The switchboard in step with what the PBX says that it records; which events that made."""
    found = tapes(board, known(board), frozenset(), recorded, Unheard(since, LATER))
    assert all(is_kept(event.fields) and event.fields["Mainstem"] == "snapshot" for event in found)
    board.take(found)
    board.take(found)  # a replay
    assert tapes(board, known(board), frozenset(), recorded, Unheard(since, LATER)) == []
    return [event.name for event in found]


def test_the_word_of_the_pbx_is_the_state() -> None:
    """On from the start of the recording, paused and on again as it says, nothing when the call is over."""
    states = [recording_of(only(until(n))) for n in range(1, len(trace(NAME)) + 1)]
    assert list(dict.fromkeys(states)) == [None, "on", "paused"]
    assert [states[n] for n in MUTED] == ["paused", "on"]
    assert states[-1] is None
    assert [part_of(only(until(n + 1)))["recording_now"] for n in MUTED] == ["paused", "on"]
    assert all(is_kept(trace(NAME)[n].fields) for n in MUTED)


def test_the_order_of_the_pbx_counts_not_that_of_the_line() -> None:
    """Both events in either order, and twice: on in the end."""
    before, (first, second) = trace(NAME)[: MUTED[0]], [replace(trace(NAME)[n], n=0) for n in MUTED]
    for events in ([first, second], [second, first], [first, second, first, second]):
        board = played(before)
        board.take(events)
        assert recording_of(only(board)) == "on"


def test_a_recording_that_leaves_out_one_side_is_on() -> None:
    """Somebody else told the PBX to: half of what is said is in it."""
    board, event = until(MUTED[0]), trace(NAME)[MUTED[0]]
    board.take([CallEvent({**event.fields, "Direction": "read"}, event.at)])
    assert recording_of(only(board)) == "on"


def test_a_pause_is_known_though_the_beginning_of_the_recording_was_not_heard() -> None:
    """The event names the channel."""
    board = played(event for event in trace(NAME)[: MUTED[0] + 1] if event.name != "MixMonitorStart")
    assert recording_of(only(board)) == "paused"


def test_after_a_time_unheard_it_is_unknown_until_the_pbx_says_something() -> None:
    """Paused or on: it may have changed. Asked again, nothing is new; the next word settles it."""
    for place in MUTED:
        board = until(place + 1)
        found = doubts(board, known(board), frozenset(), LATER)
        assert [event.name for event in found] == ["MainstemTapeDoubt"]
        assert is_kept(found[0].fields)
        board.take(found)
        assert recording_of(only(board)) == "unknown"
        assert doubts(board, known(board), frozenset(), LATER) == []
        said = trace(NAME)[MUTED[0]]
        board.take([CallEvent(said.fields, LATER + timedelta(seconds=1))])
        assert recording_of(only(board)) == "paused"


def test_what_the_pbx_said_since_it_is_heard_again_is_no_doubt() -> None:
    """Nor is a recording that began since, nor a call that is over."""
    board = until(MUTED[0] + 1)
    [tape] = only(board).tapes
    assert doubts(board, known(board), frozenset({tape.uniqueid}), LATER) == []
    assert doubts(board, frozenset(), frozenset(), LATER) == []
    over = played(trace(NAME))
    assert doubts(over, known(over), frozenset(), LATER) == []


def test_of_two_recordings_the_one_that_runs_counts() -> None:
    """Two calls that became one: nothing is said to be paused while anything is recorded."""
    paused, on = only(until(MUTED[0] + 1)), only(until(MUTED[1] + 1))
    renamed = on.tapes[0].uniqueid + "x"
    other = replace(
        on, tapes=(replace(on.tapes[0], uniqueid=renamed),), tape_marks=(),
        legs={renamed: replace(next(iter(on.legs.values())), uniqueid=renamed)},
    )  # fmt: skip
    assert recording_of(merge(paused, other)) == "on"


def unrecorded(place: int) -> Switchboard:
    """The same, of a hub that did not hear the recording begin."""
    return played(event for event in trace(NAME)[:place] if not event.name.startswith("MixMonitor"))


def test_a_recording_whose_beginning_nobody_heard_is_found_by_the_answer_of_the_pbx() -> None:
    """It is fetched like every other; whether it was paused meanwhile nobody knows. Its channel's name is its file's."""
    board = unrecorded(MUTED[0])
    channel = only(until(MUTED[0])).tapes[0].uniqueid
    others = dict.fromkeys(known(board) - {channel}, False)
    assert asked(board, {channel: True, **others}) == ["MixMonitorStart", "MainstemTapeDoubt"]
    assert recording_of(only(board)) == "unknown"
    [tape] = tapes_of(only(board))
    assert (tape["channel"], tape["talked"]) == (channel, True)
    assert tape["from_s"] == tapes_of(only(until(MUTED[0])))[0]["from_s"]  # it runs while the channel talks


def test_a_recording_that_was_found_did_not_begin_before_nobody_listened() -> None:
    """What was heard until then had no such event."""
    board = unrecorded(MUTED[0])
    channel = only(until(MUTED[0])).tapes[0].uniqueid
    since = board.latest + timedelta(seconds=7)
    asked(board, {channel: True}, since)
    [tape] = only(board).tapes
    assert tape.at == since


def test_a_channel_that_is_recorded_no_more_is_said_to_be_so() -> None:
    """On or paused before: not recorded now. What it recorded stays, and what begins again is on."""
    for place in MUTED:
        board = until(place + 1)
        [tape] = only(board).tapes
        assert asked(board, {tape.uniqueid: False}) == ["MainstemTapeOver"]
        assert recording_of(only(board)) is None
        assert only(board).tapes == (tape,)
        begins = next(event for event in trace(NAME) if event.name == "MixMonitorStart")
        board.take([CallEvent(begins.fields, LATER + timedelta(seconds=1))])
        assert recording_of(only(board)) == "on"
        assert only(board).tapes == (tape,)


def test_what_is_recorded_still_is_unknown_and_what_never_was_stays_so() -> None:
    """That it is recorded does not say that it does not stand still."""
    board = until(MUTED[0] + 1)
    [tape] = only(board).tapes
    assert asked(board, {tape.uniqueid: True}) == ["MainstemTapeDoubt"]
    assert recording_of(only(board)) == "unknown"
    never = unrecorded(MUTED[0])
    assert asked(never, dict.fromkeys(known(never), False)) == []
    assert recording_of(only(never)) is None


def test_a_channel_that_ended_unseen_may_have_left_a_file() -> None:
    """Of a recording that began and ended while nobody listened only its file can tell: it is looked for, not promised."""
    board = unrecorded(MUTED[0])
    legs = [leg for leg in only(board).legs.values() if leg.role != "local"]
    names = {"Channel": legs[0].channel, "Uniqueid": legs[0].uniqueid, "Linkedid": only(board).id}
    board.take([CallEvent({"Event": "MainstemBlindEnd", **names}, LATER)])
    assert tapes_of(only(board)) == [{"channel": legs[0].uniqueid, "from_s": 0.0, "talked": False}]
