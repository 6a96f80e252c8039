"""Callers of a queue whom nobody answered: one open callback each, closed by itself when they are talked to. (S2.9.9)"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pymongo import ReplaceOne

from crm_core.ground.clock import now
from hub.desk.callback_changes import announce, blank, ending
from hub.store.call_collections import CALLS
from hub.store.call_desk_collections import CALLBACKS
from hub.store.client import Database, Doc
from hub.store.collections import QUEUES
from hub.store.unit import Unit, Units

_PHONE = "phone:"


@dataclass(frozen=True, slots=True)
class _News:
    """A call that was answered, or that is over and was not.

    Attributes:
        seq: the place of the event that says so.
        call: as it was then (`CallOut`).
        party: the other side; None where no number was shown, or the call is part of another.
    """

    seq: int
    answered: bool
    call: Doc
    party: Doc | None

    @property
    def number(self) -> str:
        """Empty where none was shown."""
        return _number(self.party) if self.party else ""


class LostCallers:
    """Keeps the callbacks in step with calls. Seeing a call twice changes nothing."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    async def follow(self, events: Sequence[Doc]) -> None:
        """What became of calls, in order, in at most one unit of work: a caller of a queue whom nobody answered is to be
        called back; whoever is talked with is not any more.

        Args:
            events: `call.answered` and `call.ended`; others say nothing here.
        """
        news = await self._news([event for event in events if _says_something(event)])
        lost = any(not each.answered for each in news)
        if lost or (news and await self._db[CALLBACKS].find_one(_concerned(news), {"_id": 1})):
            await self._units.run(partial(_follow, news=news))

    async def _news(self, events: Sequence[Doc]) -> list[_News]:
        """Without lost calls that stand on a callback already, open or not, and those that nobody can call back."""
        keys = sorted({_key(event["data"]["call"]) for event in events})
        if not keys:
            return []
        found = self._db[CALLS].find({"_id": {"$in": keys}, "merged_into": None}, {"party": 1})
        parties = {doc["_id"]: doc["party"] async for doc in found if doc["party"]["key"].startswith(_PHONE)}
        noted = await _noted(self._db, keys)
        news = [
            _News(event["_id"], event["name"] == "call.answered", call, parties.get(_key(call)))
            for event in events
            for call in (event["data"]["call"],)
        ]
        return [each for each in news if each.answered or (each.party and _key(each.call) not in noted)]


class _Open:
    """The callbacks that are open, while what became of calls is worked through."""

    def __init__(self, docs: Sequence[Doc], queues: frozenset[str]) -> None:
        self.changed: dict[str, Doc] = {}
        self._queues = queues
        self._of_number = {doc["open_lost"]: doc for doc in docs if "open_lost" in doc}
        self._of_call: defaultdict[str, list[Doc]] = defaultdict(list)
        for doc in docs:
            self._of_call[doc["dialled"]].append(doc)

    def lost(self, news: _News) -> None:
        doc = self._of_number.get(news.number) or self._first(news)
        if (key := _key(news.call)) in doc["calls"]:
            return
        doc["calls"] = [*doc["calls"], key]
        doc["messages"] = [*doc["messages"], *([news.call["id"]] if news.call["id"] else [])]
        doc["lost_seq"] = news.seq
        self._of_number[news.number] = self.changed[doc["_id"]] = doc

    def reached(self, news: _News) -> None:
        """Not where the caller was lost only later: events are seen again after a crash."""
        dialled = [doc for linkedid in news.call["linkedids"] for doc in self._of_call[linkedid]]
        for doc in (*dialled, self._of_number.get(news.number)):
            if doc is not None and doc["state"] == "open" and doc.get("lost_seq", 0) < news.seq:
                doc |= ending("done", "reached")
                self._of_number.pop(doc.pop("open_lost", ""), None)
                self.changed[doc["_id"]] = doc

    def _first(self, news: _News) -> Doc:
        queue, at = news.call["part"]["queue"], now()
        return blank(news.number, at) | {
            "kind": "lost", "name": news.party["name"] if news.party else "", "account": news.call["account"],
            "queue": queue if queue in self._queues else None, "conversation": news.call["conversation"],
            "announced_at": at, "open_lost": news.number,
        }  # fmt: skip


async def _follow(unit: Unit, news: Sequence[_News]) -> None:
    queues = sorted({queue for each in news if not each.answered and (queue := each.call["part"]["queue"])})
    known = frozenset([doc["_id"] async for doc in unit.beside[QUEUES].find({"_id": {"$in": queues}}, {"_id": 1})])
    open_ = _Open(await unit.beside[CALLBACKS].find(_concerned(news)).to_list(), known)
    noted = await _noted(unit.beside, [_key(each.call) for each in news if not each.answered])
    for each in news:
        if each.answered:
            open_.reached(each)
        elif _key(each.call) not in noted:
            open_.lost(each)
    writes = [ReplaceOne({"_id": key}, doc, upsert=True) for key, doc in open_.changed.items()]
    if writes:
        await unit.db[CALLBACKS].bulk_write(writes, session=unit.session)  # in order: a number has one that is open
    for doc in open_.changed.values():
        announce(unit, doc)


async def _noted(db: Database, keys: Sequence[str]) -> set[str]:
    """Those of the calls that stand on a callback."""
    return {key async for doc in db[CALLBACKS].find({"calls": {"$in": [*keys]}}, {"calls": 1}) for key in doc["calls"]}


def _concerned(news: Sequence[_News]) -> Doc:
    """The callbacks that these calls may change."""
    numbers = sorted({each.number for each in news if each.number})
    linkedids = sorted({linkedid for each in news if each.answered for linkedid in each.call["linkedids"]})
    return {"state": "open", "$or": [{"dialled": {"$in": linkedids}}, {"open_lost": {"$in": numbers}}]}


def _says_something(event: Doc) -> bool:
    if event["name"] != "call.ended":
        return bool(event["name"] == "call.answered")
    part = event["data"]["call"]["part"]
    return bool(part["direction"] == "inbound" and part["outcome"] in ("abandoned", "no_answer") and part["queues"])


def _key(call: Doc) -> str:
    return f"{call['account']}|{call['call']}"


def _number(party: Doc) -> str:
    key: str = party["key"]
    return key.removeprefix(_PHONE)
