"""Who is in a call of a real Asterisk and who waits: transfer, conference, hold, over HTTP (S2.9.9)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.steering import TALKS_ON, act, in_a_call, names, part
from tests.conftest import SignIn
from tests.lab.asterisk.plays import channels, quiet
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    CANCELLED,
    RINGING,
    agent,
    carrier,
    hold,
    pause,
    sound,
)
from tests.lab.asterisk.sound import tone


async def test_a_blind_transfer_brings_the_caller_to_a_colleague(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: the message shows who handed on to whom, and that somebody took it."""
    with agent(pbx, "1002", *TALKS_ON):
        async with in_a_call(pbx, ami, floor) as live:
            await act(floor.agent, live, "transfer", {"to": "1002"})

            async def taken() -> Any:
                moves = (await part(floor, live))["transfers"]
                return moves and moves[0]["completed"]

            await until(taken)
            assert await names(ami) == ["1002", "trunk"]
            [move] = (await part(floor, live))["transfers"]
            assert (move["kind"], move["from"], move["to"]) == ("blind", "1001", "1002")
            await act(floor.agent, live, "hold", status=403)  # not in it any more
    [entry] = await floor.hub.db["audit"].find({"what": "call.transferred"}).to_list()
    assert (entry["actor"], entry["facts"]["to"], entry["facts"]["kind"]) == (floor.agent.user, "1002", "blind")


