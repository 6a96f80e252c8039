"""Calls in the store: raw events first, then what follows from them. Every step can be done twice.

A crash after any line is mended by replaying what `unfinished` gives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from pymongo.errors import BulkWriteError, PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.errors import Unavailable
from hub.accounts.blocked_numbers import blocked_numbers
from hub.accounts.call_ground import Ground
from hub.accounts.call_people import look_up_rings
from hub.accounts.call_publishing import CallPublisher
from hub.accounts.call_ringing import Ringer
from hub.accounts.phones_beside import keep_beside
from hub.calling import PhoneBeside
from hub.model.call import CallEntry, CallNews, Rings, TakeRings
from hub.store.call_collections import CALL_EVENTS, CALL_GAPS, CALLS
from hub.store.client import Doc
from hub.store.collections import BOOKMARKS
from hub.stream.stream import Stream

_DUPLICATE = 11000
_MOST_REPLAYED = 100_000


class AccountCalls:
    """See `hub.calling.CallLog`; bound to one account."""

    def __init__(self, stream: Stream, account: str) -> None:
        self._db, self._units = stream.db, stream.units
        self._account = account
        self._mark = f"calls:{account}"
        self._ringer = Ringer(stream, account)
        self._publisher = CallPublisher(stream, account)

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

    async def pauses_wanted(self, calls: Collection[str]) -> set[str]:
        """Of these calls, those whose recording is to stand still by the last word of those who talk."""
        keys = [f"{self._account}|{call}" for call in calls]
        where = {"_id": {"$in": keys}, "notes.pauses.until": {"$type": "null"}}
        return {doc["call"] async for doc in self._db[CALLS].find(where, {"call": 1})}

    async def beside(self, phones: Sequence[PhoneBeside]) -> None:
        """These phones of supervisors are beside a call now, and no others."""
        try:
            await keep_beside(self._units, self._account, phones)
        except PyMongoError as error:
            raise Unavailable("the store is away; the PBX is asked again afterwards") from error

    async def blocked(self) -> dict[str, datetime | None]:
        """The numbers whose calls this account's PBX should refuse, and until when."""
        return await blocked_numbers(self._db, self._account)

    async def look_up(self, news: Sequence[CallNews]) -> Rings:
        """What the pops of the phones that ring in these calls show."""
        return await look_up_rings(self._db, self._account, news)

    async def ring(self, take: TakeRings) -> None:
        """Tell whose phones ring."""
        await self._ringer.tell(take)

    async def publish(self, news: Sequence[CallNews]) -> None:
        """Bring messages, call documents and consoles in step with the calls as they are."""
        ground = Ground(news)
        await ground.look_up(self._db, self._account, self._publisher.last)
        await self._publisher.write(ground)


def _plain(name: str) -> str:
    """A field name that MongoDB takes."""
    return name.replace(".", "_").replace("$", "_").replace("\0", "")
