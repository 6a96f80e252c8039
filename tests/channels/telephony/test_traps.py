"""What is known to go wrong with Asterisk's events, each as it really came (`tests/lab/asterisk/record.py`)."""

from __future__ import annotations

import asyncio
import random

import pytest

from channels.telephony.ami import open_ami
from channels.telephony.events import CallEvent
from channels.telephony.state import Call
from channels.telephony.switchboard import Switchboard
from channels.telephony.view import part_of, rings_of
from hub.model.call import CallPart
from tests.channels.telephony.test_ami import far_side, sign_in
from tests.channels.telephony.test_machine import NAMES, played, shown, trace

_TOGETHER = ("consultation", "semi-attended", "into-another-queue", "pickup", "queue-pickup", "parked-and-taken-up")


def only(name: str) -> CallPart:
    """The one call of a trace, at its end."""
    [call] = played(trace(name)).calls.values()
    return part_of(call)


def at(name: str, event: str, **fields: str) -> Call:
    """The caller's call after the first event of this kind."""
    board = Switchboard()
    for each in trace(name):
        board.take([each])
        if each.name == event and all(each.get(key) == value for key, value in fields.items()):
            break
    return board.calls[trace(name)[0].linkedid]


def ids_of(name: str) -> list[str]:
    """Every linkedid that a trace names, in order."""
    return list(dict.fromkeys(event.linkedid for event in trace(name) if event.linkedid))


# -- the linkedid changes in mid-call ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", _TOGETHER)
def test_an_old_linkedid_still_finds_the_call(name: str) -> None:
    """S2.9.9: two calls turned out to be one; the elder's id is the call's, and each of them leads to it."""
    board = played(trace(name))
    [call] = board.calls.values()
    assert len(ids_of(name)) > 1
    assert (call.id, sorted(call.linkedids)) == (ids_of(name)[0], sorted(ids_of(name)))
    assert board.merged == dict.fromkeys(ids_of(name)[1:], call.id)
    changed = {e.uniqueid for e in trace(name) if e.uniqueid and e.uniqueid != e.linkedid}
    assert changed


@pytest.mark.parametrize(
    ("name", "event"),
    [("consultation", "BridgeEnter"), ("pickup", "BridgeLeave"), ("consultation", "NewConnectedLine")],
)
def test_the_linkedid_changes_on_whatever_event_asterisk_likes(name: str, event: str) -> None:
    """A channel that began under an id of its own has the other one from here on."""
    own: dict[str, str] = {}
    named = [each for each in trace(name) if each.uniqueid and each.linkedid]
    moved = [each.name for each in named if own.setdefault(each.uniqueid, each.linkedid) != each.linkedid]
    assert event in moved


def test_a_conference_is_one_call_although_its_linkedids_differ_to_the_end() -> None:
    """Asterisk never joins the ids of channels that meet in a ConfBridge; who hears each other is in one call."""
    assert len(ids_of("conference")) == 2
    part = only("conference")
    assert list(part["talk_s"]) == ["1001", "1002"]
    assert part["talk_s"]["1001"] < part["talk_s"]["1002"]


def test_two_customers_in_one_conference_stay_two_calls() -> None:
    """Each has a conversation of its own, whatever an agent does with the lines."""
    events = list(trace("conference"))
    other = [_renamed(e, "PJSIP/trunk-", "PJSIP/trunk-9") for e in events if e.get("Channel").startswith("PJSIP/trunk")]
    enters = next(n for n, e in enumerate(events) if e.name == "ConfbridgeJoin")
    board = played([*events[: enters + 1], *(e for e in other if e.name in ("Newchannel", "BridgeEnter"))])
    callers = [call for call in board.live() if part_of(call)["number"] == "13800138000"]
    assert len(callers) == 2


def _renamed(event: CallEvent, old: str, new: str) -> CallEvent:
    fields = {**event.fields, "Channel": event.get("Channel").replace(old, new)}
    fields |= {key: f"9{fields[key]}" for key in ("Uniqueid", "Linkedid")}
    return CallEvent(fields, event.at)


# -- queues ------------------------------------------------------------------------------------------------------


def test_of_two_who_answer_at_once_one_has_the_call() -> None:
    """S2.9.9, ringall: both were acknowledged by their phones, one was in the bridge."""
    part = only("two-answer-at-once")
    assert sorted(agent["outcome"] or "" for agent in part["agents"]) == ["answered", "no_answer"]
    assert len(part["talk_s"]) == 1


def test_who_answers_and_drops_before_the_bridge_has_not_answered() -> None:
    """The PBX says `ANSWER`, and the phone is up; the caller still waits."""
    answered = at("answers-and-drops", "DialEnd", DialStatus="ANSWER")
    assert part_of(answered)["outcome"] is None
    assert part_of(answered)["state"] == "waiting"
    dropped, talked = only("answers-and-drops")["agents"]
    assert (dropped["answered_at"], dropped["talk_s"], dropped["outcome"]) == (None, 0, "no_answer")
    assert (talked["extension"], talked["outcome"]) == ("1002", "answered")


