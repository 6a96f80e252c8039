"""The live board: one hub keeps it up to date in the store and tells what changed; every hub reads it there.

A change of a call, of somebody's presence or of a queue leads to a new look, at most four times a second; what differs
in a queue is stored under the queue's next revision and then told as one `queue.changed` to its members and to
supervisors. These are hints (they have no place in the stream): a console that sees a revision left out reads again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pymongo.errors import DuplicateKeyError
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.events import SUPERVISORS, queue_room
from hub.desk.floor.board import BoardState, HourOut, Today, build, diff
from hub.desk.floor.measures import FiguresOut, figures, total
from hub.desk.floor.reports import sums
from hub.feed.hints import Hints
from hub.identity.caller import Caller
from hub.leases import Lease, Leases
from hub.store.call_collections import CALLS
from hub.store.client import Database, Doc
from hub.store.collections import PRESENCE, QUEUES
from hub.store.floor_collections import BOARDS, CALL_FACTS

_ROUND_S = 0.25
_LOOK_AGAIN_S = 1.0
_QUIET_ROUNDS = 10
"""Nothing heard for so many seconds, it looks all the same."""
_UNSURE = timedelta(seconds=2)
_MOST_QUEUES = 1000
_MOST_LIVE = 5000
_NAMES = frozenset({"call.changed", "agent.changed", "queue.changed"})
_PART = ("number", "state", "queues", "agents", "outcome", "blind")


class BoardOut(BoardState):
    """One queue, and which revision of it this is."""

    revision: int


class AllOut(TypedDict):
    """The queues together; a person in several of them counts once."""

    waiting: int
    ringing: int
    talking: int
    longest_since: datetime | None
    agents: dict[str, int]
    today: FiguresOut


class WallboardOut(TypedDict):
    """The queues that one may see. `at`: the hub's clock, for counting on from `since`."""

    at: datetime
    zone: str
    queues: list[BoardOut]
    all: AllOut


class Wallboard:
    """Keeps the board (on the hub that holds the lease), and reads it."""

    def __init__(self, db: Database, hints: Hints, leases: Leases, zone: str) -> None:
        self._db, self._hints, self._leases = db, hints, leases
        self._zone = ZoneInfo(zone)
        self._woken = asyncio.Event()
        self._counted: tuple[tuple[datetime, datetime | None, bool] | None, dict[str, Today]] = (None, {})

    def hear(self, events: list[Doc]) -> None:
        """The feed tells of the stream."""
        if any(event["name"] in _NAMES or _is_of_a_person(event) for event in events):
            self.wake()

    def wake(self) -> None:
        """Something may have changed."""
        self._woken.set()

    async def run(self) -> None:
        """Keep the board, on one hub at a time, until cancelled."""
        await self._leases.hold("wallboard", self._keep)

    async def _keep(self, _lease: Lease) -> None:
        while True:
            self._woken.clear()
            await self.look()
            await asyncio.sleep(_ROUND_S)
            for _ in range(_QUIET_ROUNDS):
                if await self._is_woken() or await self._mark() != self._counted[0]:
                    break

    async def _is_woken(self) -> bool:
        """Wait for a second; True as soon as something may have changed."""
        try:
            async with asyncio.timeout(_LOOK_AGAIN_S):
                await self._woken.wait()
                return True
        except TimeoutError:
            return False

    async def read(self, caller: Caller) -> WallboardOut:
        """The board as the caller may see it: supervisors all queues, others their own."""
        wide = caller.supervisor or caller.admin
        where: Doc = {} if wide else {"_id": {"$in": sorted(caller.queues)}}
        docs = await self._db[BOARDS].find(where).sort("_id", 1).limit(_MOST_QUEUES).to_list()
        queues: list[BoardOut] = [doc["state"] | {"revision": doc["revision"]} for doc in docs]
        return WallboardOut(at=now(), zone=self._zone.key, queues=queues, all=together(queues))

    async def look(self) -> int:
        """One round; returns how many queues differed from what is stored."""
        states = await self._states()
        stored = {doc["_id"]: doc async for doc in self._db[BOARDS].find().limit(_MOST_QUEUES)}
        told = 0
        for queue, state in states.items():
            told += await self._tell(stored.get(queue), state)
        for queue in stored.keys() - states.keys():
            await self._db[BOARDS].delete_one({"_id": queue})
            await self._send(queue, {"queue": queue, "gone": True})
        return told

    async def _tell(self, stored: Doc | None, state: BoardState) -> bool:
        """Store a queue's state under its next revision, and tell; left alone where another hub was faster."""
        queue = state["queue"]
        if stored is None:
            try:
                await self._db[BOARDS].insert_one({"_id": queue, "revision": 1, "state": state})
            except DuplicateKeyError:
                return False
            await self._send(queue, {"queue": queue, "revision": 1, "before": 0})
            return True
        change = diff(stored["state"], state, stored["revision"] + 1)
        if change is None:
            return False
        update = {"$set": {"state": state}, "$inc": {"revision": 1}}
        done = await self._db[BOARDS].update_one({"_id": queue, "revision": stored["revision"]}, update)
        if done.modified_count:
            await self._send(queue, dict(change))
        return bool(done.modified_count)

    async def _send(self, queue: str, data: Doc) -> None:
        for room in (queue_room(queue), SUPERVISORS):
            await self._hints.send("queue.changed", room, {**data, "board": True})

    async def _states(self) -> dict[str, BoardState]:
        queues = await self._db[QUEUES].find().sort("_id", 1).limit(_MOST_QUEUES).to_list()
        members = sorted({member for queue in queues for member in queue["members"]})
        fields = dict.fromkeys(("message", "conversation", "began_at", *(f"part.{each}" for each in _PART)), 1)
        calls = await self._db[CALLS].find({"live": True}, fields).sort("began_at", 1).limit(_MOST_LIVE).to_list()
        at_work = {"_id": {"$in": members}, "state": {"$ne": "left"}, "deleted_at": None}
        people = {doc["_id"]: doc["name"] async for doc in self._db["record_user"].find(at_work, {"name": 1})}
        presence = {doc["_id"]: doc async for doc in self._db[PRESENCE].find({"_id": {"$in": members}})}
        return build(queues, calls, people, presence, await self._today(), NOTHING)

    async def _today(self) -> dict[str, Today]:
        """The figures of today by queue; counted again only where a fact changed, or the day."""
        mark = await self._mark()
        if self._counted[0] != mark:
            self._counted = (mark, await count_today(self._db, mark[0]))
        return self._counted[1]

    async def _mark(self) -> tuple[datetime, datetime | None, bool]:
        """Changes when the figures of today may have: with the day, with every fact, and once more a moment after one, as
        clocks and writes of other hubs may lie so far apart."""
        newest = await self._db[CALL_FACTS].find_one({}, {"changed_at": 1}, sort=[("changed_at", -1)])
        at = newest["changed_at"] if newest else None
        return day_of(now(), self._zone), at, at is not None and now() - at < _UNSURE


