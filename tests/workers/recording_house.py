"""A call that is over and has been recorded, without a PBX; and a worker that dies at a chosen step of fetching it.

python -m tests.workers.recording_house MONGO_URL DATABASE FOLDER CALL STEP
"""

from __future__ import annotations

import asyncio
import math
import os
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pymongo import monitoring

from crm_core.ground.clock import now
from hub.accounts.call_log import AccountCalls
from hub.model.call import TapeOut
from hub.settings import AccountSettings, Settings
from hub.store.client import Database, Doc, connect, database
from hub.store.unit import Units
from hub.stream.stream import Stream
from tests.channels.telephony.test_call_log import news
from tests.channels.telephony.test_machine import trace
from workers.task import Work
from workers.tasks.recordings import fetch_recordings

RATE = 8000
WRITES = frozenset({"insert", "update", "delete", "findAndModify", "commitTransaction"})


def wav(seconds: float = 1.0, peak: int = 9000, *, closed: bool = True) -> bytes:
    """A sine of 400 Hz as Asterisk writes it: 8 kHz, 16 bits; not `closed`: its lengths are still nought."""
    samples = [int(peak * math.sin(2 * math.pi * 400 * n / RATE)) for n in range(int(RATE * seconds))]
    body = struct.pack(f"<{len(samples)}h", *samples)
    return riff(1, 16, body, declared=len(body) if closed else 0)


def riff(code: int, bits: int, body: bytes, *, declared: int | None = None, block: int | None = None) -> bytes:
    """A WAV file of one channel."""
    block = block or bits // 8
    kind = struct.pack("<HHIIHH", code, 1, RATE, RATE * block, block, bits)
    length = len(body) if declared is None else declared
    return (
        b"RIFF" + struct.pack("<I", 36 + length) + b"WAVEfmt " + struct.pack("<I", 16) + kind
        + b"data" + struct.pack("<I", length) + body
    )  # fmt: skip


def tape(channel: str, from_s: float = 0.5, *, talked: bool = True) -> TapeOut:
    """A recording that the PBX began."""
    return {"channel": channel, "from_s": from_s, "talked": talked}


async def recorded(stream: Stream, *tapes: TapeOut, call: str | None = None, **part: Any) -> Doc:
    """A call that ended, with what was recorded of it; its document."""
    [plain] = news(trace("queue-answered"))
    name = call or plain.id
    told = replace(plain, id=name, linkedids=(name,), tapes=tapes, part={**plain.part, "ended_at": now(), **part})  # type: ignore[typeddict-item]
    await AccountCalls(stream, "pbx").publish([told])
    found = await stream.db["calls"].find_one({"call": name})
    assert found is not None
    return found


def settings_for(mongo_url: str, name: str, folder: Path, **more: Any) -> Settings:
    """With a PBX whose recordings are in the folder; it is never connected to."""
    fields = {"host": "127.0.0.1", "username": "x", "secret": "x", "recordings": str(folder), **more}
    pbx = AccountSettings(channel="telephony", **fields)
    return Settings(
        data=folder.parent, mongo_url=SecretStr(mongo_url), database=name, secret_key=SecretStr("a key for tests only"),
        accounts={"pbx": pbx},
    )  # fmt: skip


def work_of(settings: Settings, db: Database, units: Units) -> Work:
    """What a worker gives to a task."""

    async def nothing(*_: Any) -> None:
        return None

    return Work(settings=settings, db=db, units=units, tell=nothing, send=nothing)


class _Killer(monitoring.CommandListener):
    """Ends the process, as `kill -9` does, just before its write number `step`, or before it removes a file."""

    def __init__(self, step: int) -> None:
        self._left = step

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in WRITES:
            self.count()

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass

    def hear(self, event: str, _: object) -> None:
        if event == "os.remove":
            self.count()

    def count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(9)


async def _fetch(mongo_url: str, name: str, folder: Path, call: str) -> None:
    client = connect(mongo_url)
    db = database(client, name)
    settings = settings_for(mongo_url, name, folder, recordings_clear=True)
    await fetch_recordings(work_of(settings, db, Units(client, db)), call)
    await client.close()


def _main() -> None:
    mongo_url, name, folder, call, step = sys.argv[1:]
    killer = _Killer(int(step))
    monitoring.register(killer)
    sys.addaudithook(killer.hear)
    asyncio.run(_fetch(mongo_url, name, Path(folder), call))


if __name__ == "__main__":
    _main()
