"""What the two sides of a steered call hear: music, silence, keys (S2.9.9)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from channels.telephony.ami import Ami
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.steering import TALKS_ON, act, in_a_call
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, ended, members
from tests.lab.asterisk.server import CARRIER, PHONES, Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    BYED,
    RINGING,
    agent,
    call,
    hears_at,
    pause,
    sound,
)
from tests.lab.asterisk.sound import RATE, Ear, rms, tone

LOUD = 600
"""Between silence and a hum, as `rms` measures them."""


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
