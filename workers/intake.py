"""Takes the recordings of one call into the store. Every step can be done twice, and a crash between two loses nothing:

file into the store (under an id given beforehand) -> facts into the recording's document -> shown on the message -> removed
from the PBX's folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.calling import RecordingPlace
from hub.errors import Transient
from hub.events import NoticeRaised
from hub.model.call import RecordingOut
from hub.store.client import Database, Doc
from hub.store.files import Files
from hub.store.recording_collections import RECORDINGS
from hub.store.unit import Unit
from hub.stream.stream import Stream
from workers.pickup import Found, found, removed
from workers.wave import Sound, look_into

SETTLED = timedelta(seconds=20)
"""A file whose header was never completed (Asterisk was killed) is taken when it has not changed for so long."""
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Intake:
    """Works for one account."""

    db: Database
    stream: Stream
    files: Files
    place: RecordingPlace

    async def take(self, call: str) -> int:
        """Fetch what the call has recorded; returns how many recordings are in the store now.

        Raises:
            Transient: one is not there yet, or still grows.
        """
        docs = await self._docs(call)
        await self._show(docs)
        waits = [reason for doc in docs if doc["state"] == "awaited" and (reason := await self._fetch(doc))]
        docs = await self._renumbered(call)
        await self._show(docs)
        for doc in docs:
            await self._clear(doc)
        if waits:
            raise Transient(waits[0])
        return sum(doc["state"] == "stored" for doc in docs)

    async def _docs(self, call: str) -> list[Doc]:
        return await self.db[RECORDINGS].find({"call": call}).sort("n", 1).to_list()

    async def _renumbered(self, call: str) -> list[Doc]:
        """What turned out to hold nothing leaves no hole in the order."""
        docs = await self._docs(call)
        for number, doc in enumerate(docs, 1):
            if doc["n"] != number:
                await self.db[RECORDINGS].update_one({"_id": doc["_id"]}, {"$set": {"n": number}})
        return docs

    async def _fetch(self, doc: Doc) -> str | None:
        """Take one in; returns why it has to wait, if so."""
        with found(self.place.folder, doc["channel"]) as there:
            if there is None:
                return await self._not_there(doc)
            sound = await asyncio.to_thread(look_into, there.file, there.size, there.name)
            if not (sound.whole or await self._settled(doc, there)):
                return f"{there.name} still grows"
            await self._keep(doc, there, sound)
        return None

    async def _keep(self, doc: Doc, there: Found, sound: Sound) -> None:
        there.file.seek(0)
        about = await self.files.put(_pieces(there.file), there.name, sound.type, id=doc["file"])
        facts = {"state": "stored", "seconds": sound.seconds, "peaks": list(sound.peaks), "ended_at": None}
        facts |= {key: about[key] for key in ("type", "size", "sha256")}
        await self.db[RECORDINGS].update_one({"_id": doc["_id"], "state": "awaited"}, {"$set": facts})

    async def _settled(self, doc: Doc, there: Found) -> bool:
        seen = doc["seen"]
        if seen and seen["mark"] == there.mark:
            return bool(now() - seen["at"] >= SETTLED)
        change = {"$set": {"seen": {"mark": there.mark, "at": now()}}}
        await self.db[RECORDINGS].update_one({"_id": doc["_id"]}, change)
        return False

    async def _not_there(self, doc: Doc) -> str | None:
        if not doc["talked"]:  # nobody was connected, so nothing was written
            await self.db[RECORDINGS].delete_one({"_id": doc["_id"], "state": "awaited"})
            return None
        if now() - (doc["call_ended_at"] or doc["at"]) < self.place.give_up_after:
            return f"the recording of channel {doc['channel']} is not there yet"

        async def give_up(unit: Unit) -> None:
            missing = {"$set": {"state": "missing", "ended_at": now()}}
            where = {"_id": doc["_id"], "state": "awaited"}
            done = await unit.db[RECORDINGS].update_one(where, missing, session=unit.session)
            if done.modified_count:
                about = {"message": doc["message"], "account": doc["account"], "channel": doc["channel"]}
                text = f"{doc['account']}: the recording of a call did not arrive"
                unit.announce(NoticeRaised(kind="recording.missing", text=text, about=about))

        await self.stream.units.run(give_up)
        return None

    async def _show(self, docs: list[Doc]) -> None:
        await show(self.stream, docs)

    async def _clear(self, doc: Doc) -> None:
        if doc["state"] != "stored" or doc["cleared"] or not self.place.clear:
            return
        await asyncio.to_thread(removed, self.place.folder, doc["channel"])
        await self.db[RECORDINGS].update_one({"_id": doc["_id"]}, {"$set": {"cleared": True}})


async def show(stream: Stream, docs: list[Doc]) -> None:
    """Bring a call's message in step with its recordings. Safe to repeat; a message that is gone needs none. What is only
    looked for, where there may be none, is not shown before it is found."""
    docs = [doc for doc in docs if doc["talked"] or doc["state"] != "awaited"]
    if not docs:
        return
    try:
        await stream.amend(docs[0]["message"], {"call.recordings": [shown(doc, n) for n, doc in enumerate(docs, 1)]})
    except NotFound:
        return


def shown(doc: Doc, n: int) -> RecordingOut:
    """A recording as its message shows it."""
    return {
        "n": n,
        "state": doc["state"],
        "file": doc["file"] if doc["state"] == "stored" else None,
        "type": doc["type"],
        "size": doc["size"],
        "seconds": doc["seconds"],
        "from_s": doc["from_s"],
        "ended_at": doc["ended_at"],
    }


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
