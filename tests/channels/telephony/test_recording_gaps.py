"""Recordings that begin, end or are paused while the hub does not hear the PBX. (S2.9.9-08, S2.9.9-09)"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.ami import Ami, open_ami
from hub.settings import Settings
from hub.store.client import Database, Doc
from tests.channels.telephony.conftest import Floor, account_settings, until
from tests.channels.telephony.test_recording_faults import now_is, wanted
from tests.channels.telephony.test_recordings import LOUD, fetched, work
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.plays import ADA, all_hung_up, channel_of, members, quiet
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.asterisk.sipp import TALKS, Sipp, agent, call, pause, sound
from tests.lab.asterisk.sound import rms, samples_of_wav, tone
from workers.task import Work

__all__ = ["work"]


@pytest.fixture
def settings(settings_of: Callable[[int], Settings], pbx: Asterisk, cable: Cable) -> Settings:
    """The hub goes through the cable, and may read where the PBX writes."""
    account = account_settings(cable.port, recordings=str(pbx.recordings), recordings_clear=True)
    return settings_of(cable.port).model_copy(update={"accounts": {"pbx": account}})


@contextmanager
def ada_hums(pbx: Asterisk, folder: Path, number: str = "4000") -> Iterator[Sipp]:
    """A caller whose sound can be told in the recording."""
    hum = sound(tone(folder / "hum.al"))
    with call(pbx, number, ADA.dials, ADA.is_answered, hum, pause(120), ADA.hangs_up) as sipp:
        yield sipp


@asynccontextmanager
async def talking(pbx: Asterisk, ami: Ami, folder: Path) -> AsyncIterator[str]:
    """Ada talks with extension 1001, and is recorded; gives the PBX's channel."""
    async with members(ami, "1001"):
        with agent(pbx, "1001", *TALKS), ada_hums(pbx, folder):
            try:
                await until(lambda: _recorded(ami))
                yield await channel_of(ami, "trunk")
            finally:
                await all_hung_up(ami)


async def _recorded(ami: Ami) -> bool:
    """Whether two talk, and the PBX says that it records."""
    listed = await ami.listing({"Action": "Status", "Variables": "MIXMONITOR_FILENAME"}, "Status")
    return len(listed) == 2 and any(each.get("Variable", "").endswith(".wav") for each in listed)


async def told(db: Database, name: str) -> list[Doc]:
    """The kept events of a name, in order."""
    return await db["call_events"].find({"fields.Event": name}).sort("n", 1).to_list()


async def again(cable: Cable, floor: Floor) -> None:
    """The line breaks and is mended; the hub has caught up."""
    gaps = await floor.hub.db["call_gaps"].count_documents({})
    await cable.cut()
    await cable.mend()
    await until(lambda: _more_gaps(floor, gaps), 60)


async def _more_gaps(floor: Floor, before: int) -> bool:
    return await floor.hub.db["call_gaps"].count_documents({}) > before


async def test_a_recording_that_began_unheard_is_found_and_fetched(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, work: Work, tmp_path: Path
) -> None:
    """The PBX says what it records; the finding is kept like its events, so that a replay finds the same; the sound comes."""
    db = floor.hub.db
    await cable.cut()
    async with talking(pbx, ami, tmp_path):
        assert await db["calls"].count_documents({}) == 0
        await cable.mend()
        await until(lambda: _more_gaps(floor, 0), 60)
        live = await now_is(db, "unknown")
        [found] = await told(db, "MixMonitorStart")
        assert (found["fields"]["Mainstem"], found["fields"]["Uniqueid"]) == ("snapshot", live["call"])
        await again(cable, floor)
        assert (await now_is(db, "unknown"))["tapes"] == live["tapes"]
        assert len(await told(db, "MixMonitorStart")) == 1
        assert len(await told(db, "MainstemTapeDoubt")) == 1
    await quiet(ami)
    done, [one] = await fetched(floor, work)
    assert (one["state"], one["n"], done["part"]["blind"]) == ("stored", 1, False)
    status, data = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording")
    assert status == 200
    assert rms(samples_of_wav(data)[4000:]) == pytest.approx(LOUD, rel=0.1)


