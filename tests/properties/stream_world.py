"""A small world for the rules of the stream: people who write, colleagues who work, consoles that listen."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, TypeVar

from crm_core.ground.errors import Conflict, Invalid, NotFound
from crm_core.load import load
from hub.desk.conversations import Conversations
from hub.feed.hints import Hints
from hub.feed.replay import Replay
from hub.feed.tail import Feed
from hub.identity.caller import Caller
from hub.model.conversation import conversation_out, conversation_rooms
from hub.model.draft import Draft
from hub.store.announced import Announced
from hub.store.client import Database, Doc
from hub.store.files import Files
from hub.store.records import Records
from hub.store.unit import Unit, Units
from hub.stream import moves
from hub.stream.commit import CommitLoop
from hub.stream.conversations import save_conversation
from hub.stream.stream import Stream
from tests.faults.console_view import View
from tests.hub.console_lab import caller
from tests.lab.envelopes import mail

KINDS = (
    "mail",
    "mail",
    "mail",
    "repeat",
    "answer",
    "note",
    "amend",
    "split",
    "join",
    "undo",
    "queue",
    "assign",
    "show",
    "close",
)
Op = tuple[str, int, int]
T = TypeVar("T")
COLLEAGUES = (
    caller("sup", supervisor=True),
    caller("sue", "support"),
    caller("gus", "general"),
    caller("bea", "support", "general"),
    caller("ann"),
)
QUEUES = ("support", "general")
_CUSTOMERS = ("ada@example.com", "bob@example.com", "cy@example.com")
_STRANGER = "eve@evil.example"
_EMPTIED = ("messages", "conversations", "events", "threads", "moves", "outbox", "repeats", "quarantine")


@dataclass
class Listener:
    """A colleague's picture. A live one gets the events of the rooms; one that resumes asks the feed what it missed."""

    who: Caller
    live: bool
    view: View = field(default_factory=View)
    after: int = 0


