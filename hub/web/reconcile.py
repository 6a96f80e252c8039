"""What is missing or doubled, by account: the last result, and a run now."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.reconcile import ReconciledOut, Reconciler
from hub.web.may import ADMINISTER, SUPERVISE
from hub.web.routes import Routes

routes = Routes("reconcile")


class ReconcileNow(BaseModel):
    """Which account; all of them when none is named."""

    model_config = ConfigDict(extra="forbid")

    account: Annotated[str, Field(min_length=1, max_length=40)] | None = None


class ReconciledItems(TypedDict):
    """One result per account."""

    items: list[ReconciledOut]


@routes.get("/api/reconcile", may=SUPERVISE)
async def list_reconciled(reconciler: Reconciler) -> ReconciledItems:
    """What the last comparison of each account with its far side found."""
    return ReconciledItems(items=await reconciler.last())


@routes.post("/api/reconcile", may=ADMINISTER)
async def reconcile_now(body: ReconcileNow, reconciler: Reconciler) -> ReconciledItems:
    """Compare one account, or all, with the far side now. Takes a few seconds."""
    results = {result.account for result in await reconciler.run(body.account)}
    return ReconciledItems(items=[item for item in await reconciler.last() if item["account"] in results])
