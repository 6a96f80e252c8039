"""A desk phone answered from the console, where the PBX lets us (S2.9.9)."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.control import Control
from tests.channels.telephony.conftest import Floor, until
from tests.channels.telephony.steering import act
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, ended, members
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import (
    CANCELLED,
    RINGING,
    agent,
    call,
    pause,
)


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
