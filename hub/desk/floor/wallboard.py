"""The live board: one hub keeps it up to date in the store and tells what changed; every hub reads it there.

A change of a call, of somebody's presence or of a queue leads to a new look, at most four times a second; what differs
in a queue is stored under the queue's next revision and then told as one `queue.changed` to its members and to
supervisors. These are hints (they have no place in the stream): a console that sees a revision left out reads again.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from pymongo.errors import DuplicateKeyError
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.events import SUPERVISORS, queue_room
from hub.desk.floor.board import BoardState, build, diff
from hub.desk.floor.today import NOTHING, TodayFigures
from hub.desk.floor.together import AllOut, together
from hub.feed.hints import Hints
from hub.identity.caller import Caller
from hub.leases import Lease, Leases
from hub.store.call_collections import CALLS
from hub.store.client import Database, Doc
from hub.store.collections import PRESENCE, QUEUES
from hub.store.floor_collections import BOARDS

_ROUND_S = 0.25
_LOOK_AGAIN_S = 1.0
_QUIET_ROUNDS = 10
"""Nothing heard for so many seconds, it looks all the same."""
_MOST_QUEUES = 1000
_MOST_LIVE = 5000
_NAMES = frozenset({"call.changed", "agent.changed", "queue.changed"})
_PART = ("number", "state", "queues", "agents", "outcome", "blind")


class BoardOut(BoardState):
    """One queue, and which revision of it this is."""

    revision: int


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
        self._zone = zone
        self._woken = asyncio.Event()
        self._today = TodayFigures(db, ZoneInfo(zone))

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
                if await self._is_woken() or await self._today.changed():
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
        return WallboardOut(at=now(), zone=self._zone, queues=queues, all=together(queues))

    async def look(self) -> int:
        """One round; returns how many queues differed from what is stored."""
        states = await self._states()
        stored = {doc["_id"]: doc async for doc in self._db[BOARDS].find().limit(_MOST_QUEUES)}
        told = [data for queue, state in states.items() if (data := await self._store(stored.get(queue), state))]
        for queue in stored.keys() - states.keys():
            await self._db[BOARDS].delete_one({"_id": queue})
            told.append({"queue": queue, "gone": True})
        rooms = [(room, {**data, "board": True}) for data in told for room in (queue_room(data["queue"]), SUPERVISORS)]
        await self._hints.send_all("queue.changed", rooms)
        return len(told)

    async def _store(self, stored: Doc | None, state: BoardState) -> Doc | None:
        """Store a queue's state under its next revision; what is to be told of it. Left alone where another hub was faster."""
        queue = state["queue"]
        if stored is None:
            try:
                await self._db[BOARDS].insert_one({"_id": queue, "revision": 1, "state": state})
            except DuplicateKeyError:
                return None
            return {"queue": queue, "revision": 1, "before": 0}
        change = diff(stored["state"], state, stored["revision"] + 1)
        if change is None:
            return None
        update = {"$set": {"state": state}, "$inc": {"revision": 1}}
        done = await self._db[BOARDS].update_one({"_id": queue, "revision": stored["revision"]}, update)
        return dict(change) if done.modified_count else None

    async def _states(self) -> dict[str, BoardState]:
        queues = await self._db[QUEUES].find().sort("_id", 1).limit(_MOST_QUEUES).to_list()
        members = sorted({member for queue in queues for member in queue["members"]})
        fields = dict.fromkeys(("message", "conversation", "began_at", *(f"part.{each}" for each in _PART)), 1)
        calls = await self._db[CALLS].find({"live": True}, fields).sort("began_at", 1).limit(_MOST_LIVE).to_list()
        at_work = {"_id": {"$in": members}, "state": {"$ne": "left"}, "deleted_at": None}
        people = {doc["_id"]: doc["name"] async for doc in self._db["record_user"].find(at_work, {"name": 1})}
        presence = {doc["_id"]: doc async for doc in self._db[PRESENCE].find({"_id": {"$in": members}})}
        return build(queues, calls, people, presence, await self._today.by_queue(), NOTHING)


def _is_of_a_person(event: Doc) -> bool:
    return bool(event["name"] == "record.changed" and event["data"].get("type") == "user")
