"""What administrators see of plans of PBXs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from hub.calling import PbxPlan
from hub.channel import Account
from hub.store.client import Doc


class PlanOut(TypedDict):
    """The plan of an account; revision 0 is the empty one that nobody wrote. `schema`: the JSON Schema of plans.
    `applies`: the hub itself can bring it to the PBX; else an operator does, with `mainstem pbx render`."""

    account: str
    plan: dict[str, Any]
    revision: int
    by: str | None
    at: datetime | None
    applies: bool
    schema: dict[str, Any]


class PlanHead(TypedDict):
    """A PBX and who wrote its plan last; revision 0: nobody yet."""

    account: str
    revision: int
    by: str | None
    at: datetime | None


class PlanApplied(TypedDict):
    """Which lines went (`-`) and came (`+`), by file. `said`: the words of the PBX, by its part, when it read them anew;
    `fault`: why it did not, while the files are written."""

    files: dict[str, list[str]]
    said: dict[str, str]
    fault: str | None


def head_out(account: str, doc: Doc) -> PlanHead:
    """Without the plan."""
    return PlanHead(account=account, revision=doc["revision"], by=doc.get("by"), at=doc.get("at"))


def plan_out(pbx: Account, planner: PbxPlan[Any], doc: Doc) -> PlanOut:
    """With it, and what it may say."""
    head = head_out(pbx.id, doc)
    return PlanOut(**head, plan=doc["plan"], applies=planner.folder(pbx) is not None, schema=planner.schema())
