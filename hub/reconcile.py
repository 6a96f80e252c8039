"""What each far side has and the store lacks (`missing`), and what the store has twice (`doubled`). The goal is 0 and 0.

Missing: raw input that nothing was made of, and ids of the far side's `inventory` that are neither a message, a known
repeat, a place of the ledger nor in quarantine. What looks missing is looked at a second time a moment later, because
it may just have been on its way in.

Doubled: two messages made of one raw input (a channel keeps one piece of raw input per message), and two messages of
one far id and one fingerprint.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import MainstemError, NotFound
from hub.accounts.directory import Directory, Entry
from hub.accounts.held import held
from hub.store.client import Database, Doc
from hub.store.collections import BOOKMARKS, MESSAGES, QUARANTINE, RAW, RECONCILED

LOOK_BACK = timedelta(days=30)
"""How far back the far side is asked."""
SECOND_LOOK_S = 3.0
INVENTORY_S = 300.0
"""Most time for one far side to list what it has."""
_KEPT_IDS = 100
_OWN_ID = re.compile(r"#[0-9a-f]{12}$")
"""The end of an id that the stream made for a second message of one far id (see `Envelope.fingerprint`)."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What was found for one account. `missing` and `doubled` hold ids; `error` says why a far side was not asked."""

    account: str
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    quarantined: int = 0
    error: str | None = None
    at: datetime = field(default_factory=now)

    @property
    def ok(self) -> bool:
        """Nothing missing, nothing doubled, and every far side could be asked."""
        return not self.missing and not self.doubled and self.error is None

    def line(self) -> str:
        """As the command prints it."""
        counts = f"{self.account}: missing {len(self.missing)} doubled {len(self.doubled)}"
        return f"{counts} ({self.error})" if self.error else counts


async def reconcile(
    db: Database, directory: Directory, account: str | None = None, *, second_look_s: float = SECOND_LOOK_S
) -> list[Result]:
    """Compare one account, or all (also those that are configured no more and left input behind); keeps the results.

    Raises:
        NotFound: there is no account of this name, now or in the past.
    """
    accounts = await _accounts(db, directory, account)
    doubled = await _doubled(db)
    results = []
    for name, entry in accounts.items():
        result = Result(account=name, doubled=sorted(doubled[name]))
        await _look_for_missing(db, result, entry, second_look_s)
        result.quarantined = await db[QUARANTINE].count_documents({"account": name, "state": "waiting"})
        await _keep(db, result)
        results.append(result)
    return results


async def _accounts(db: Database, directory: Directory, account: str | None) -> dict[str, Entry | None]:
    accounts: dict[str, Entry | None] = dict.fromkeys(sorted(await db[RAW].distinct("account", {"open": True})))
    accounts |= {entry.id: entry for entry in await directory.all()}
    if account is None:
        return dict(sorted(accounts.items()))
    if account not in accounts and not await db[RAW].find_one({"account": account}, {"_id": 1}):
        raise NotFound(f"there is no account {account!r}; see `mainstem doctor` for those there are", account=account)
    return {account: accounts.get(account)}


async def _look_for_missing(db: Database, result: Result, entry: Entry | None, second_look_s: float) -> None:
    suspects: list[tuple[list[str], Callable[[list[str]], Awaitable[list[str]]]]] = [
        (await _open_raw(db, result.account), lambda ids: _still_open(db, ids))
    ]
    try:
        lacking = await _lacking_inventory(db, entry) if entry else []
        suspects.append((lacking, lambda ids: _lacking(db, result.account, ids)))
    except (MainstemError, OSError, EOFError, TimeoutError) as error:
        result.error = f"the far side could not be asked: {str(error) or type(error).__name__}"
    if any(ids for ids, _ in suspects):
        await asyncio.sleep(second_look_s)
    for ids, look_again in suspects:
        result.missing += await look_again(ids) if ids else []


async def _open_raw(db: Database, account: str) -> list[str]:
    return [doc["_id"] async for doc in db[RAW].find({"account": account, "open": True}, {"_id": 1}).sort("_id", 1)]


async def _still_open(db: Database, ids: list[str]) -> list[str]:
    return [doc["_id"] async for doc in db[RAW].find({"_id": {"$in": ids}, "open": True}, {"_id": 1}).sort("_id", 1)]