NOTHING = Today(today=figures({}), hours=[])


def _is_of_a_person(event: Doc) -> bool:
    return bool(event["name"] == "record.changed" and event["data"].get("type") == "user")


def day_of(at: datetime, zone: ZoneInfo) -> datetime:
    """When the day of this moment began there."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


async def count_today(db: Database, begins: datetime) -> dict[str, Today]:
    """Figures and hours of each queue since the day began."""
    where = {"at": {"$gte": begins}, "direction": "inbound", "queue": {"$gt": ""}}
    key = {"queue": "$queue", "hour": {"$dateTrunc": {"date": "$at", "unit": "hour"}}}
    found: dict[str, list[Doc]] = {}
    for row in await sums(db, where, key):
        found.setdefault(row["_id"]["queue"], []).append(row)
    return {
        queue: Today(today=figures(total(rows)), hours=sorted(map(_hour, rows), key=lambda hour: hour["at"]))
        for queue, rows in found.items()
    }


def _hour(row: Doc) -> HourOut:
    counts = figures(row)
    return HourOut(
        at=row["_id"]["hour"], offered=counts["offered"], answered=counts["answered"], abandoned=counts["abandoned"]
    )


def together(queues: Iterable[BoardState]) -> AllOut:
    """All of these queues. Pure."""
    states = list(queues)
    calls = [call for state in states for call in state["calls"].values()]
    waiting = [call for call in calls if call["state"] in ("waiting", "ringing")]
    agents = {user: agent["state"] for state in states for user, agent in state["agents"].items()}
    counts: dict[str, int] = {}
    for state in agents.values():
        counts[state] = counts.get(state, 0) + 1
    return AllOut(
        waiting=len(waiting),
        ringing=sum(call["state"] == "ringing" for call in waiting),
        talking=len(calls) - len(waiting),
        longest_since=min((call["joined_at"] for call in waiting), default=None),
        agents=counts,
        today=figures(total(state["today"] for state in states)),  # type: ignore[misc]
    )
