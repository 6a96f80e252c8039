"""A plan on a real Asterisk: callers reach what it says, and hear what it says. (S2.9.9)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.plan import Plans
from hub.desk.pbx_files import write_files
from hub.errors import SetupError
from tests.channels.telephony.conftest import until
from tests.lab.asterisk.plays import ADA, all_hung_up, channel_of, channels, ended, members, quiet
from tests.lab.asterisk.server import CARRIER, PHONES_SECRET, PHONES_USER, SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent, call, hang_up, hears_at, pause
from tests.lab.asterisk.sound import Ear, rms

ZONE = "Asia/Shanghai"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = [{"opens": "00:00", "closes": "24:00"}]
LOUD = 300
"""Between silence and a spoken word, as `rms` measures them."""
PRESSED = 1.5
"""A menu reads keys as soon as its prompt begins, which is at once after the answer."""


def plan() -> dict[str, Any]:
    """Numbers that are always open, and one for which today is a holiday (and the days around: midnight may come)."""
    today = datetime.now(ZoneInfo(ZONE)).date()
    holidays = [{"date": (today + timedelta(days=n)).isoformat(), "note": "holiday"} for n in (-1, 0, 1)]
    week = dict.fromkeys(WEEK, ALWAYS)
    keys = {"1": {"to": "extension", "name": "1003"}, "2": {"to": "queue", "name": "hot-line"}}
    menu = {"prompt": "vm-intro", "keys": keys, "timeout_s": 30, "invalid_prompt": "beep", "repeats": 2}
    return {
        "queues": {
            "hot-line": {"strategy": "fewestcalls", "weight": 7, "ring_s": 20, "wait_s": 60, "announce_position": True},
            "careful": {"weight": 3},
        },
        "hours": {"always": {"zone": ZONE, "week": week}, "feast": {"zone": ZONE, "week": week, "days": holidays}},
        "menus": {
            "main": {**menu, "on_timeout": {"to": "extension", "name": "1004"}},
            "round": {**menu, "prompt": "beep", "timeout_s": 1, "repeats": 0, "on_timeout": {"to": "menu", "name": "round"}},
        },
        "numbers": {
            "4100": {"open": {"to": "menu", "name": "main"}, "hours": "always"},
            "4101": {
                "open": {"to": "menu", "name": "main"}, "hours": "feast",
                "closed": {"prompt": "vm-goodbye", "then": {"to": "voicemail", "name": "1002"}},
            },
            "4102": {
                "open": {"to": "menu", "name": "main"}, "hours": "feast", "closed": {"prompt": "vm-goodbye"},
            },
            "4103": {"open": {"to": "menu", "name": "round"}},
            "4004": {"open": {"to": "menu", "name": "main"}},
        },
    }  # fmt: skip


def account(pbx: Asterisk, **more: Any) -> TelephonyAccount:
    """The PBX with the user who may have it read its files anew."""
    keeper = {"phones_username": PHONES_USER, "phones_secret": SecretStr(PHONES_SECRET)}
    return TelephonyAccount(
        id="pbx", host="127.0.0.1", port=pbx.ami, username=USER, secret=SecretStr(SECRET), **{**keeper, **more}
    )


@pytest.fixture
async def planned(pbx: Asterisk, ami: Ami) -> AsyncIterator[Asterisk]:
    """The PBX with the plan, and without it afterwards."""
    local, files = pbx.folder / "etc" / "local", Plans().render(plan())
    write_files(local, files)
    await Plans().reload(account(pbx))
    yield pbx
    await all_hung_up(ami)
    for name in files:
        (local / name).unlink()
    await Plans().reload(account(pbx))


async def at(ami: Ami, application: str) -> dict[str, str]:
    """Wait until the caller's channel runs an application; the channel."""

    async def there() -> dict[str, str] | None:
        found = [each for each in await channels(ami) if each["Channel"].startswith("PJSIP/trunk-")]
        return next((each for each in found if each["Application"] == application), None)

    found: dict[str, str] = await until(there)
    return found


async def settings_of(ami: Ami, queue: str) -> dict[str, str]:
    """A queue as the PBX has it."""
    [found] = await ami.listing({"Action": "QueueStatus", "Queue": queue}, "QueueParams")
    return found


async def test_a_key_in_opening_hours_leads_to_the_queue(planned: Asterisk, ami: Ami) -> None:
    """S2.9.9: number, hours, menu, key 2, queue; an agent of that queue answers."""
    steps = (ADA.dials, ADA.is_answered, pause(PRESSED), ADA.presses("2", 2), BYED)
    async with members(ami, "1002", queue="hot-line"):
        with (
            agent(planned, "1002", RINGING, ANSWER, ACKED, pause(3), hang_up(), calls=1) as phone,
            call(planned, "4100", *steps) as ada,
        ):
            await channel_of(ami, "1002")
            assert (await at(ami, "Queue"))["ApplicationData"].startswith("hot-line,tT")
            await ended(phone)
            await ended(ada)
            await quiet(ami)