class World:
    """One database. `forget` empties it between examples."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.announced = Announced()
        self.units = Units(db.client, db, self.announced)
        self.loop = CommitLoop(self.units, 200)
        self.stream = Stream(db, self.units, Files(db), self.loop)
        self.desk = Conversations(db, self.units, Records(self.units, load()))
        self.feed = Feed(db, Hints(db), self.announced)
        self.replay = Replay(db, self.feed, 5000)

    async def forget(self) -> None:
        """An empty stream; its places go on."""
        for name in _EMPTIED:
            await self.db[name].delete_many({})
        self.sent: list[tuple[int, int, int]] = []
        self.known: set[str] = set()
        for queue in QUEUES:
            await self.db["queues"].update_one({"_id": queue}, {"$set": {"members": []}}, upsert=True)
        start = await self.feed.newest()
        self.listeners = [Listener(who, live, after=start) for who in COLLEAGUES for live in (True, False)]

    # -- doing -----------------------------------------------------------------------------------------------

    async def burst(self, ops: list[Op]) -> None:
        """All at once, so that they share batches and get into each other's way; what is refused changes nothing."""
        results = await asyncio.gather(*(self.do(*op) for op in ops), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, (Conflict, Invalid, NotFound)):
                raise result

    async def do(self, kind: str, a: int, b: int) -> Any:
        """One act. `a` and `b` choose among what is there."""
        if kind == "mail":
            self.sent.append((len(self.sent), a, b))
            return await self.stream.ingest(_mail(*self.sent[-1]))
        if kind == "repeat":
            return await self.stream.ingest(_mail(*_pick(self.sent, a)))
        message = await self._message(a)
        here = message["conversation"]
        match kind:
            case "answer" | "note":
                draft = Draft(conversation=here, author="sue", text=f"{kind} {a} {b}", account="support")
                return await (self.stream.send(draft) if kind == "answer" else self.stream.note(draft))
            case "amend":
                return await self.stream.amend(message["_id"], {"call.state": f"state {b}"})
            case "split":
                count = 1 + b % 2
                query = {"conversation": here, "seq": {"$gte": message["seq"]}}
                ids = [m["_id"] async for m in self.db["messages"].find(query).sort("seq", 1).limit(count)]
                return await moves.split(self.units, here, ids, by="sue")
            case "join":
                return await moves.join(self.units, here, (await self._message(b))["conversation"], by="sue")
            case "undo":
                done = await self.db["moves"].find({"undone_at": None}).sort("_id", 1).to_list()
                return await moves.undo(self.units, _pick(done, a)["_id"], by="sue")
        return await self._change(here, kind, b)

    async def _change(self, conversation: str, kind: str, b: int) -> Any:
        changes: dict[str, dict[str, Any]] = {
            "queue": {"queue": QUEUES[b % 2]},
            "assign": {"assignee": [None, "me"][b % 2]},
            "close": {"state": ["closed", "open", "pending"][b % 3]},
        }
        if kind == "show":
            return await self.show(conversation, COLLEAGUES[b % 5].user)
        who = caller("ann", supervisor=True) if b % 4 == 1 else COLLEAGUES[0]
        return await self.desk.change(who, conversation, changes[kind], None)

    async def show(self, conversation: str, user: str) -> None:
        """Let somebody see it by name, as a mention does."""

        async def work(unit: Unit) -> None:
            before = await unit.db["conversations"].find_one({"_id": conversation}, session=unit.session)
            if before is not None and before["state"] != "merged":
                viewers = sorted({*before.get("viewers", ()), user})
                await save_conversation(unit, before, {"viewers": viewers})

        await self.units.run(work)

    async def _message(self, a: int) -> Doc:
        found: list[Doc] = await self.db["messages"].find({}, {"conversation": 1, "seq": 1}).sort("seq", 1).to_list()
        return _pick(found, a)

    # -- listening -------------------------------------------------------------------------------------------

    async def listen(self, *, resume: bool) -> None:
        """Everybody hears what happened since; those who resume only where `resume` says so."""
        self.feed.position = await self.feed.newest()
        for one in self.listeners:
            if one.live:
                await self._hear(one)
            elif resume:
                await self._resume(one)
            else:
                continue
            fresh = await self.afresh(one.who)
            for key in [*one.view.unread]:
                if key not in fresh.rows:
                    one.view.drop(key)
                else:
                    one.view.rows[key] = fresh.rows[key]
                    one.view.messages[key] = fresh.messages[key]
                    one.view.unread.discard(key)
            assert not (wrong := one.view.differs_from(fresh)), (
                f"{one.who.user}, {'live' if one.live else 'resumed'}: {wrong}"
            )

    async def _hear(self, one: Listener) -> None:
        query = {"_id": {"$gt": one.after}, "rooms": {"$in": sorted(one.who.rooms())}}
        async for event in self.db["events"].find(query).sort("_id", 1):
            assert event["_id"] > one.after
            one.after = event["_id"]
            one.view.apply(event["name"], event["data"])

    async def _resume(self, one: Listener) -> None:
        while True:
            page = await self.replay.page(one.who, one.after, 7)
            assert page["stale"] is None
            for event in page["items"]:
                assert event["seq"] > one.after
                one.view.apply(event["name"], event["data"])
                one.after = event["seq"]
            one.after = page["next"]
            if one.after >= self.feed.position:
                return

    async def afresh(self, who: Caller) -> View:
        """What somebody should see, by the rule of the rooms alone."""
        view = View()
        messages: dict[str, list[Doc]] = defaultdict(list)
        async for message in self.db["messages"].find():
            messages[message["conversation"]].append({"id": message["_id"], "revision": message["revision"]})
        async for doc in self.db["conversations"].find({"state": {"$ne": "merged"}}):
            if conversation_rooms(doc) & who.rooms():
                view.take(conversation_out(doc), messages[doc["_id"]])
        return view

    # -- checking --------------------------------------------------------------------------------------------

    async def check(self, before_seq: int) -> None:
        """The promises of the store; what this burst wrote stands above `before_seq`."""
        messages = await self.db["messages"].find().sort("seq", 1).to_list()
        conversations = {doc["_id"]: doc async for doc in self.db["conversations"].find()}
        told = await self.db["events"].find({"name": "message.appended"}).sort("_id", 1).to_list()
        assert [(e["_id"], e["data"]["message"]["id"]) for e in told] == [(m["seq"], m["_id"]) for m in messages]
        ids = Counter((m["account"], m["external_id"]) for m in messages if m["external_id"])
        assert not ids or max(ids.values()) == 1
        threads: dict[str, list[Doc]] = defaultdict(list)
        for message in messages:
            threads[message["conversation"]].append(message)
            assert conversations[message["conversation"]]["state"] != "merged", (
                "a message in a joined-away conversation"
            )
        for key, doc in conversations.items():
            if doc["state"] != "merged":
                _check_summary(doc, threads[key])
        assert await self.db["quarantine"].count_documents({}) == 0
        fresh = [m["seq"] for m in messages if m["_id"] not in self.known]
        assert all(seq > before_seq for seq in fresh), "what came later stands earlier"
        self.known = {m["_id"] for m in messages}


def _check_summary(doc: Doc, thread: list[Doc]) -> None:
    assert doc["message_count"] == len(thread)
    assert thread, "a conversation without a message is shown"
    last = thread[-1]
    assert (doc["last_seq"], doc["last_at"]) == (last["seq"], last["stored_at"])
    assert doc["preview"] == " ".join(last["text"][:320].split())[:160]


def _mail(number: int, a: int, b: int) -> Any:
    """Mail `number`: most quote one of a dozen ids, come or still to come; a stranger quotes too."""
    sender = _STRANGER if a % 7 == 6 else _CUSTOMERS[a % 3]
    refers = (f"<{b % 12}@x>",) if b % 4 and b % 12 != number else ()
    more = (f"<{a % 12}@x>",) if a % 5 == 0 and a % 12 != number else ()
    cc = tuple(c for c in _CUSTOMERS if c != sender and a % 2)
    return mail(
        f"<{number}@x>",
        sender,
        refers=refers + more,
        cc=cc,
        queue=QUEUES[b % 2],
        account=("support", "sales")[a % 4 == 3],
    )


def _pick(among: list[T], number: int) -> T:
    if not among:
        raise NotFound("there is nothing yet")
    return among[number % len(among)]