async def test_a_recording_of_a_call_that_ended_unheard_is_found_by_its_file(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, work: Work, tmp_path: Path
) -> None:
    """It was not recorded when the line broke; it began to be, and was over before the line was mended."""
    with agent(pbx, "1001", *TALKS), ada_hums(pbx, tmp_path, "4006"):
        live = await floor.call("talking")
        await cable.cut()
        trunk = await channel_of(ami, "trunk")
        async with await open_ami("127.0.0.1", pbx.ami, PHONES_USER, PHONES_SECRET, timeout_s=10) as other:
            await other.ask({"Action": "MixMonitor", "Channel": trunk, "File": f"{live['call']}.wav"})
        await until(lambda: _grows(pbx))
        await all_hung_up(ami)
    await cable.mend()
    done, [one] = await fetched(floor, work)
    assert (done["part"]["blind"], one["state"]) == (True, "stored")
    assert await told(floor.hub.db, "MixMonitorStart") == []
    status, data = await floor.supervisor.call("GET", f"/api/calls/{done['message']}/recording")
    assert (status, len(data)) == (200, one["size"])


async def _grows(pbx: Asterisk) -> bool:
    return any(file.stat().st_size > 20_000 for file in pbx.recordings.glob("*.wav"))


async def test_a_call_that_ended_unheard_and_unrecorded_promises_no_recording(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, work: Work, tmp_path: Path
) -> None:
    """It is looked whether there is a file; there is none, and nothing is missing."""
    with agent(pbx, "1001", *TALKS), ada_hums(pbx, tmp_path, "4006"):
        await floor.call("talking")
        await cable.cut()
        await all_hung_up(ami)
    await cable.mend()
    done, shown = await fetched(floor, work)
    assert (done["part"]["blind"], shown) == (True, [])
    assert await floor.hub.db["recordings"].count_documents({}) == 0
    assert await floor.hub.db["notices"].count_documents({"kind": "recording.missing"}) == 0


async def test_a_pause_that_was_wanted_is_asked_for_again(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, tmp_path: Path
) -> None:
    """Whatever happened to it meanwhile: card data is not recorded because a hub was away. The PBX's own word says so."""
    async with talking(pbx, ami, tmp_path) as trunk:
        live = await now_is(floor.hub.db, "on")
        assert (await wanted(floor, live, "paused"))[0] == 200
        await now_is(floor.hub.db, "paused")
        await cable.cut()
        await ami.ask({"Action": "MixMonitorMute", "Channel": trunk, "Direction": "both", "State": "0"})
        await cable.mend()
        await until(lambda: _said(floor, 2), 60)
        doc = await now_is(floor.hub.db, "paused")
        assert [(each["name"], each["until"]) for each in doc["notes"]["pauses"]] == [("Ann", None)]
        assert (await wanted(floor, live, "running"))[0] == 200
        await now_is(floor.hub.db, "on")
        await again(cable, floor)
        await now_is(floor.hub.db, "unknown")  # nobody wants it to stand still: it is left as it is
        assert [each["fields"]["State"] for each in await told(floor.hub.db, "MixMonitorMute")] == ["1", "1", "0"]


async def _said(floor: Floor, times: int) -> bool:
    return len(await told(floor.hub.db, "MixMonitorMute")) == times


async def test_a_recording_that_was_stopped_unheard_is_said_to_be_none(
    pbx: Asterisk, ami: Ami, cable: Cable, floor: Floor, tmp_path: Path
) -> None:
    """By the PBX's answer; and what it had recorded until then is fetched all the same."""
    async with talking(pbx, ami, tmp_path) as trunk:
        await now_is(floor.hub.db, "on")
        await cable.cut()
        await ami.ask({"Action": "StopMixMonitor", "Channel": trunk})
        await cable.mend()
        doc: Any = await now_is(floor.hub.db, None)
        assert (doc["state"], len(doc["tapes"])) == ("talking", 1)