async def test_a_changed_plan_counts_at_once_and_disturbs_neither_agents_nor_callers(
    planned: Asterisk, ami: Ami
) -> None:
    """The members are put in over AMI; a caller who is in a menu goes on from there."""
    before = await settings_of(ami, "hot-line")
    assert (before["Strategy"], before["Weight"]) == ("fewestcalls", "7")
    changed = plan()
    changed["queues"]["hot-line"] |= {"strategy": "ringall", "weight": 9}
    steps = (ADA.dials, ADA.is_answered, pause(PRESSED + 2), ADA.presses("2", 2), BYED)
    async with members(ami, "1002", queue="hot-line"):
        with (
            agent(planned, "1002", RINGING, ANSWER, ACKED, pause(1), hang_up(), calls=1),
            call(planned, "4100", *steps) as ada,
        ):
            await at(ami, "Read")
            write_files(planned.folder / "etc" / "local", Plans().render(changed))
            await Plans().reload(account(planned))

            async def counts() -> bool:
                now = await settings_of(ami, "hot-line")
                return (now["Strategy"], now["Weight"]) == ("ringall", "9")

            await until(counts)
            inside = await ami.listing({"Action": "QueueStatus", "Queue": "hot-line"}, "QueueMember")
            assert [each["Location"] for each in inside] == ["PJSIP/1002"]
            await channel_of(ami, "1002")
            await ended(ada)
            await quiet(ami)


async def test_the_plan_goes_before_what_the_site_wrote_itself(planned: Asterisk, ami: Ami) -> None:
    """The lab's own files have a queue and a number of these names."""
    assert (await settings_of(ami, "careful"))["Weight"] == "3"
    with call(planned, "4004", ADA.dials, ADA.is_answered, pause(30)):
        assert (await at(ami, "Read"))["ApplicationData"].startswith("MAINSTEM_KEY,vm-intro")


async def test_who_calls_on_a_holiday_hears_that_it_is_closed_and_may_leave_a_message(
    planned: Asterisk, ami: Ami
) -> None:
    """S2.9.9: the weekday is open, the day is not."""
    with Ear(CARRIER) as ear, call(planned, "4101", hears_at(ADA.dials, ear.port), ADA.is_answered, pause(30)):
        assert (await at(ami, "Playback"))["ApplicationData"] == "vm-goodbye"
        assert (await at(ami, "VoiceMail"))["ApplicationData"] == "1002@default,u"
        assert rms(ear.heard()) > LOUD


async def test_who_calls_on_a_holiday_hears_that_it_is_closed_and_is_hung_up(planned: Asterisk, ami: Ami) -> None:
    with Ear(CARRIER) as ear, call(planned, "4102", hears_at(ADA.dials, ear.port), ADA.is_answered, BYED) as ada:
        await ended(ada)
        assert rms(ear.heard()) > LOUD
    await quiet(ami)


async def test_a_wrong_key_is_asked_for_again_twice_and_then_the_call_ends(planned: Asterisk, ami: Ami) -> None:
    """The scenario fails where the PBX hangs up after the first or second, and runs out of time where it never does."""
    again = (pause(PRESSED + 1), ADA.presses("9", 2), pause(PRESSED + 1), ADA.presses("9", 3))
    last = (pause(PRESSED + 1), ADA.presses("9", 4), BYED)
    with call(planned, "4100", ADA.dials, ADA.is_answered, *again, *last) as ada:
        await ended(ada)
    await quiet(ami)


async def test_menus_that_lead_to_each_other_end_after_so_many_steps(planned: Asterisk, ami: Ami) -> None:
    """A call that has passed most of its steps already goes round a few times and is hung up."""
    await ami.ask({
        "Action": "Originate", "Channel": "Local/4103@mainstem-plan-numbers/n", "Application": "Wait", "Data": "300",
        "Variable": "__MAINSTEM_STEPS=38", "Async": "true",
    })  # fmt: skip

    async def in_the_menu() -> bool:
        return any(each["Application"] == "Read" for each in await channels(ami))

    await until(in_the_menu)
    async with asyncio.timeout(25):  # forty rounds would take twice as long, a call without a bound for ever
        await quiet(ami)


async def test_without_a_user_who_may_reload_the_operator_is_told_what_to_run(pbx: Asterisk) -> None:
    with pytest.raises(SetupError, match="dialplan reload"):
        await Plans().reload(account(pbx, phones_username="", phones_secret=None))
