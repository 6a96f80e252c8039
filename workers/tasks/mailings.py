"""Sending mailings: each turn sends for a minute at most, then asks for the next, so that no worker is held for hours."""

from __future__ import annotations

from contextlib import suppress

from crm_core.ground.errors import Conflict
from crm_core.load import load
from hub.accounts.directory import Directory
from hub.accounts.sending import Sending
from hub.desk.attachments import Attachments
from hub.identity.people import People
from hub.outbox.afterthoughts import Afterthoughts
from hub.outbox.journal import Journal
from hub.store.files import Files
from hub.store.jobs import ask_for
from hub.store.records import Records
from hub.stream.commit import CommitLoop
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from hub.vault import Signer, Vault, installation_key
from hub.writing.feeding import Feeding
from hub.writing.indexes import RUNS
from hub.writing.optouts import OptOuts
from hub.writing.runs import TASK, Runs
from hub.writing.schemes import Schemes
from workers.task import JobCancelled, Work, task

_TURN_S = 60.0


@task(TASK, retries=20)
async def send_mailing(work: Work, run: str) -> str:
    """Go on with a run; a job that is taken back leaves it paused. Safe to repeat, and safe beside another worker: each letter is one message, whoever writes it."""
    supervisor = Supervisor()
    commit = CommitLoop(work.units, work.settings.limits.commit_batch)
    supervisor.keep("commit", commit.run)
    feeding = _feeding(work, commit)
    try:
        outcome = await feeding.work(run, work.tell, _TURN_S)
    except JobCancelled:
        with suppress(Conflict):  # somebody else ended it in the same moment
            await feeding.runs.pause(run)
        raise
    finally:
        await supervisor.stop()
    if outcome == "more":
        job = await work.db[RUNS].find_one({"_id": run}, {"user": 1})
        user = job["user"]["id"] if job else None
        await work.units.run(lambda unit: ask_for(unit, TASK, {"run": run}, user=user))
    return outcome


def _feeding(work: Work, commit: CommitLoop) -> Feeding:
    """The parts of a hub that sending takes, on this worker's connection."""
    settings, db = work.settings, work.db
    key = installation_key(settings)
    files = Files(db, settings.limits.file_bytes)
    records = Records(work.units, load())
    accounts = Sending(Directory(db, Vault(key), settings.accounts))
    stream = Stream(db, work.units, files, commit)
    stream.make_id = accounts.make_id
    afterthoughts = Afterthoughts(work.units, stream, Journal(work.units, stream))
    schemes = Schemes(db, records, Attachments(db, files, records), accounts)
    return Feeding(
        db=db,
        stream=stream,
        records=records,
        people=People(db, records.registry),
        accounts=accounts,
        optouts=OptOuts(db, Signer(key), settings.public_url or f"http://{settings.host}:{settings.port}"),
        runs=Runs(work.units, schemes, afterthoughts),
        company=settings.company,
    )
