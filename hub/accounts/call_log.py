"""Calls in the store: raw events first, then the message, then who is told. Every step can be done twice.

A crash after any line is mended by replaying what `unfinished` gives: a repeat of an ingest or amend changes nothing,
and the document of the call remembers which rings were told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pymongo.errors import BulkWriteError, PyMongoError

from crm_core.ground.clock import as_stored, now
from crm_core.ground.errors import NotFound, Unavailable
from hub.accounts.blocked_numbers import blocked_numbers
from hub.accounts.call_people import look_up_pops, people_at
from hub.accounts.call_telling import tell
from hub.errors import Poisoned
from hub.model.call import CallEntry, CallNews, PersonOut
from hub.model.envelope import Envelope, ThreadKey
from hub.model.message import MessageOut
from hub.store.call_collections import CALL_EVENTS, CALL_GAPS, CALLS
from hub.store.client import Doc
from hub.store.collections import BOOKMARKS, QUEUES
from hub.stream.stream import Stream

log = logging.getLogger(__name__)

_DUPLICATE = 11000
_MOST_REPLAYED = 100_000


class AccountCalls:
    """See `hub.calling.CallLog`; bound to one account."""

    def __init__(self, stream: Stream, account: str) -> None:
        self._stream = stream
        self._db = stream.db
        self._account = account
        self._mark = f"calls:{account}"

    async def keep(self, entries: Sequence[CallEntry], keep_for: timedelta) -> None:
        """Append raw events, durably.

        Raises:
            Unavailable: the store is away, or another hub writes this account's events by now.
        """
        at = now()
        docs = [
            {
                "account": self._account, "n": entry.n, "linkedid": entry.linkedid, "at": entry.at, "kept_at": at,
                "fields": {_plain(k): v for k, v in entry.fields.items()}, "expires_at": at + keep_for,
            }
            for entry in entries
        ]  # fmt: skip
        try:
            await self._db[CALL_EVENTS].insert_many(docs, ordered=True)
        except BulkWriteError as error:
            if any(each.get("code") == _DUPLICATE for each in (error.details or {}).get("writeErrors", ())):
                raise Unavailable(f"another hub owns account {self._account} by now") from error
            raise Unavailable("the store does not take the events; the PBX is asked again afterwards") from error
        except PyMongoError as error:
            raise Unavailable("the store is away; the PBX is asked again afterwards") from error

    async def last(self) -> int:
        """The place of the last event kept; 0 where there is none."""
        doc = await self._db[CALL_EVENTS].find_one({"account": self._account}, {"n": 1}, sort=[("n", -1)])
        return int(doc["n"]) if doc else 0

    async def unfinished(self) -> list[CallEntry]:
        """In order: all events of calls that are live by our word, and all that were kept but not yet worked through."""
        mark = await self._db[BOOKMARKS].find_one({"_id": self._mark}) or {"n": 0}
        live = self._db[CALLS].find({"account": self._account, "live": True}, {"linkedids": 1})
        links = sorted({link async for doc in live for link in doc["linkedids"]})
        new: Doc = {"account": self._account, "n": {"$gt": mark["n"]}}
        links += [doc["linkedid"] async for doc in self._db[CALL_EVENTS].find(new, {"linkedid": 1})]
        found: dict[int, Doc] = {}
        for where in ({"account": self._account, "linkedid": {"$in": sorted({*links} - {""})}}, new):
            async for doc in self._db[CALL_EVENTS].find(where).sort("n", 1).limit(_MOST_REPLAYED):
                found[doc["n"]] = doc
        return [
            CallEntry(n=n, linkedid=doc["linkedid"], at=doc["at"], fields=doc["fields"])
            for n, doc in sorted(found.items())
        ]

    async def heard_until(self) -> datetime | None:
        """When this account's PBX was last heard, by any hub; None = never."""
        mark = await self._db[BOOKMARKS].find_one({"_id": self._mark}, {"at": 1})
        return mark["at"] if mark else None

    async def worked_through(self, n: int) -> None:
        """Everything up to here is in the stream."""
        change = {"$max": {"n": n}, "$set": {"at": now()}}
        await self._db[BOOKMARKS].update_one({"_id": self._mark}, change, upsert=True)

    async def gap(self, since: datetime, until: datetime, ended: int) -> None:
        """Note that the PBX could not be heard for a while, and how many calls were over afterwards."""
        entry = {"account": self._account, "from": since, "until": until, "ended": ended}
        await self._db[CALL_GAPS].insert_one(entry)

    async def blocked(self) -> dict[str, datetime | None]:
        """The numbers whose calls this account's PBX should refuse, and until when."""
        return await blocked_numbers(self._db, self._account)

    async def publish(self, news: Sequence[CallNews]) -> None:
        """Bring messages, call documents and consoles in step with the calls as they are."""
        ids = [f"{self._account}|{each.id}" for each in news]
        extensions = {agent["extension"] for each in news for agent in each.part["agents"]}
        extensions |= {ring["extension"] for each in news for ring in each.rings}
        known, people = await asyncio.gather(self._known(ids), people_at(self._db, extensions))
        told = {ring for doc in known.values() for ring in doc["rang"]}
        writing = (self._write(each, known.get(key), people) for each, key in zip(news, ids, strict=True))
        messages, pops = await asyncio.gather(
            asyncio.gather(*writing), look_up_pops(self._db, news, told, people)
        )  # what a pop shows is read meanwhile, and not inside the unit, where all other writers would wait for it
        states = [
            (known.get(key), self._document(key, each, message, people, known.get(key)), each)
            for each, key, message in zip(news, ids, messages, strict=True)
        ]
        fresh = [state for state in states if _shown(state[0]) != _shown(state[1])]
        if fresh:
            await self._stream.units.run(partial(tell, states=fresh, people=people, pops=pops))

    async def _known(self, ids: list[str]) -> dict[str, Doc]:
        return {doc["_id"]: doc async for doc in self._db[CALLS].find({"_id": {"$in": ids}})}

    async def _write(
        self, news: CallNews, known: Doc | None, people: dict[str, PersonOut]
    ) -> tuple[str | None, str | None]:
        """The message of a call, and its conversation; (None, None) while it has none."""
        part = part_document(news, people)
        if known and known["message"]:
            if known["part"] == part:
                return known["message"], known["conversation"]
            try:
                changed = await self._stream.amend(known["message"], _as_change(part))
            except NotFound:  # taken out of the store by retention; the call itself goes on
                return known["message"], known["conversation"]
            return changed["id"], changed["conversation"]
        if not news.told:
            return None, None
        try:
            stored = await self._ingest(news, part)
        except Poisoned as error:  # it stands in quarantine; the other calls go on
            log.warning("a call cannot be stored", extra={"account": self._account, "reason": str(error)})
            return None, None
        if stored.get("call") != part:  # a hub before us wrote an earlier state and died
            await self._stream.amend(stored["id"], _as_change(part))
        return stored["id"], stored["conversation"]

    async def _ingest(self, news: CallNews, part: Doc) -> MessageOut:
        outbound = news.part["direction"] == "outbound"
        sender, to = (news.own, news.party) if outbound else (news.party, news.own)
        keys: tuple[ThreadKey, ...] = ()
        if news.party.key.startswith(("phone:", "user:")):
            keys = (ThreadKey("exact", f"call:{self._account}:{news.party.key}"),)
        queue = news.part["queue"]
        known = await self._db[QUEUES].find_one({"_id": queue}, {"_id": 1}) if queue else None
        return await self._stream.ingest(
            Envelope(
                account=self._account, channel="telephony", external_id=news.id, kind="call", sender=sender, to=(to,),
                at=news.began_at, direction=news.part["direction"], text=news.party.text, thread_keys=keys,
                own_keys=frozenset({news.own.key}), queue=queue if known else None, parts={"call": part},
            )
        )  # fmt: skip

    def _document(
        self,
        key: str,
        news: CallNews,
        message: tuple[str | None, str | None],
        people: dict[str, PersonOut],
        known: Doc | None,
    ) -> Doc:
        part = part_document(news, people)
        rang = dict.fromkeys([*(known or {}).get("rang", ()), *(ring["id"] for ring in news.rings)])
        return {
            "_id": key,
            "account": self._account,
            "call": news.id,
            "linkedids": list(news.linkedids),
            "live": news.part["state"] != "ended" and news.merged_into is None,
            "state": "ended" if news.merged_into else news.part["state"],
            "message": message[0],
            "conversation": message[1],
            "part": part,
            "party": {"key": news.party.key, "name": news.party.name},
            "n": news.n,
            "rang": list(rang),
            "talking": list(news.talking),
            "users": sorted({agent["user"] for agent in part["agents"] if agent["user"]}),
            "began_at": as_stored(news.began_at),
            "merged_into": news.merged_into,
            "tapes": list(news.tapes),
        }


def part_document(news: CallNews, people: dict[str, PersonOut]) -> Doc:
    """The part as it is stored: with whose extensions they are, and times as the store gives them back."""
    part: Doc = _as_kept(news.part)
    for agent in part["agents"]:
        if person := people.get(agent["extension"]):
            agent["user"], agent["name"] = person["id"], person["name"]
    if news.merged_into:
        part |= {"state": "ended", "merged_into": news.merged_into}
    return part


def _as_change(part: Doc) -> Doc:
    """Field by field, so that what people noted beside them (a wrap-up) stays."""
    return {f"call.{name}": value for name, value in part.items()}


def _as_kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_stored(value)
    if isinstance(value, dict):
        return {key: _as_kept(each) for key, each in value.items()}
    return [_as_kept(each) for each in value] if isinstance(value, list) else value


def _shown(doc: Doc | None) -> Doc | None:
    """What somebody could notice of a call."""
    return {key: value for key, value in doc.items() if key not in ("n", "notes")} if doc else None


def _plain(name: str) -> str:
    """A field name that MongoDB takes."""
    return name.replace(".", "_").replace("$", "_").replace("\0", "")
