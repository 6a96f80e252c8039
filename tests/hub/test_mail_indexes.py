"""The look-ups of the mailbox's own collections go by an index, and none of them sorts in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_core.ground.clock import now
from hub.store.client import Database
from tests.lab.plans import stages

AGO = now() - timedelta(hours=1)
BY_CONVERSATION = [("conversation", 1), ("seq", -1)]

QUERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "automatic mails to an address": ("auto_sent", {"to": "mail:a@x", "at": {"$gte": AGO}}),
    "automatic mails in a conversation": ("auto_sent", {"conversation": "c", "at": {"$gte": AGO}}),
    "marks that are due": ("marks", {"account": "a", "state": "waiting", "next_at": {"$lte": AGO}}),
    "places of a marked message": ("ledger", {"account": "a", "external_id": "x"}),
    "a file of messages that are shown": ("messages", {"attachments.id": "x", "removed": {"$exists": False}}),
    "what a bounce by token is about": ("messages", {"conversation": {"$in": ["c"]}}),
    "contacts of a customer": ("record_contact", {"customer": "c"}),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_no_query_scans_a_collection(db: Database, name: str) -> None:
    collection, query = QUERIES[name]
    found = await stages(db, collection, query)
    assert "COLLSCAN" not in found, f"{name}: {found}"
    assert "IXSCAN" in found


async def test_rules_and_marks_and_mails_come_in_order(db: Database) -> None:
    mails = {"conversation": {"$in": ["a", "b"]}, "direction": {"$in": ["inbound"]}, "author.address": {"$in": ["x"]}}
    for found in (
        db["rules"].find({}).sort("place", 1),
        db["marks"].find(QUERIES["marks that are due"][1]).sort("next_at", 1),
        db["messages"].find(mails, hint=BY_CONVERSATION).sort("seq", -1),
    ):
        plan = (await found.explain())["queryPlanner"]["winningPlan"]
        assert _stages(plan).isdisjoint({"SORT", "COLLSCAN"}), plan


def _stages(plan: dict[str, Any]) -> set[str]:
    inner = [*plan.get("inputStages", ()), *filter(None, [plan.get("inputStage")])]
    return {plan["stage"]}.union(*map(_stages, inner))
