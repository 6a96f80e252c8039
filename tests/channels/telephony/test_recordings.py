"""Recordings of a real Asterisk, from the sound that SIPp sends to the message that plays it (S2.9.9-09)."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami
from hub.errors import Transient
from hub.settings import Settings
from hub.store.client import Doc
from tests.channels.telephony.conftest import Floor, account_settings, until
from tests.conftest import SignIn
from tests.lab.asterisk.plays import ADA, all_hung_up, ended, members, quiet
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, TALKS, agent, call, carrier, hang_up, pause, sound
from tests.lab.asterisk.sound import rms, samples_of_wav, tone
from workers.task import Work
from workers.tasks.recordings import fetch_recordings

LOUD = 9000 / 2**0.5


@pytest.fixture
def settings(settings_of: Callable[[int], Settings], pbx: Asterisk) -> Settings:
    """The hub may read where the PBX writes, and clears it."""
    account = account_settings(pbx.ami, recordings=str(pbx.recordings), recordings_clear=True)
    return settings_of(pbx.ami).model_copy(update={"accounts": {"pbx": account}})


@pytest.fixture
def work(floor: Floor) -> Work:
    """What a worker has, on the hub's store."""

    async def nothing(*_: Any) -> None:
        return None

    return Work(settings=floor.hub.settings, db=floor.hub.db, units=floor.hub.units, tell=nothing, send=nothing)


async def fetched(floor: Floor, work: Work) -> tuple[Doc, list[dict[str, Any]]]:
    """The newest call once it is over and its job is done, and what its message says of recordings."""
    done = await floor.call("ended")
    job = await until(lambda: floor.hub.db["jobs"].find_one({"task": "recording.fetch"}, sort=[("_id", -1)]))
    assert job["arguments"] == {"call": done["_id"]}

    async def comes() -> bool:
        try:
            await fetch_recordings(work, **job["arguments"])
        except Transient:
            return False
        return True

    await until(comes)
    _, message = await floor.supervisor.call("GET", f"/api/messages/{done['message']}")
    return done, message["call"].get("recordings", [])


async def recorded_call(pbx: Asterisk, ami: Ami, path: Path, number: str = "4000") -> None:
    """A caller who hums for three seconds to agent 1001."""
    hum = sound(tone(path / "hum.al"))
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *TALKS),
            call(pbx, number, ADA.dials, ADA.is_answered, hum, pause(3), ADA.hangs_up) as sipp,
        ):
            await ended(sipp)
            await quiet(ami)


