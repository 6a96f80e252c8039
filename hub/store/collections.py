"""The names of all collections, what each is for, and the indexes that serve its queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from hub.store.client import Database

MESSAGES = "messages"
CONVERSATIONS = "conversations"
EVENTS = "events"
THREADS = "threads"
RAW = "raw"
QUARANTINE = "quarantine"
LEDGER = "ledger"
REPEATS = "repeats"
OUTBOX = "outbox"
LEASES = "leases"
COUNTERS = "counters"
BOOKMARKS = "bookmarks"
ACCOUNTS = "accounts"
QUEUES = "queues"
PRESENCE = "presence"
CREDENTIALS = "credentials"
SESSIONS = "sessions"
TOKENS = "tokens"
THROTTLE = "throttle"
AUDIT = "audit"
IDEMPOTENCY = "idempotency"
MOVES = "moves"
MIGRATIONS = "migrations"
SEARCH = "search"
RECONCILED = "reconciled"


@dataclass(frozen=True, slots=True)
class Index:
    """One index. `keys`: field -> 1 or -1, in order. `where`: only documents that match are in it.

    Write "is a text" as `{"$gt": ""}`: the server sees that an equality implies it, which it does not see of `$type`,
    and then scans the collection.
    """

    collection: str
    keys: dict[str, int]
    unique: bool = False
    where: dict[str, Any] = field(default_factory=dict)
    expire_s: int | None = None

    def model(self) -> IndexModel:
        """The driver's form."""
        options: dict[str, Any] = {"unique": True} if self.unique else {}
        if self.where:
            options["partialFilterExpression"] = self.where
        if self.expire_s is not None:
            options["expireAfterSeconds"] = self.expire_s
        return IndexModel([(k, ASCENDING if d > 0 else DESCENDING) for k, d in self.keys.items()], **options)


HUB_INDEXES = (
    # messages: the stream itself
    Index(MESSAGES, {"seq": 1}, unique=True),
    Index(MESSAGES, {"external_id": 1, "account": 1}, unique=True, where={"external_id": {"$gt": ""}}),
    Index(MESSAGES, {"conversation": 1, "seq": -1}),
    Index(MESSAGES, {"raw": 1}, where={"raw": {"$gt": ""}}),
    Index(MESSAGES, {"client_id": 1}, unique=True, where={"client_id": {"$gt": ""}}),
    Index(MESSAGES, {"attachments.id": 1}, where={"attachments.id": {"$exists": True}}),
    # conversations: the inbox by queue, by assignee, by name, for all, each newest first; and by whatever they are
    # linked to. Each index costs every message about 12 microseconds (docs/decisions/0002), so there are no more.
    Index(CONVERSATIONS, {"queue": 1, "state": 1, "last_seq": -1}),
    Index(CONVERSATIONS, {"assignee.id": 1, "state": 1, "last_seq": -1}, where={"assignee.id": {"$exists": True}}),
    Index(CONVERSATIONS, {"viewers": 1, "state": 1, "last_seq": -1}, where={"viewers": {"$exists": True}}),
    Index(CONVERSATIONS, {"state": 1, "last_seq": -1}),
    Index(CONVERSATIONS, {"links": 1}),
    # events: _id is seq
    Index(EVENTS, {"rooms": 1, "_id": 1}),
    Index(EVENTS, {"at": 1}),
    Index(THREADS, {"key": 1}),
    Index(RAW, {"account": 1, "at": 1}),
    Index(RAW, {"account": 1, "open": 1}, where={"open": True}),
    Index(QUARANTINE, {"account": 1, "at": -1}),
    Index(QUARANTINE, {"state": 1, "at": -1}),
    Index(QUARANTINE, {"account": 1, "external_id": 1}),
    Index(LEDGER, {"account": 1, "place": 1}, unique=True),
    Index(LEDGER, {"account": 1, "external_id": 1}),
    Index(REPEATS, {"account": 1, "external_id": 1}),
    Index(OUTBOX, {"state": 1, "next_at": 1}),
    Index(OUTBOX, {"account": 1, "state": 1, "next_at": 1}),
    Index(OUTBOX, {"lease_until": 1}, where={"state": "sending"}),
    Index(MOVES, {"conversations": 1, "at": -1}),
    Index(PRESENCE, {"state": 1}),
    Index(CREDENTIALS, {"login": 1}, unique=True),
    Index(SESSIONS, {"user": 1}),
    Index(SESSIONS, {"expires_at": 1}, expire_s=0),
    Index(TOKENS, {"user": 1}),
    Index(THROTTLE, {"expires_at": 1}, expire_s=0),
    Index(AUDIT, {"at": -1}),
    Index(AUDIT, {"actor": 1, "at": -1}),
    Index(IDEMPOTENCY, {"expires_at": 1}, expire_s=0),
    Index(SEARCH, {"grams": 1, "seq": -1}),
)


async def ensure_indexes(db: Database, indexes: Iterable[Index]) -> None:
    """Make the indexes that are missing (existing ones cost nothing)."""
    by_collection: dict[str, list[IndexModel]] = {}
    for index in indexes:
        by_collection.setdefault(index.collection, []).append(index.model())
    for name, models in by_collection.items():
        await db[name].create_indexes(models)
