"""Steering calls of a real Asterisk over HTTP: hold, mute, transfer, conference, keys, recording (S2.9.9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, open_ami
from channels.telephony.control import Control
from tests.channels.telephony.conftest import Floor, until
from tests.conftest import SignedIn, SignIn
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, ended, members, quiet
from tests.lab.asterisk.server import CARRIER, PHONES, PHONES_SECRET, PHONES_USER, SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    CANCELLED,
    RINGING,
    agent,
    call,
    carrier,
    hears_at,
    hold,
    pause,
    sound,
)
from tests.lab.asterisk.sound import RATE, Ear, rms, tone

LOUD = 600
"""Between silence and a hum, as `rms` measures them."""
TALKS_ON = (RINGING, ANSWER, ACKED, BYED)


@asynccontextmanager
async def in_a_call(pbx: Asterisk, ami: Ami, floor: Floor, *steps: str, number: str = "4000") -> AsyncIterator[Any]:
    """Ada talks with extension 1001; everything is hung up at the end."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *(steps or TALKS_ON)),
            call(pbx, number, ADA.dials, ADA.is_answered, pause(60), ADA.hangs_up),
        ):
            try:
                yield await floor.call("talking")
            finally:
                await all_hung_up(ami)


async def act(who: SignedIn, live: Any, what: str, body: Any = None, status: int = 200) -> Any:
    """Do something with the call."""
    got, answer = await who.call("POST", f"/api/calls/{live['message']}/{what}", body)
    assert got == status, answer
    return answer


async def part(floor: Floor, live: Any) -> Any:
    """The call part of the message."""
    _, message = await floor.supervisor.call("GET", f"/api/messages/{live['message']}")
    return message["call"]


async def names(ami: Ami) -> list[str]:
    """Who is in the PBX now, but for Local channels."""
    found = [each["Channel"].partition("/")[2].rpartition("-")[0] for each in await channels(ami)]
    return sorted(name for name in found if "@" not in name)


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