async def test_a_queue_call_is_recorded_and_its_sound_is_right(
    pbx: Asterisk, ami: Ami, floor: Floor, work: Work, tmp_path: Path
) -> None:
    """S2.9.9-09: the file has the caller's tone at its loudness, stands on the message, and is gone from the PBX."""
    await recorded_call(pbx, ami, tmp_path)
    done, shown = await fetched(floor, work)
    [one] = shown
    assert (one["state"], one["n"], one["type"]) == ("stored", 1, "audio/wav")
    status, data = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording")
    assert status == 200
    assert len(data) == one["size"]
    with wave.open(BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert abs(file.getnframes() / 8000 - one["seconds"]) < 0.01
    assert rms(samples_of_wav(data)[4000:]) == pytest.approx(LOUD, rel=0.1)
    assert 1.5 < one["seconds"] < 6
    assert one["from_s"] >= 0.2  # the phone rang before
    assert not (pbx.recordings / f"{done['call']}.wav").exists()
    status, waveform = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording/peaks")
    assert (status, len(waveform["peaks"])) == (200, 400)
    assert max(waveform["peaks"]) == pytest.approx(9000 / 128, abs=4)


async def test_a_call_to_the_outside_is_recorded_from_the_answer_on(
    pbx: Asterisk, ami: Ami, floor: Floor, work: Work, tmp_path: Path
) -> None:
    """S2.9.9-09: the far end's sound, under the unique id of the line to it."""
    hum = sound(tone(tmp_path / "hum.al"))
    steps = (RINGING, pause(0.5), ANSWER, ACKED, hum, BYED)
    with agent(pbx, "1001", RINGING, ANSWER, ACKED, '<recv request="BYE"/>'), carrier(pbx, *steps):
        await floor.agent.call("POST", "/api/calls", {"to": "+86 139-0013-9000"})
        await floor.call("talking")
        await asyncio.sleep(1.5)  # the length of the conversation
        await all_hung_up(ami)
        done, [one] = await fetched(floor, work)
    assert (done["part"]["direction"], one["state"]) == ("outbound", "stored")
    _, data = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording")
    assert rms(samples_of_wav(data)[4000:]) == pytest.approx(LOUD, rel=0.1)


async def test_several_recordings_of_a_call_stand_in_order(
    pbx: Asterisk, ami: Ami, floor: Floor, work: Work, tmp_path: Path
) -> None:
    """The caller talks to one phone and then to another, each recorded by itself."""
    hum = sound(tone(tmp_path / "hum.al"))
    hangs_up_soon = (RINGING, ANSWER, ACKED, pause(1), hang_up())
    with (
        agent(pbx, "1001", *hangs_up_soon),
        agent(pbx, "1002", *hangs_up_soon),
        call(pbx, "4005", ADA.dials, ADA.is_answered, hum, BYED) as sipp,
    ):
        await ended(sipp)
        await quiet(ami)
        done, shown = await fetched(floor, work)
    assert [(each["n"], each["state"]) for each in shown] == [(1, "stored"), (2, "stored")]
    assert shown[0]["from_s"] < shown[1]["from_s"]
    for n in (1, 2):
        status, data = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording?n={n}")
        assert (status, len(data)) == (200, shown[n - 1]["size"])
    status, _ = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording?n=3")
    assert status == 404


async def test_what_is_switched_off_is_not_recorded(pbx: Asterisk, ami: Ami, floor: Floor, tmp_path: Path) -> None:
    """`RECORD_silent = no` in the PBX's globals; a caller who gives up leaves no recording either."""
    hum = sound(tone(tmp_path / "hum.al"))
    with agent(pbx, "1001", *TALKS), call(pbx, "4006", ADA.dials, ADA.is_answered, hum, pause(1), ADA.hangs_up) as sipp:
        await ended(sipp)
        await quiet(ami)
    done = await floor.call("ended")
    assert done["part"]["outcome"] == "answered"
    assert done["tapes"] == []
    assert await floor.hub.db["jobs"].count_documents({"task": "recording.fetch"}) == 0


async def test_only_who_has_the_right_hears_it_and_each_play_is_audited_once(
    pbx: Asterisk, ami: Ami, floor: Floor, work: Work, signed_in: SignIn, tmp_path: Path
) -> None:
    """S2.9.9-09: without right 404; ranges of one play are one entry; agents hear their own where the house allows it."""
    await recorded_call(pbx, ami, tmp_path)
    done, [one] = await fetched(floor, work)
    path = f"/api/calls/{done['message']}/recording"
    other = await signed_in("eve", roles=["SP"], queues=["support"])
    for person in (floor.agent, other):
        for address in (path, f"{path}/peaks"):
            assert (await person.call("GET", address))[0] == 404
        assert (await person.call("GET", "/api/recordings"))[1]["items"] == []
    assert await floor.hub.db["audit"].count_documents({"what": "recording.played"}) == 0
    for first in (0, 1000, 2000):
        async with floor.supervisor.http.get(path, headers={"Range": f"bytes={first}-{first + 99}"}) as answer:
            assert answer.status == 206
            assert answer.headers["Content-Range"] == f"bytes {first}-{first + 99}/{one['size']}"
            assert len(await answer.read()) == 100
    [entry] = await floor.hub.db["audit"].find({"what": "recording.played"}).to_list()
    assert (entry["actor"], entry["about"]) == (floor.supervisor.user, done["message"])
    admin = await signed_in("root", roles=["admin"])
    status, _ = await admin.call("PATCH", "/api/parameters", {"values": {"hear-own-recordings": True}})
    assert status == 200
    assert (await floor.agent.call("GET", path))[0] == 200
    assert (await other.call("GET", path))[0] == 404
    _, mine = await floor.agent.call("GET", "/api/recordings")
    assert [each["call"] for each in mine["items"]] == [done["message"]]
    assert (await other.call("GET", "/api/recordings"))[1]["items"] == []
