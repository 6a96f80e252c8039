"""Removing a queue: its conversations go to another, some in each unit of work, and then it is gone.

What is not done within some seconds is finished by a job of the workers. Killed anywhere, it can simply be asked again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound
from hub.accounts.directory import Directory
from hub.desk.queues import DEFAULT_QUEUE
from hub.events import QueueChanged, RightsChanged
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.settings import QueueSettings
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, QUEUES
from hub.store.jobs import ask_for
from hub.store.mail_collections import RULES
from hub.store.unit import Unit, Units
from hub.stream.conversations import save_conversation

TASK = "queue.remove"
_AT_ONCE = 20
"""Conversations in one unit: while it runs, nobody else writes to the stream."""
_HERE_S = 3.0


class QueueRemoved(TypedDict):
    """`removed`: it is gone. Else `job` goes on with it. `moved`: conversations so far."""

    removed: bool
    moved: int
    job: str | None


class QueueRemoval:
    """Checks that nothing needs the queue, and empties it."""

    def __init__(self, units: Units, directory: Directory, audit: Audit, in_file: Mapping[str, QueueSettings]) -> None:
        self._units, self._directory, self._audit = units, directory, audit
        self._in_file = frozenset(in_file)

    async def remove(self, queue: str, to: str, *, by: str, far: FarEnd, within_s: float = _HERE_S) -> QueueRemoved:
        """Move all conversations of `queue` to `to` and remove it.

        Raises:
            NotFound: there is no such queue.
            Invalid: the other one does not exist, or is the same.
            Conflict: an account, a rule or the settings file names it, or it is the queue for everything else.
        """
        await self._check(queue, to)

        async def close(unit: Unit) -> None:
            """Nobody joins it any more; the log knows who wanted it."""
            await unit.db[QUEUES].update_one({"_id": queue}, {"$set": {"joinable": False}}, session=unit.session)
            await self._audit.write("queue.removed", who=by, far=far, about=f"queue:{queue}", unit=unit, to=to)

        await self._units.run(close)
        until = time.monotonic() + within_s
        moved = 0
        while count := await move_some(self._units, queue, to):
            moved += count
            if time.monotonic() > until:
                job = await self._units.run(lambda unit: ask_for(unit, TASK, {"queue": queue, "to": to}, user=by))
                return QueueRemoved(removed=False, moved=moved, job=job)
        return QueueRemoved(removed=True, moved=moved, job=None)

    async def _check(self, queue: str, to: str) -> None:
        if await self._units.db[QUEUES].find_one({"_id": queue}, {"_id": 1}) is None:
            raise NotFound("there is no such queue", queue=queue)
        if to == queue or await self._units.db[QUEUES].find_one({"_id": to}, {"_id": 1}) is None:
            raise Invalid(
                "to: name another queue",
                fields=(FieldError("to", "unknown", "name another queue", {"rule": "another-queue"}),),
            )
        if queue == DEFAULT_QUEUE or queue in self._in_file:
            raise Conflict("the settings make this queue; take it out of the settings file first", reason="settings")
        if accounts := [entry.id for entry in await self._directory.all() if entry.queue == queue]:
            raise Conflict(
                f"accounts put conversations here: {', '.join(accounts)}", reason="accounts", accounts=accounts
            )
        rules = self._units.db[RULES].find({"then.queue": queue}, {"name": 1}).limit(20)
        if names := [rule["name"] async for rule in rules]:
            raise Conflict(f"rules put conversations here: {', '.join(names)}", reason="rules", rules=names)


async def move_some(units: Units, queue: str, to: str) -> int:
    """One unit of work: moves some, or removes the queue when it is empty. Returns how many were moved."""
    return await units.run(_Step(queue, to).work)


class _Step:
    def __init__(self, queue: str, to: str) -> None:
        self._queue, self._to = queue, to

    async def work(self, unit: Unit) -> int:
        if await unit.db[QUEUES].find_one({"_id": self._to}, {"_id": 1}, session=unit.session) is None:
            raise Conflict("the other queue is gone meanwhile", queue=self._to)
        found = unit.db[CONVERSATIONS].find({"queue": self._queue}, session=unit.session).limit(_AT_ONCE)
        docs = await found.to_list()
        for doc in docs:
            await self._move(unit, doc)
        if not docs:
            await self._remove(unit)
        return len(docs)

    async def _move(self, unit: Unit, doc: Doc) -> None:
        change: dict[str, Any] = {"queue": self._to}
        if doc["state"] == "merged":  # nobody sees it: it leads to where it was joined into
            await unit.db[CONVERSATIONS].update_one({"_id": doc["_id"]}, {"$set": change}, session=unit.session)
        else:
            await save_conversation(unit, doc, change)

    async def _remove(self, unit: Unit) -> None:
        gone = await unit.db[QUEUES].find_one_and_delete({"_id": self._queue}, session=unit.session)
        if gone is not None:
            unit.announce(QueueChanged(queue=self._queue, members=[]))
            for member in gone["members"]:
                unit.announce(RightsChanged(user=member))
