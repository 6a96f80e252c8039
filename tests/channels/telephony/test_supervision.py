"""Supervisors beside a call of a real Asterisk: what each of the three hears, measured (S2.9.9, supervision)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami
from hub.store.client import Doc
from tests.channels.telephony.conftest import Floor, until
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, members, spying
from tests.lab.asterisk.server import CARRIER, PHONES, Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent, call, hears_at, pause, sound
from tests.lab.asterisk.sound import Ear, rms, tone


@pytest.fixture
def ami_port(cable: Cable) -> int:
    """The hub goes through the cable."""
    return cable.port


LOUD = 3000.0
"""A tone of peak 9000 has an RMS of 6364; two at once have more, silence has less than 100."""


@dataclass
class Scene:
    """A caller who hums, an agent who is silent, a supervisor who hums."""

    call: Doc
    customer: Ear
    agent: Ear
    supervisor: Ear

    async def hear(self, customer: bool, agent: bool, supervisor: bool) -> None:
        """Wait until exactly these hear somebody."""
        wanted = (customer, agent, supervisor)
        heard: tuple[float, ...] = ()

        async def so() -> bool:
            nonlocal heard
            for ear in (self.customer, self.agent, self.supervisor):
                ear.heard()
            await asyncio.sleep(0.4)  # a stretch of sound to be measured
            heard = tuple(rms(ear.heard()) for ear in (self.customer, self.agent, self.supervisor))
            return tuple(loud > LOUD for loud in heard) == wanted

        try:
            await until(so, 20)
        except TimeoutError:
            raise AssertionError(f"heard {heard}, wanted {wanted}") from None


@asynccontextmanager
async def scene(pbx: Asterisk, ami: Ami, floor: Floor, path: Path, *, caller_hums: bool) -> AsyncIterator[Scene]:
    """The call goes on; the supervisor has the phone 1003."""
    hum, quiet = sound(tone(path / "hum.al")), sound(tone(path / "quiet.al", peak=0))
    users = floor.hub.db["record_user"]
    await users.update_one({"_id": floor.supervisor.user}, {"$set": {"extension": "1003"}})
    async with AsyncExitStack() as stack:
        customer, phone, boss = (stack.enter_context(Ear(host)) for host in (CARRIER, PHONES, PHONES))
        caller, supervisor = (hum, quiet) if caller_hums else (quiet, hum)
        stack.enter_context(agent(pbx, "1001", RINGING, hears_at(ANSWER, phone.port), ACKED, quiet, BYED))
        stack.enter_context(agent(pbx, "1003", RINGING, hears_at(ANSWER, boss.port), ACKED, supervisor, BYED))
        await stack.enter_async_context(members(ami, "1001"))
        dials = hears_at(ADA.dials, customer.port)
        stack.enter_context(call(pbx, "4000", dials, ADA.is_answered, caller, pause(120)))
        live = await floor.call("talking")
        try:
            yield Scene(live, customer, phone, boss)
        finally:
            await all_hung_up(ami)


async def _act(floor: Floor, call: Doc, mode: str) -> tuple[int, Any]:
    return await floor.supervisor.call("POST", f"/api/calls/{call['message']}/{mode}")


async def test_who_listens_hears_the_call_and_is_in_no_call(
    pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path
) -> None:
    """The customer's voice reaches the supervisor's phone; the stream, talk times and agents know nothing of it."""
    async with scene(pbx, ami, floor, tmp_path, caller_hums=True) as here:
        status, answer = await _act(floor, here.call, "listen")
        assert (status, answer) == (200, {"agent": "1001"})
        await here.hear(customer=False, agent=True, supervisor=True)
        assert await floor.hub.db["calls"].count_documents({}) == 1
    done = await floor.call("ended")
    assert [each["extension"] for each in done["part"]["agents"]] == ["1001"]
    assert list(done["part"]["talk_s"]) == ["1001"]
    assert await floor.hub.db["messages"].count_documents({"kind": "call"}) == 1
    [entry] = await floor.hub.db["audit"].find({"what": "call.listen"}).to_list()
    assert (entry["actor"], entry["about"], entry["facts"]["agent"]) == (
        floor.supervisor.user, here.call["message"], "1001",
    )  # fmt: skip


async def test_a_new_request_switches_without_ringing_again(
    pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path
) -> None:
    """Unheard, then heard by the agent, then by both, then unheard; one channel all the time."""
    async with scene(pbx, ami, floor, tmp_path, caller_hums=False) as here:
        for mode, customer, heard_by_agent in (
            ("listen", False, False), ("whisper", False, True), ("barge", True, True), ("listen", False, False),
        ):  # fmt: skip
            status, answer = await _act(floor, here.call, mode)
            assert status == 200, answer
            await until(lambda: _spies(ami, 1))
            await here.hear(customer=customer, agent=heard_by_agent, supervisor=False)
        names = await _spies(ami, 1)
    assert names
    assert await floor.hub.db["calls"].count_documents({}) == 1


async def test_requests_in_quick_succession_are_all_done(pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path) -> None:
    """The phone may be on its way from one manner to another when the next request comes; the last one holds."""
    async with scene(pbx, ami, floor, tmp_path, caller_hums=False) as here:
        assert (await _act(floor, here.call, "listen"))[0] == 200
        await spying(ami, "1003")
        for mode in ("whisper", "listen", "whisper", "barge"):
            status, answer = await _act(floor, here.call, mode)
            assert status == 200, answer
        await here.hear(customer=True, agent=True, supervisor=False)


async def test_the_supervisor_is_told_what_the_phone_does(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, tmp_path: Path
) -> None:
    """Only once it hears the call, each manner as it is, and that it hung up: also while no hub listened. Nobody else is told."""
    async with scene(pbx, ami, floor, tmp_path, caller_hums=False) as here:
        nowhere, message = {"call": None, "mode": None}, here.call["message"]
        assert await _beside(floor) == nowhere
        for mode in ("listen", "barge", "whisper"):
            assert (await _act(floor, here.call, mode))[0] == 200
            await until(partial(_is_beside, floor, {"call": message, "mode": mode}))
        await _hang_up_the_spy(ami)
        await until(lambda: _is_beside(floor, nowhere))
        assert (await floor.call())["state"] == "talking"
        assert (await _act(floor, here.call, "listen"))[0] == 200
        await until(lambda: _is_beside(floor, {"call": message, "mode": "listen"}))
        await cable.cut()
        await _hang_up_the_spy(ami)
        await cable.mend()
        await until(lambda: _is_beside(floor, nowhere), 60)
    told = await floor.events("call.supervised")
    assert [each["data"]["mode"] for each in told] == ["listen", "barge", "whisper", None, "listen", None]
    assert {(each["data"]["call"], *each["rooms"]) for each in told} == {(message, f"user:{floor.supervisor.user}")}
    assert (await floor.agent.call("GET", "/api/me/supervision"))[0] == 403


async def _beside(floor: Floor) -> Any:
    return (await floor.supervisor.call("GET", "/api/me/supervision"))[1]


async def _is_beside(floor: Floor, wanted: Any) -> bool:
    return bool(await _beside(floor) == wanted)


async def _hang_up_the_spy(ami: Ami) -> None:
    [own] = await until(lambda: _spies(ami, 1))
    await ami.ask({"Action": "Hangup", "Channel": own, "Cause": "16"})
    await until(lambda: _none(ami))


async def _none(ami: Ami) -> bool:
    return not [each for each in await channels(ami) if each["Channel"].startswith("PJSIP/1003-")]


async def _spies(ami: Ami, count: int) -> list[str]:
    found = [e["Channel"] for e in await channels(ami) if e["Channel"].startswith("PJSIP/1003-")]
    return found if len(found) == count else []


async def test_a_call_is_taken_over(pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path) -> None:
    """The customer's line goes on to the supervisor, the agent's phone is free, and it stays one call."""
    async with scene(pbx, ami, floor, tmp_path, caller_hums=True) as here:
        status, _ = await _act(floor, here.call, "take-over")
        assert status == 200

        async def taken() -> Any:
            doc = await floor.hub.db["calls"].find_one({"_id": here.call["_id"]})
            return doc if doc and doc["talking"] == ["1003"] else None

        await until(taken)
        await here.hear(customer=False, agent=False, supervisor=True)
    done = await floor.call("ended")
    assert set(done["part"]["talk_s"]) == {"1001", "1003"}
    assert await floor.hub.db["messages"].count_documents({"kind": "call"}) == 1


async def test_only_supervisors_with_a_phone_come_in(pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path) -> None:
    """403 without the right, 409 without a phone, 404 and 409 where there is no such call any more."""
    modes = ("listen", "whisper", "barge", "take-over")
    async with scene(pbx, ami, floor, tmp_path, caller_hums=False) as here:
        for mode in modes:
            path = f"/api/calls/{here.call['message']}/{mode}"
            assert (await floor.agent.call("POST", path))[0] == 403
        users = floor.hub.db["record_user"]
        await users.update_one({"_id": floor.supervisor.user}, {"$unset": {"extension": ""}})
        for mode in modes:
            status, answer = await _act(floor, here.call, mode)
            assert (status, "extension" in answer["detail"]) == (409, True)
        await users.update_one({"_id": floor.supervisor.user}, {"$set": {"extension": "1003"}})
        assert (await floor.supervisor.call("POST", "/api/calls/none/listen"))[0] == 404
    await floor.call("ended")
    assert (await _act(floor, here.call, "listen"))[0] == 409
