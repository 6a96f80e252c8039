"""A period's recordings as one zip with a table of them, written piece by piece: nothing is held in memory whole."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

from crm_core.ground.errors import NotFound
from hub.desk.recordings import EXPORT, Wanted
from hub.store.client import Doc
from hub.store.files import Files
from hub.store.recording_collections import RECORDINGS
from workers.task import Work, task
from workers.tasks.recordings import LARGEST

_MOST = 100 * LARGEST
_COLUMNS = ("file", "at", "seconds", "direction", "number", "queue", "agents", "account", "call", "sha256")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@task(EXPORT)
async def export_recordings(work: Work, file: str, user: str, **which: Any) -> str:
    """Write the zip under the file id that was given beforehand; `which` as `Wanted`."""
    where = {**Wanted(**which).where(), "state": "stored"}
    total = await work.db[RECORDINGS].count_documents(where)
    pieces = _zipped(work, where, total)
    await Files(work.db, _MOST).put(pieces, "recordings.zip", "application/zip", by=user, id=file, sweep=True)
    return f"{total} recordings"


async def _zipped(work: Work, where: Doc, total: int) -> AsyncIterator[bytes]:
    out, rows, done = _Pipe(), [], 0
    files = Files(work.db, LARGEST)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        async for doc in work.db[RECORDINGS].find(where, {"peaks": 0}).sort([("at", 1), ("_id", 1)]):
            name = _name(doc)
            try:
                sound = await files.open(doc["file"])
            except NotFound:
                continue  # the retention rule removed it meanwhile
            info = zipfile.ZipInfo(name, doc["at"].timetuple()[:6])
            with archive.open(info, "w", force_zip64=True) as entry:
                async for piece in sound.read():
                    entry.write(piece)
                    for ready in out.taken():
                        yield ready
            rows.append(_row(doc, name))
            done += 1
            await work.tell(done, total, name)
        archive.writestr("index.csv", _table(rows))
    for ready in out.taken():
        yield ready


class _Pipe(io.RawIOBase):
    """Takes what the zip writes and hands it on; it cannot go back, so the zip does not try."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def taken(self) -> Iterator[bytes]:
        """What was written since it was last asked."""
        waiting, self._waiting = self._waiting, []
        return iter([b"".join(waiting)] if waiting else [])


def _name(doc: Doc) -> str:
    """A name that sorts by time and says who: no two recordings share it, for the channel is in it."""
    who = re.sub(r"[^0-9A-Za-z+]", "_", doc["number"])[:32] or "unknown"
    ending = {"audio/wav": "wav", "audio/gsm": "gsm"}.get(doc["type"], "bin")
    channel = re.sub(r"[^0-9A-Za-z.-]", "_", doc["channel"])
    return f"{doc['at']:%Y%m%d-%H%M%S}_{who}_{channel}.{ending}"


def _row(doc: Doc, name: str) -> list[str]:
    at: datetime = doc["at"]
    agents = ", ".join(f"{each['name']} {each['extension']}".strip() for each in doc["agents"])
    plain = [name, at.isoformat(), str(doc["seconds"]), doc["direction"], doc["number"], doc["queue"] or "", agents,
             doc["account"], doc["message"], doc["sha256"]]  # fmt: skip
    return [_harmless(value) for value in plain]


def _harmless(value: str) -> str:
    """A spreadsheet takes no cell for a formula; a phone number keeps its plus."""
    return f"'{value}" if value.startswith(_FORMULA) and not re.fullmatch(r"\+\d+", value) else value


def _table(rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(rows)
    return "\ufeff" + text.getvalue()
