"""No query of the hub's own scans a collection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_core.ground.clock import now
from hub.store.client import Database
from tests.lab.plans import stages

AGO = now() - timedelta(days=1)

QUERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "repeats of an envelope": ("messages", {"account": "a", "external_id": {"$in": ["x", "y"]}}),
    "a message by its far id": ("messages", {"external_id": {"$in": ["x"]}}),
    "repeats of a writing": ("messages", {"client_id": {"$in": ["x"]}}),
    "the message of raw input": ("messages", {"raw": {"$in": ["x"]}}),
    "messages of a conversation": ("messages", {"conversation": "x"}),
    "messages with a file": ("messages", {"attachments.id": "x"}),
    "traces of an id": ("threads", {"key": {"$in": ["x"]}}),
    "open raw input": ("raw", {"account": "a", "open": True, "at": {"$lt": AGO}}),
    "raw input of an account": ("raw", {"account": "a"}),
    "ledger places": ("ledger", {"account": "a", "place": {"$in": ["x"]}}),
    "known repeats": ("repeats", {"account": "a", "external_id": {"$in": ["x"]}}),
    "quarantined input": ("quarantine", {"account": "a", "external_id": {"$in": ["x"]}}),
    "events of rooms": ("events", {"_id": {"$gt": 1}, "rooms": {"$in": ["everyone"]}}),
    "due messages": ("outbox", {"account": "a", "state": "queued", "next_at": {"$lte": AGO}}),
    "conversations by link": ("conversations", {"links": {"$in": ["contact:x"]}}),
    "snoozed conversations": ("conversations", {"state": "snoozed", "snoozed_until": {"$lte": AGO}}),
    "contacts by address": ("record_contact", {"addresses": {"$in": ["x"]}}),
    "customers by address": ("record_customer", {"addresses": {"$in": ["x"]}}),
    "users by address": ("record_user", {"addresses": {"$in": ["x"]}}),
    "sessions of a user": ("sessions", {"user": "x"}),
    "credentials by login": ("credentials", {"login": "x"}),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_no_query_scans_a_collection(db: Database, name: str) -> None:
    collection, query = QUERIES[name]
    found = await stages(db, collection, query)
    assert "COLLSCAN" not in found, f"{name}: {found}"
    assert "IXSCAN" in found