async def _lacking_inventory(db: Database, entry: Entry) -> list[str]:
    if not entry.enabled:
        return []
    channel, account = entry.ready()
    listing = channel.inventory(account, await _since(db, entry.id))
    if listing is None:
        return []
    async with asyncio.timeout(INVENTORY_S):
        return [name async for pack in _packs(listing) for name in await _lacking(db, entry.id, pack)]


async def _since(db: Database, account: str) -> datetime:
    """From when on the far side is asked: not from before the account began, where its bookmark says so (`since`)."""
    mark = await db[BOOKMARKS].find_one({"_id": f"account:{account}"}, {"position.since": 1}) or {}
    began = mark.get("position", {}).get("since")
    return max(now() - LOOK_BACK, began) if isinstance(began, datetime) else now() - LOOK_BACK


async def _packs(listing: AsyncIterator[str], size: int = 1000) -> AsyncIterator[list[str]]:
    pack: list[str] = []
    async for name in listing:
        pack.append(name)
        if len(pack) == size:
            yield pack
            pack = []
    if pack:
        yield pack


async def _lacking(db: Database, account: str, ids: list[str]) -> list[str]:
    known = await held(db, account, ids)
    return [name for name in ids if name not in known]


async def _doubled(db: Database) -> defaultdict[str, set[str]]:
    """Ids of messages that are there twice, by account. Both look-ups run over an index, not over the messages."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    raws = await db[MESSAGES].aggregate(
        [
            {"$match": {"raw": {"$gt": ""}}},
            {"$project": {"_id": 0, "raw": 1}},
            {"$group": {"_id": "$raw", "n": {"$sum": 1}}},
            {"$match": {"n": {"$gt": 1}}},
        ],
        hint={"raw": 1},
        allowDiskUse=True,
    )
    twice, seen = [doc["_id"] async for doc in raws], set[str]()
    async for doc in db[MESSAGES].find({"raw": {"$in": twice}}, {"account": 1, "raw": 1}).sort("seq", 1):
        if doc["raw"] in seen:
            found[doc["account"]].add(doc["_id"])
        seen.add(doc["raw"])
    async for doc in db[MESSAGES].find({"external_id": {"$gt": "", "$regex": _OWN_ID}}, _MARKS):
        if await _is_its_base(db, doc):
            found[doc["account"]].add(doc["_id"])
    return found


_MARKS = {"account": 1, "external_id": 1, "fingerprint": 1}


async def _is_its_base(db: Database, doc: Doc) -> bool:
    base = _OWN_ID.sub("", doc["external_id"])
    where = {"account": doc["account"], "external_id": base, "fingerprint": doc.get("fingerprint")}
    return bool(doc.get("fingerprint")) and await db[MESSAGES].find_one(where, {"_id": 1}) is not None


async def _keep(db: Database, result: Result) -> None:
    change = {
        "missing": len(result.missing),
        "doubled": len(result.doubled),
        "missing_ids": result.missing[:_KEPT_IDS],
        "doubled_ids": result.doubled[:_KEPT_IDS],
        "quarantined": result.quarantined,
        "error": result.error,
        "at": result.at,
    }
    await db[RECONCILED].update_one({"_id": result.account}, {"$set": change}, upsert=True)


class Reconciler:
    """The same for handlers, which are given parts and not the store."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self._db = db
        self._directory = directory

    async def run(self, account: str | None = None) -> list[Result]:
        """Compare now; see `reconcile`."""
        return await reconcile(self._db, self._directory, account)

    async def last(self) -> list[ReconciledOut]:
        """What the last run found, by account."""
        return [_out(doc) async for doc in self._db[RECONCILED].find().sort("_id", 1)]


class ReconciledOut(TypedDict):
    """The result for one account as it is shown. At most 100 ids of each kind are kept; the numbers are whole."""

    account: str
    missing: int
    doubled: int
    missing_ids: list[str]
    doubled_ids: list[str]
    quarantined: int
    error: str | None
    at: datetime


def _out(doc: Doc) -> ReconciledOut:
    return ReconciledOut(
        account=doc["_id"],
        missing=doc["missing"],
        doubled=doc["doubled"],
        missing_ids=doc["missing_ids"],
        doubled_ids=doc["doubled_ids"],
        quarantined=doc["quarantined"],
        error=doc["error"],
        at=doc["at"],
    )