async def test_a_transfer_to_a_number_outside_is_dialled_in_full(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Any spelling; nonsense is refused with the field."""
    with carrier(pbx, *TALKS_ON):
        async with in_a_call(pbx, ami, floor) as live:
            await act(floor.agent, live, "transfer", {"to": "${SHELL(id)}"}, status=422)
            await act(floor.agent, live, "transfer", {"to": "139 0013 9000"})

            async def outside() -> Any:
                moves = (await part(floor, live))["transfers"]
                return moves and moves[0]["completed"] and await names(ami) == ["trunk", "trunk"]

            await until(outside)
            assert (await part(floor, live))["transfers"][0]["to"] == "+8613900139000"


@pytest.mark.parametrize("to", ["1002", "+86 139 0013 9000"])
async def test_a_consultation_is_completed(pbx: Asterisk, ami: Ami, floor: Floor, to: str) -> None:
    """S2.9.9: the caller waits with music, the agent asks, and hands over."""
    with agent(pbx, "1002", *TALKS_ON), carrier(pbx, *TALKS_ON):
        async with in_a_call(pbx, ami, floor) as live:
            await act(floor.agent, live, "transfer/complete", status=409)
            await act(floor.agent, live, "transfer", {"to": to, "kind": "attended"})
            asked = "1002" if to == "1002" else "trunk"
            await until(lambda: _answered(ami, asked, 2 if asked == "trunk" else 1))
            await act(floor.agent, live, "transfer", {"to": to, "kind": "attended"}, status=409)
            await act(floor.agent, live, "transfer/complete")
            await until(lambda: _same(ami, sorted([asked, "trunk"])))

            async def shown() -> Any:
                moves = (await part(floor, live))["transfers"]
                return moves and moves[0]["completed"]

            await until(shown)
            [move] = (await part(floor, live))["transfers"]
            assert (move["kind"], move["from"]) == ("attended", "1001")
    messages = await floor.hub.db["messages"].count_documents({"kind": "call"})
    assert messages == 1


async def test_a_consultation_is_cancelled_and_the_caller_taken_back(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Also while the colleague's phone still rings."""
    with agent(pbx, "1002", RINGING, CANCELLED):
        async with in_a_call(pbx, ami, floor) as live:
            await act(floor.agent, live, "transfer", {"to": "1002", "kind": "attended"})
            await until(lambda: _there(ami, "1002"))
            await floor.call("held")
            await act(floor.agent, live, "transfer/cancel")
            await until(lambda: _same(ami, ["1001", "trunk"]))
            await floor.call("talking")
            assert (await part(floor, live))["transfers"] == []


async def _answered(ami: Ami, endpoint: str, count: int) -> bool:
    up = [each for each in await channels(ami) if each["ChannelStateDesc"] == "Up" and each.get("BridgeId")]
    return sum(each["Channel"].startswith(f"PJSIP/{endpoint}-") for each in up) >= count


async def _there(ami: Ami, endpoint: str) -> bool:
    return endpoint in await names(ami)


async def _same(ami: Ami, wanted: list[str]) -> bool:
    return await names(ami) == wanted


async def test_a_third_comes_into_the_call_and_nobody_is_left_alone(
    pbx: Asterisk, ami: Ami, floor: Floor, signed_in: SignIn
) -> None:
    """S2.9.9: three in one bridge, one call, one message; the third is told by the pop; the last one is not kept."""
    bob = await signed_in("bob", roles=["SP"])
    await floor.hub.db["record_user"].update_one({"_id": bob.user}, {"$set": {"extension": "1002"}})
    with agent(pbx, "1002", *TALKS_ON):
        async with in_a_call(pbx, ami, floor) as live:
            answer = await act(floor.agent, live, "conference", {"to": "1002"})
            assert [each["to"] for each in answer["part"]["invited"]] == ["1002"]

            async def three() -> Any:
                doc = await floor.call()
                return sorted(doc["talking"]) == ["1001", "1002"] and doc["state"] == "talking"

            await until(three)
            rings = await floor.events("call.ringing")
            assert [each["data"]["extension"] for each in rings] == ["1001", "1002"]
            assert rings[1]["data"]["call"]["id"] == live["message"]
            ada = next(each for each in await channels(ami) if each["Channel"].startswith("PJSIP/trunk-"))
            await ami.ask({"Action": "Hangup", "Channel": ada["Channel"]})
            await until(lambda: _same(ami, ["1001", "1002"]))
            await act(floor.agent, live, "hangup")
            await quiet(ami)
    done = await floor.call("ended")
    assert await floor.hub.db["messages"].count_documents({"kind": "call"}) == 1
    assert [each["extension"] for each in done["part"]["agents"]] == ["1001", "1002"]
    assert (await part(floor, live))["invited"][0]["by"] == floor.agent.user


async def test_a_conference_ends_when_one_alone_is_left(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """The third does not answer, the caller goes: the agent's phone is free again."""
    with agent(pbx, "1002", RINGING, CANCELLED):
        async with in_a_call(pbx, ami, floor) as live:
            await act(floor.agent, live, "conference", {"to": "1002"})
            await until(lambda: _there(ami, "1002"))
            ada = next(each for each in await channels(ami) if each["Channel"].startswith("PJSIP/trunk-"))
            await ami.ask({"Action": "Hangup", "Channel": ada["Channel"]})
            await until(lambda: _gone(ami, "1001"))


async def _gone(ami: Ami, endpoint: str) -> bool:
    return endpoint not in await names(ami)


async def test_the_hub_holds_a_call_for_a_desk_phone(pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path) -> None:
    """S2.9.9: music for the other side, the state `held`, and back; twice is once; no call of its own is seen."""
    hum = sound(tone(tmp_path / "hum.al"))
    async with in_a_call(pbx, ami, floor, RINGING, ANSWER, ACKED, hum, BYED) as live:
        await act(floor.agent, live, "resume", status=409)
        for _ in range(2):
            await act(floor.agent, live, "hold")
        await floor.call("held")
        await until(lambda: _music(ami, 2))  # the two ends of one Local channel, though it was held twice
        await until(lambda: _whispers(ami, 1))
        await act(floor.agent, live, "resume")
        await floor.call("talking")
        await until(lambda: _same(ami, ["1001", "trunk"]))
        await until(lambda: _music(ami, 0))
        await act(floor.agent, live, "hold")
        await until(lambda: _whispers(ami, 1))
        await act(floor.agent, live, "hangup")
    await floor.call("ended")
    assert await floor.hub.db["calls"].count_documents({}) == 1


async def test_a_call_taken_back_at_once_has_no_music(pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path) -> None:
    """The PBX begins the music by and by: what begins after the agent is back ends by itself."""
    hum = sound(tone(tmp_path / "hum.al"))
    async with in_a_call(pbx, ami, floor, RINGING, ANSWER, ACKED, hum, BYED) as live:
        for _ in range(5):
            await act(floor.agent, live, "hold")
            await act(floor.agent, live, "resume")
        await until(lambda: _music(ami, 0))
        own = next(each for each in await channels(ami) if each["Channel"].startswith("PJSIP/1001-"))
        other = next(each for each in await channels(ami) if each["Channel"].startswith("PJSIP/trunk-"))
        late = [f"MAINSTEM_HELD={other['Channel']}", f"MAINSTEM_HOLDER={own['Channel']}", "MAINSTEM_MUSIC=late"]
        await ami.ask({
            "Action": "Originate", "Channel": "Local/music@mainstem-hold/n", "Context": "mainstem-hold",
            "Exten": "whisper", "Priority": "1", "Variable": late,
        })  # fmt: skip
        await until(lambda: _music(ami, 0))
        assert await names(ami) == ["1001", "trunk"]


async def test_a_phone_without_sound_is_held_again(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Asterisk lets a whispering channel go with the next sound to the other side: until then it is in nobody's way."""
    async with in_a_call(pbx, ami, floor) as live:
        for _ in range(3):
            await act(floor.agent, live, "hold")
            await until(lambda: _plays(ami, 1))
            await until(lambda: _whispers(ami, 1))
            await act(floor.agent, live, "resume")
            await until(lambda: _plays(ami, 0))
        await act(floor.agent, live, "hangup")
        await quiet(ami)


async def _whispers(ami: Ami, at_least: int) -> bool:
    """Somebody plays to the other side."""
    there = await channels(ami)
    other = next(each["Channel"] for each in there if each["Channel"].startswith("PJSIP/trunk-"))
    heard = [(each["Application"], each["ApplicationData"].partition(",")[0]) for each in there]
    return heard.count(("ChanSpy", other)) >= at_least


async def _plays(ami: Ami, count: int) -> bool:
    """So many channels play music: the far ends of the Local channels."""
    return (
        sum("@mainstem-hold-" in each["Channel"] and each["Channel"].endswith(";2") for each in await channels(ami))
        == count
    )


async def _music(ami: Ami, count: int) -> bool:
    return sum("@mainstem-hold-" in each["Channel"] for each in await channels(ami)) == count


async def test_a_hold_by_the_phone_gives_the_same_state(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """By re-INVITE; what the phone holds, only the phone takes back."""
    steps = (RINGING, ANSWER, ACKED, pause(1.0), hold(11, "sendonly"), BYED)
    async with in_a_call(pbx, ami, floor, *steps) as live:
        await floor.call("held")
        answer = await act(floor.agent, live, "resume", status=409)
        assert "phone" in answer["detail"]


async def test_who_is_not_in_a_call_does_nothing_with_it(
    pbx: Asterisk, ami: Ami, floor: Floor, signed_in: SignIn
) -> None:
    """A colleague of the queue sees it, others do not even know of it; afterwards it is over for all."""
    colleague, stranger = await signed_in("cy", roles=["SP"], queues=["support"]), await signed_in("eve", roles=["SP"])
    acts = {
        "answer": None, "hold": None, "resume": None, "mute": {"on": True}, "dtmf": {"digits": "1"},
        "transfer": {"to": "1002"}, "transfer/complete": None, "transfer/cancel": None, "conference": {"to": "1002"},
        "recording": {"state": "paused"},
    }  # fmt: skip
    async with in_a_call(pbx, ami, floor) as live:
        for what, body in acts.items():
            await act(colleague, live, what, body, status=403)
            await act(stranger, live, what, body, status=404)
        await act(floor.agent, live, "dtmf", {"digits": "1;x"}, status=422)
        await act(floor.agent, live, "answer", status=409)
    await floor.call("ended")
    for what, body in acts.items():
        await act(floor.agent, live, what, body, status=409)