async def test_a_phone_is_muted_and_stays_so_over_a_hold(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """By direction; the call says how it stands."""
    async with in_a_call(pbx, ami, floor) as live:
        own = next(each for each in await channels(ami) if each["Channel"].startswith("PJSIP/1001-"))

        async def muted() -> str:
            answer = await ami.ask({"Action": "Getvar", "Channel": own["Channel"], "Variable": "MAINSTEM_MUTED"})
            return answer.get("Value", "")

        answer = await act(floor.agent, live, "mute", {"on": True})
        assert answer["part"]["muted"] == {"1001": "in"}
        await act(floor.agent, live, "hold")
        await act(floor.agent, live, "resume")
        assert await muted() == "in"
        answer = await act(floor.supervisor, live, "mute", {"on": True, "direction": "out"})
        assert answer["part"]["muted"] == {"1001": "all"}
        answer = await act(floor.agent, live, "mute", {"on": False, "direction": "all"})
        assert answer["part"]["muted"] == {}
        assert await muted() == ""
        _, listed = await floor.agent.call("GET", "/api/calls?state=live")
        assert listed["items"][0]["part"]["muted"] == {}


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


def pressed(key: str) -> str:
    """The caller's side gets a key (SIP INFO, as no telephone events were agreed on)."""
    found = f'<ereg regexp="Signal= *[{key}]" search_in="body" check_it="true" assign_to="key"/>'
    ok = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0"
    return f'<recv request="INFO"><action>{found}</action></recv><send><![CDATA[\n{ok}\n\n]]></send>'


async def test_keys_are_played_to_the_other_side(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: for an agent who must get through somebody else's menu; which keys is in no log."""
    hears = [ADA.dials, ADA.is_answered, *map(pressed, "19*#"), '<Reference variables="key"/>']
    async with members(ami, "1001"):
        with agent(pbx, "1001", *TALKS_ON), call(pbx, "4000", *hears) as ada:
            live = await floor.call("talking")
            await act(floor.agent, live, "dtmf", {"digits": "19*#"})
            await ended(ada)
            await all_hung_up(ami)
    [entry] = await floor.hub.db["audit"].find({"what": "call.keys"}).to_list()
    assert entry["facts"] == {"account": "pbx", "extension": "1001", "count": 4}


async def test_the_recording_stands_still_for_card_data(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: who wanted it when stands on the call; a second pause is the same one; it ends with the call."""
    async with (
        await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as watcher,
        in_a_call(pbx, ami, floor, number="4007") as live,
    ):
        watcher.waiting()
        await act(floor.agent, live, "recording", {"state": "paused"})
        answer = await act(floor.agent, live, "recording", {"state": "paused"})
        [pause_] = answer["part"]["pauses"]
        assert (pause_["by"], pause_["name"], pause_["until"]) == (floor.agent.user, "Ann", None)
        answer = await act(floor.agent, live, "recording", {"state": "running"})
        assert [bool(each["until"]) for each in answer["part"]["pauses"]] == [True]
        answer = await act(floor.agent, live, "recording", {"state": "paused"})
        assert [bool(each["until"]) for each in answer["part"]["pauses"]] == [True, False]
        told = [each["State"] for each in await watcher.events(5) if each["Event"] == "MixMonitorMute"]
        assert told == ["1", "1", "0", "1"]
    done = await floor.call("ended")

    async def closed() -> Any:
        return all(each["until"] for each in (await part(floor, live))["pauses"])

    await until(closed)
    assert (await part(floor, live))["pauses"][1]["until"] >= (await part(floor, live))["pauses"][1]["from"]
    assert done["part"]["outcome"] == "answered"
    audited = await floor.hub.db["audit"].find({"what": "call.recording"}).sort("_id", 1).to_list()
    assert [each["facts"]["state"] for each in audited] == ["paused", "paused", "running", "paused"]


async def test_a_pause_ends_when_the_call_comes_to_somebody_else(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """What the next agent is told is recorded again."""
    with agent(pbx, "1002", *TALKS_ON):
        async with in_a_call(pbx, ami, floor, number="4007") as live:
            await act(floor.agent, live, "recording", {"state": "paused"})
            await act(floor.agent, live, "transfer", {"to": "1002"})
            assert all(each["until"] for each in (await part(floor, live))["pauses"])


async def test_a_desk_phone_is_answered_by_hand_unless_the_pbx_lets_us(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """Without the AMI user for phones nobody may send a NOTIFY: the agent is told so."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(60), ADA.hangs_up),
        ):
            ringing = await floor.call("ringing")
            answer = await act(floor.agent, ringing, "answer", status=409)
            assert (answer["reason"], "by hand" in answer["detail"]) == ("by-hand", True)
            await all_hung_up(ami)


async def test_a_desk_phone_answers_when_it_is_told_to(pbx: Asterisk, ami: Ami) -> None:
    """RFC 3265 NOTIFY with `Event: talk` inside the ringing dialogue, by the AMI user for phones."""
    told = (
        '<recv request="NOTIFY"><action><ereg regexp="talk" search_in="hdr" header="Event:" check_it="true" '
        'assign_to="event"/></action></recv><Reference variables="event"/>'
    )
    ok = "<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>"
    account = TelephonyAccount(
        id="pbx",
        host="127.0.0.1",
        port=pbx.ami,
        username=USER,
        secret=SecretStr(SECRET),
        phones_username=PHONES_USER,
        phones_secret=SecretStr(PHONES_SECRET),
    )
    async with members(ami, "1004"):  # no other test rings it: nothing that was meant for an earlier call reaches it
        with (
            agent(pbx, "1004", RINGING, told, ok, CANCELLED, calls=1) as phone,
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(60), ADA.hangs_up),
        ):
            ringing = await until(lambda: _ringing(ami))
            await Control().answer(account, [ringing["Linkedid"]], "1004")
            await all_hung_up(ami)  # a phone that did not answer the CANCEL would get it again in the next test
            await ended(phone)


async def _ringing(ami: Ami) -> Any:
    found = [each for each in await channels(ami) if each["Channel"].startswith("PJSIP/1004-")]
    return next((each for each in found if each["ChannelStateDesc"] == "Ringing"), None)


async def loudness(ear: Ear, seconds: float) -> list[float]:
    """What arrives at an ear from now on, in pieces of 20 ms; where nothing comes, it is still."""
    ear.heard()
    await asyncio.sleep(seconds)
    samples = ear.heard()
    samples += [0] * max(0, int(seconds * RATE) - len(samples))
    return [rms(samples[at : at + 160]) for at in range(0, len(samples) - 159, 160)]


async def mostly(ear: Ear, seconds: float = 1.0) -> float:
    """How loud it is for most of the time."""
    return sorted(pieces := await loudness(ear, seconds))[len(pieces) // 2]


async def _loud(ear: Ear) -> bool:
    return await mostly(ear) > LOUD


async def _still(ear: Ear) -> bool:
    return await mostly(ear) < LOUD


async def test_on_hold_the_caller_hears_that_the_call_is_there_and_not_the_agent(
    pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path
) -> None:
    """Real sound: the agent hums; held, the caller gets the soft tone now and then; resumed the hum; muted nothing."""
    hum = sound(tone(tmp_path / "hum.al"))
    with Ear(CARRIER) as ada:
        async with members(ami, "1001"):
            with (
                agent(pbx, "1001", RINGING, ANSWER, ACKED, hum, BYED),
                call(pbx, "4000", hears_at(ADA.dials, ada.port), ADA.is_answered, pause(120)),
            ):
                try:
                    live = await floor.call("talking")
                    await until(lambda: _loud(ada))
                    await act(floor.agent, live, "hold")
                    await until(lambda: _still(ada))

                    async def tone_heard() -> bool:
                        return max(await loudness(ada, 5.0)) > LOUD

                    await until(tone_heard)
                    await until(lambda: _still(ada))  # between two tones
                    await act(floor.agent, live, "resume")
                    await until(lambda: _loud(ada))
                    await act(floor.agent, live, "mute", {"on": True})
                    await until(lambda: _still(ada))
                finally:
                    await all_hung_up(ami)


async def test_on_hold_the_agent_does_not_hear_the_caller(
    pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path
) -> None:
    """Real sound: the caller hums; held, nothing of it reaches the agent; muted, the agent still hears."""
    hum = sound(tone(tmp_path / "hum.al"))
    with Ear(PHONES) as phone:
        async with members(ami, "1001"):
            with (
                agent(pbx, "1001", RINGING, hears_at(ANSWER, phone.port), ACKED, BYED),
                call(pbx, "4000", ADA.dials, ADA.is_answered, hum, pause(120)),
            ):
                try:
                    live = await floor.call("talking")
                    await until(lambda: _loud(phone))
                    await act(floor.agent, live, "hold")
                    await until(lambda: _still(phone))
                    assert max(await loudness(phone, 2.0)) < LOUD
                    await act(floor.agent, live, "resume")
                    await until(lambda: _loud(phone))
                    await act(floor.agent, live, "mute", {"on": True})
                    assert await _loud(phone)
                finally:
                    await all_hung_up(ami)
