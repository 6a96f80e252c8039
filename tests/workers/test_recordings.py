"""Recordings on their way from the PBX's folder into the store (S2.9.9-09)."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.ground.clock import now, shifted
from hub.errors import Transient
from hub.store.client import Database, Doc
from hub.store.files import Files
from hub.store.unit import Units
from hub.stream.stream import Stream
from tests.workers.recording_house import recorded, riff, settings_for, tape, wav, work_of
from workers.pickup import found
from workers.task import Work
from workers.tasks.recording_export import export_recordings
from workers.tasks.recordings import expire_recordings, fetch_recordings

Make = Callable[..., Work]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the PBX writes."""
    folder = tmp_path / "monitor"
    folder.mkdir()
    return folder


@pytest.fixture
def work(mongo_url: str, prepared_database: str, db: Database, units: Units, folder: Path) -> Make:
    """A worker's view, with settings of the account."""

    def make(**account: Any) -> Work:
        return work_of(settings_for(mongo_url, prepared_database, folder, **account), db, units)

    return make


async def shown(db: Database, call: Doc) -> list[Doc]:
    """What the call's message says of recordings."""
    message = await db["messages"].find_one({"_id": call["message"]})
    assert message is not None
    recordings: list[Doc] = message["call"].get("recordings", [])
    return recordings


async def test_a_recording_is_awaited_until_it_is_whole(db: Database, stream: Stream, work: Make, folder: Path) -> None:
    """Not there, then growing, then closed; the message says each time how it stands."""
    call = await recorded(stream, tape("c.1", 0.75))
    [job] = await db["jobs"].find({"task": "recording.fetch"}).to_list()
    with pytest.raises(Transient, match="not there yet"):
        await fetch_recordings(work(), **job["arguments"])
    assert [each["state"] for each in await shown(db, call)] == ["awaited"]
    (folder / "c.1.wav").write_bytes(wav(0.5, closed=False))
    with pytest.raises(Transient, match="grows"):
        await fetch_recordings(work(), **job["arguments"])
    (folder / "c.1.wav").write_bytes(wav(2))
    for _ in range(2):
        assert await fetch_recordings(work(), **job["arguments"]) == "1 in the store"
    [one] = await shown(db, call)
    assert (one["state"], one["seconds"], one["from_s"], one["size"]) == ("stored", 2.0, 0.75, len(wav(2)))
    assert (folder / "c.1.wav").exists()  # the account does not say that it should be removed
    assert await db["files.files"].count_documents({}) == 1


async def test_a_file_that_was_never_closed_is_taken_when_it_is_at_rest(
    db: Database, stream: Stream, work: Make, folder: Path
) -> None:
    """Asterisk was killed in the middle of the call."""
    call = await recorded(stream, tape("c.1"))
    (folder / "c.1.wav").write_bytes(wav(1, closed=False))
    for ahead in (0, 5):
        with shifted(timedelta(seconds=ahead)), pytest.raises(Transient, match="grows"):
            await fetch_recordings(work(), call["_id"])
    with shifted(timedelta(seconds=30)):
        await fetch_recordings(work(), call["_id"])
    assert [(each["state"], each["seconds"]) for each in await shown(db, call)] == [("stored", 1.0)]


async def test_what_does_not_come_is_given_up_visibly(db: Database, stream: Stream, work: Make) -> None:
    """The message says so, and supervisors are told once."""
    call = await recorded(stream, tape("c.1"))
    with pytest.raises(Transient):
        await fetch_recordings(work(recordings_wait_min=60), call["_id"])
    with shifted(timedelta(minutes=61)):
        for _ in range(2):
            await fetch_recordings(work(recordings_wait_min=60), call["_id"])
    assert [each["state"] for each in await shown(db, call)] == ["missing"]
    notices = await db["events"].find({"name": "notice.raised"}).to_list()
    assert [(each["data"]["kind"], each["data"]["about"]["message"]) for each in notices] == [
        ("recording.missing", call["message"])
    ]


