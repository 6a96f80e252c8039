"""Recordings of calls: fetched from the PBX, removed when their time is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.accounts.directory import Directory
from hub.accounts.recorded import FETCH
from hub.calling import RecordingPlace
from hub.errors import SetupError
from hub.store.client import Doc
from hub.store.files import Files
from hub.store.recording_collections import RECORDING_RULES, RECORDINGS
from hub.stream.commit import CommitLoop
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from hub.vault import Vault, installation_key
from workers.intake import Intake, show
from workers.task import Work, task

LARGEST = 2 * 1024**3
"""Bytes of one recording: two days of telephone sound."""
_MANY = 10_000
"""The recording's own time limit ends the tries, not their number."""


@task(FETCH, retries=_MANY)
async def fetch_recordings(work: Work, call: str) -> str:
    """Take what a call has recorded into the store. Tried again while a file is not there or still grows."""
    first = await work.db[RECORDINGS].find_one({"call": call})
    if first is None:
        return "nothing was recorded"
    place = await _place(work, first["account"])
    if place is None:  # nobody here can read what that PBX writes: it stays there
        await work.db[RECORDINGS].delete_many({"call": call, "state": "awaited"})
        return f"account {first['account']} names no folder of recordings"
    async with writing(work) as stream:
        count = await Intake(work.db, stream, Files(work.db, LARGEST), place).take(call)
    return f"{count} in the store"


@task("recordings.expire", every=timedelta(hours=1))
async def expire_recordings(work: Work) -> str:
    """Remove recordings whose time is over; what is held stays. The call says that its recording was removed."""
    removed = 0
    async with writing(work) as stream:
        for doc in await work.db[RECORDINGS].find({"state": "deleted", "file": {"$ne": None}}).to_list():
            await _forget(work, stream, doc)  # begun by a worker that died
        async for where in _due(work):
            async for found in work.db[RECORDINGS].find(where, {"_id": 1}):
                if await _expire(work, stream, found["_id"]):
                    removed += 1
                    await work.tell(removed, None, "")
    return f"removed {removed} recordings"


async def _due(work: Work) -> AsyncIterator[Doc]:
    """What is to be removed, account by account: each queue's own rule, and the account's for the rest."""
    rules = {doc["_id"]: doc["days"] async for doc in work.db[RECORDING_RULES].find()}
    for account in await work.db[RECORDINGS].distinct("account", {"state": "stored"}):
        place = await _place(work, account)
        days: dict[str | None, int | None] = {**rules, None: place.keep_days if place else None}
        for queue, kept in days.items():
            which = {"$nin": list(rules)} if queue is None else queue
            if kept is not None:
                before = now() - timedelta(days=kept)
                yield {"account": account, "queue": which, "state": "stored", "hold": None, "at": {"$lt": before}}


async def _expire(work: Work, stream: Stream, recording: str) -> bool:
    """Mark first, where nobody has put a hold on it meanwhile; then remove."""
    mark = {"$set": {"state": "deleted", "ended_at": now(), "peaks": []}}
    where = {"_id": recording, "state": "stored", "hold": None}
    doc = await work.db[RECORDINGS].find_one_and_update(where, mark, return_document=True)
    if doc is not None:
        await _forget(work, stream, doc)
    return doc is not None


async def _forget(work: Work, stream: Stream, doc: Doc) -> None:
    await Files(work.db, LARGEST).forget(doc["file"])
    await show(stream, await work.db[RECORDINGS].find({"call": doc["call"]}).sort("n", 1).to_list())
    await work.db[RECORDINGS].update_one({"_id": doc["_id"]}, {"$set": {"file": None}})


async def _place(work: Work, account: str) -> RecordingPlace | None:
    directory = Directory(work.db, Vault(installation_key(work.settings)), work.settings.accounts)
    try:
        channel, settings = (await directory.one(account)).ready()
    except (NotFound, SetupError):
        return None
    return channel.recordings(settings)


@asynccontextmanager
async def writing(work: Work) -> AsyncIterator[Stream]:
    """The write path of a hub, on this worker's connection."""
    supervisor = Supervisor()
    commit = CommitLoop(work.units, work.settings.limits.commit_batch)
    supervisor.keep("commit", commit.run)
    try:
        yield Stream(work.db, work.units, Files(work.db, LARGEST), commit)
    finally:
        await supervisor.stop()
