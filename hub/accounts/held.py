"""Which ids of a far side the store has, in whatever form."""

from __future__ import annotations

from hub.store.client import Database
from hub.store.collections import LEDGER, MESSAGES, QUARANTINE, REPEATS

_PLACES = (
    (MESSAGES, "external_id"),
    (REPEATS, "external_id"),
    (QUARANTINE, "external_id"),
    (LEDGER, "external_id"),
    (LEDGER, "place"),
)
_ASKED_AT_ONCE = 1000


async def held(db: Database, account: str, external_ids: list[str]) -> set[str]:
    """Those that are a message, a known repeat, a place of the ledger, or in quarantine."""
    found: set[str] = set()
    for start in range(0, len(external_ids), _ASKED_AT_ONCE):
        pack = external_ids[start : start + _ASKED_AT_ONCE]
        for collection, field in _PLACES:
            where = {"account": account, field: {"$in": pack}}
            found |= {doc[field] async for doc in db[collection].find(where, {"_id": 0, field: 1})}
    return found
