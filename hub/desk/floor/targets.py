"""What a queue aims at: its service level. It is part of the queue's document."""

from __future__ import annotations

from dataclasses import asdict

from crm_core.ground.errors import NotFound
from hub.desk.floor.board import TargetOut
from hub.desk.floor.facts import Target, target_of
from hub.events import QueueChanged
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.unit import Unit, Units


class Targets:
    """Reads and sets the service level of queues."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._audit = units, audit

    async def show(self, queue: str) -> TargetOut:
        """What a queue aims at; the house's usual where nobody said. Raises `NotFound`."""
        return _out(target_of(_there(await self._units.db[QUEUES].find_one({"_id": queue}), queue)))

    async def set(self, queue: str, target: Target, *, by: str, far: FarEnd) -> TargetOut:
        """Set it; calls are judged by it from now on. Raises `NotFound`."""

        async def work(unit: Unit) -> TargetOut:
            before = _there(await unit.db[QUEUES].find_one({"_id": queue}, session=unit.session), queue)
            if target_of(before) != target or "service_level" not in before:
                change = {"$set": {"service_level": asdict(target)}}
                await unit.db[QUEUES].update_one({"_id": queue}, change, session=unit.session)
                unit.announce(QueueChanged(queue=queue, members=before["members"]))
                about = f"queue:{queue}"
                await self._audit.write("queue.aimed", who=by, far=far, about=about, unit=unit, **asdict(target))
            return _out(target)

        return await self._units.run(work)


def _out(target: Target) -> TargetOut:
    return TargetOut(answer_s=target.answer_s, percent=target.percent, short_s=target.short_s)


def _there(found: Doc | None, queue: str) -> Doc:
    if found is None:
        raise NotFound("there is no such queue", queue=queue)
    return found