async def test_who_was_never_connected_has_no_recording(db: Database, stream: Stream, work: Make, folder: Path) -> None:
    """The second of three has nothing to it; the others are numbered without a hole."""
    call = await recorded(stream, tape("c.1"), tape("c.2", talked=False), tape("c.3", 4))
    for name in ("c.1", "c.3"):
        (folder / f"{name}.wav").write_bytes(wav(1))
    await fetch_recordings(work(), call["_id"])
    assert [(each["n"], each["from_s"]) for each in await shown(db, call)] == [(1, 0.5), (2, 4)]
    assert [doc["n"] async for doc in db["recordings"].find().sort("n", 1)] == [1, 2]


async def test_nothing_outside_the_folder_is_read(
    db: Database, stream: Stream, work: Make, folder: Path, tmp_path: Path
) -> None:
    """A link out of it, a name with a path in it, a pipe: none is a recording."""
    (tmp_path / "secret.wav").write_bytes(wav(1))
    (folder / "c.1.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "c.2.wav").mkdir()
    os.mkfifo(folder / "c.3.wav")
    for channel in ("c.1", "c.2", "c.3", "../secret", "/etc/passwd", "", ".", "c.1.wav/../../secret"):
        with found(folder, channel) as there:
            assert there is None, channel
    call = await recorded(stream, tape("../secret"))
    with pytest.raises(Transient, match="not there yet"):
        await fetch_recordings(work(recordings_clear=True), call["_id"])
    assert (tmp_path / "secret.wav").exists()
    assert await db["files.files"].count_documents({}) == 0


_LOOK = """
import os, sys
from pathlib import Path
from hub.errors import Transient
from workers.pickup import found
if os.getuid() == 0:  # who may read everything
    os.setuid(65534)
try:
    with found(Path(sys.argv[1]), "c.1") as there:
        print("found" if there else "missing")
except Transient as error:
    print("waits:", error)
"""


def test_a_file_that_may_not_be_read_is_waited_for_and_not_missing() -> None:
    """It is there. Whoever mends the rights has it; a wrong right must not lose a call's recording after an hour."""
    with tempfile.TemporaryDirectory() as name:  # not below tmp_path, which the other user may not enter
        Path(name).chmod(0o755)
        file = Path(name) / "c.1.wav"
        file.write_bytes(wav(1))
        said = []
        for mode in (0, 0o644):
            file.chmod(mode)
            looked = subprocess.run([sys.executable, "-c", _LOOK, name], capture_output=True, text=True, check=True)
            said.append(looked.stdout.strip())
    assert said[0].startswith("waits: the recording c.1.wav cannot be read")
    assert said[1] == "found"


async def test_without_a_folder_recordings_stay_on_the_pbx(db: Database, stream: Stream, work: Make) -> None:
    call = await recorded(stream, tape("c.1"))
    assert "no folder" in str(await fetch_recordings(work(recordings=None), call["_id"]))
    assert await shown(db, call) == []


async def test_a_later_word_of_the_pbx_leaves_the_recording_on_the_message(
    db: Database, stream: Stream, work: Make, folder: Path
) -> None:
    """The channel writes the fields it knows, and no others."""
    call = await recorded(stream, tape("c.1"))
    (folder / "c.1.wav").write_bytes(wav(1))
    await fetch_recordings(work(), call["_id"])
    await recorded(stream, tape("c.1"), wait_s=99.0)
    assert [each["state"] for each in await shown(db, call)] == ["stored"]
    message = await db["messages"].find_one({"_id": call["message"]})
    assert message is not None
    assert message["call"]["wait_s"] == 99.0


@pytest.mark.fault
async def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(
    mongo_url: str, prepared_database: str, db: Database, stream: Stream, folder: Path
) -> None:
    """Killed before each write to the store and before the file is removed, one after the other; then run to its end."""
    step, killed = 0, 0
    call = await recorded(stream, tape("c.1"))
    content = wav(1)
    (folder / "c.1.wav").write_bytes(content)
    while True:
        step += 1
        arguments = (mongo_url, prepared_database, str(folder), call["_id"], str(step))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.workers.recording_house", *arguments, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(process.communicate(), 120)
        stored = await db["files.files"].count_documents({})
        assert (folder / "c.1.wav").exists() or stored == 1
        if process.returncode == 0:
            break
        assert process.returncode == 9, said.decode()[-2000:]
        killed += 1
        await db["recordings"].update_many({}, {"$set": {"state": "awaited", "cleared": False}})
        (folder / "c.1.wav").write_bytes(content)
        assert step < 60
    assert killed >= 4
    assert not (folder / "c.1.wav").exists()
    assert await db["files.files"].count_documents({}) == await db["file_entries"].count_documents({}) == 1
    [one] = await shown(db, call)
    assert b"".join([piece async for piece in (await Files(db).open(one["file"])).read()]) == content
    assert await db["recordings"].count_documents({"state": "stored", "cleared": True}) == 1


async def stored_call(db: Database, stream: Stream, work: Work, folder: Path, name: str, **part: Any) -> Doc:
    """A call whose recording is in the store."""
    call = await recorded(stream, tape(name), call=name, **part)
    (folder / f"{name}.wav").write_bytes(wav(1, peak=1000 + len(name) + int(name[-1])))
    await fetch_recordings(work, call["_id"])
    return call


async def test_recordings_go_when_their_time_is_over_and_what_is_held_stays(
    db: Database, stream: Stream, work: Make, folder: Path
) -> None:
    """The account's days, a queue's own, one for ever, and a legal hold; the message says what became of it."""
    account = work(recordings_keep_days=30)
    calls = [
        await stored_call(db, stream, account, folder, f"c.{number}", queue=queue)
        for number, queue in enumerate(("support", "sales", "legal", "support"))
    ]
    await db["recordings"].update_one({"channel": "c.3"}, {"$set": {"hold": {"reason": "a lawsuit"}}})
    await db["recordings"].update_many({}, {"$set": {"at": now()}})
    await db["recording_rules"].insert_many([{"_id": "sales", "days": 90}, {"_id": "legal", "days": None}])

    async def states() -> list[str]:
        return [each["state"] for call in calls for each in await shown(db, call)]

    with shifted(timedelta(days=29)):
        await expire_recordings(account)
    assert await states() == ["stored"] * 4
    with shifted(timedelta(days=31)):
        assert await expire_recordings(account) == "removed 1 recordings"
        assert await expire_recordings(account) == "removed 0 recordings"
    assert await states() == ["deleted", "stored", "stored", "stored"]
    with shifted(timedelta(days=9000)):
        await expire_recordings(account)
    assert await states() == ["deleted", "deleted", "stored", "stored"]
    assert await db["files.files"].count_documents({}) == 2
    assert (await shown(db, calls[0]))[0]["file"] is None


async def test_a_period_is_exported_as_a_zip_with_a_table(
    db: Database, stream: Stream, work: Make, folder: Path
) -> None:
    """Names that sort, the sound as it is, and no cell that a spreadsheet would run."""
    account = work()
    for number, caller in enumerate(("+8613800138000", "=HYPERLINK(1)")):
        await stored_call(db, stream, account, folder, f"c.{number}", number=caller)
    told: list[tuple[Any, ...]] = []

    async def tell(*progress: Any) -> None:
        told.append(progress)

    watched = Work(settings=account.settings, db=db, units=account.units, tell=tell, send=account.send)
    assert await export_recordings(watched, file="f1", user="u1", number=None) == "2 recordings"
    file = await Files(db).open("f1")
    assert file.by == "u1"
    data = b"".join([piece async for piece in file.read()])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        rows = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))
        assert sorted(row["number"] for row in rows) == ["'=HYPERLINK(1)", "+8613800138000"]
        for row in rows:
            assert archive.read(row["file"])[:4] == b"RIFF"
    assert [progress[:2] for progress in told] == [(1, 2), (2, 2)]


async def test_gsm_in_wav_is_kept_as_it_is(db: Database, stream: Stream, work: Make, folder: Path) -> None:
    """Asterisk's wav49: nothing is converted; there is no waveform."""
    call = await recorded(stream, tape("c.1"))
    content = riff(49, 0, bytes(65) * 50, block=65)
    (folder / "c.1.WAV").write_bytes(content)
    await fetch_recordings(work(), call["_id"])
    [one] = await shown(db, call)
    assert (one["state"], one["seconds"], one["size"]) == ("stored", 2.0, len(content))