def test_a_caller_whose_agent_dropped_and_who_gives_up_was_not_answered() -> None:
    part = only("drops-and-nobody-else")
    assert (part["outcome"], part["answered_at"], part["queues"][0]["answered"]) == ("abandoned", None, False)


def test_behind_a_local_channel_talk_ends_when_the_agent_leaves_the_bridge() -> None:
    """The queue counts on until the caller hangs up: it sees only its own end of the Local channel."""
    name = "transfer-behind-a-local-channel"
    [complete] = [event for event in trace(name) if event.name == "AgentComplete"]
    part = only(name)
    assert part["talk_s"]["1001"] < 1 < 3 <= int(complete.get("TalkTime"))
    assert part["talk_s"]["1002"] > 2
    assert [agent["queue"] for agent in part["agents"]] == ["support", None]


def test_a_caller_id_that_differs_between_joining_and_connecting_is_one_call_with_two_visits() -> None:
    """The agent joined the second queue under the own number, the customer was connected out of it."""
    [first, second] = [event for event in trace("into-another-queue") if event.name == "QueueCallerJoin"]
    assert (first.get("CallerIDNum"), second.get("CallerIDNum")) == ("13800138000", "1001")
    part = only("into-another-queue")
    assert part["number"] == "13800138000"
    assert [(visit["queue"], visit["answered"]) for visit in part["queues"]] == [("support", True), ("overflow", True)]
    assert [(agent["extension"], agent["queue"]) for agent in part["agents"]] == [
        ("1001", "support"), ("1002", "overflow"),
    ]  # fmt: skip


# -- pickup, parking, voicemail ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "queue"), [("pickup", ""), ("queue-pickup", "support"), ("parked-and-taken-up", "")])
def test_who_takes_a_call_that_never_rang_there_is_told_of_it(name: str, queue: str) -> None:
    """S2.9.9: the screen pop of a picked up or parked call."""
    call = at(name, "HangupRequest")
    before = played([e for e in trace(name) if e.name not in ("HangupRequest", "Hangup", "BridgeLeave")])
    talking = before.calls[call.id]
    assert ("1003", queue) in [(ring["extension"], ring["queue"]) for ring in rings_of(talking)]


def test_the_second_line_of_a_phone_is_not_a_second_agent() -> None:
    """Who asks a colleague is in the call once, and nobody is told that it rings."""
    asks = at("consultation", "AttendedTransfer")
    assert [each["extension"] for each in part_of(asks)["agents"]] == ["1001", "1002"]
    assert [ring["extension"] for ring in rings_of(asks)].count("1001") <= 1


def test_a_parked_call_says_where() -> None:
    """It is held by nobody: whoever dials the number takes it up. An agent's phone left behind alone does not talk."""
    parked = part_of(at("parked-and-taken-up", "ParkedCall"))
    assert (parked["state"], parked["parked"]) == ("parked", "701")
    assert only("parked-and-taken-up")["parked"] is None
    assert only("parked-and-taken-up")["talk_s"]["1001"] < 1


def test_a_parked_call_that_nobody_takes_up_comes_back() -> None:
    """It rings again where it was parked."""
    assert [agent["extension"] for agent in only("parked-too-long")["agents"]] == ["1001", "1001"]
    assert only("parked-and-given-up")["talk_s"]["1001"] < 1


def test_a_message_left_is_not_a_caller_who_gave_up() -> None:
    """The wait ended where the mailbox began."""
    part = only("voicemail")
    assert (part["voicemail"], part["outcome"]) == ("1001", "no_answer")
    assert 1.5 < part["wait_s"] < 4


# -- the wire ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_a_trace_cut_at_any_byte_gives_the_same_call(name: str) -> None:
    """And with bytes that are no text, unknown events and empty fields in between."""
    noise = b"Event: Odd\r\nName: \xff\xfe\r\nEmpty:\r\nNoColon\r\n\r\n"
    wire = b"".join(_packet(event) + noise for event in trace(name))
    cuts = sorted(random.Random(name).sample(range(1, len(wire)), 40))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sign_in(reader, writer)
        for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
            writer.write(wire[start:end])
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()
        writer.close()

    heard = list[CallEvent]()
    async with far_side(serve) as port, await open_ami("127.0.0.1", port, "u", "s", timeout_s=5) as ami:
        while len(heard) < 2 * len(trace(name)):
            more = await ami.events(10)
            assert more, "the stream stopped"
            heard += [CallEvent(fields, trace(name)[0].at) for fields in more]
    names = [event.name for event in heard if event.name != "Odd"]
    assert names == [event.name for event in trace(name)]
    timed = [CallEvent(h.fields, e.at) for h, e in zip((h for h in heard if h.name != "Odd"), trace(name), strict=True)]
    assert shown(played(timed)) == shown(played([CallEvent(e.fields, e.at) for e in trace(name)]))


def _packet(event: CallEvent) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in event.fields.items()).encode() + b"\r\n"
