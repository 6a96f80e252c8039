"""Supervisors see background jobs, administrators try them again or take them back; the audit log is asked by index."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from crm_core.ground.ids import first_id_at, new_id
from hub.desk.job_list import JobState, conditions
from hub.identity import audit
from hub.main import Hub
from hub.store.client import Database
from hub.store.jobs import new_job
from tests.conftest import SignIn


async def test_jobs_are_listed_apart_from_the_schedule(hub: Hub, signed_in: SignIn) -> None:
    sue, ada = await signed_in("sue", roles=["SU"]), await signed_in("ada")
    first, second = new_id(), new_id()
    failed = new_job(first, "export.write", {}, user=ada.user) | {
        "state": "failed",
        "error": "disk full",
        "ended_at": now(),
    }
    scheduled = new_job("schedule:files.sweep", "files.sweep", {}, user=None, scheduled=True)
    await hub.db["jobs"].insert_many([failed, new_job(second, "mail.backfill", {}, user=None), scheduled])
    assert (await ada.call("GET", "/api/jobs"))[0] == 403
    listed = (await sue.call("GET", "/api/jobs"))[1]["items"]
    assert {job["id"] for job in listed} == {first, second}
    assert [job["id"] for job in (await sue.call("GET", "/api/jobs?scheduled=true"))[1]["items"]] == [scheduled["_id"]]
    [shown] = (await sue.call("GET", "/api/jobs?state=failed"))[1]["items"]
    assert (shown["error"], shown["user"]["name"]) == ("disk full", "Ada")
    assert (await sue.call("POST", f"/api/jobs/{first}/retry"))[0] == 403


async def test_a_failed_job_is_tried_again_and_a_waiting_one_taken_back(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    job = new_id()
    await hub.db["jobs"].insert_one(
        new_job(job, "export.write", {}, user=None)
        | {"state": "failed", "error": "disk full", "tries": 6, "ended_at": now()}
    )
    assert (await boss.call("POST", f"/api/jobs/{job}/cancel"))[1]["state"] == "failed"
    status, again = await boss.call("POST", f"/api/jobs/{job}/retry")
    assert (status, again["state"], again["tries"], again["error"]) == (200, "queued", 0, None)
    assert (await boss.call("POST", f"/api/jobs/{job}/retry"))[0] == 409
    assert (await boss.call("POST", f"/api/jobs/{job}/cancel"))[1]["state"] == "cancelled"
    assert (await boss.call("POST", "/api/jobs/none/cancel"))[0] == 404
    acts = [e["what"] for e in (await boss.call("GET", f"/api/audit?about=job:{job}"))[1]["items"]]
    assert acts == ["job.cancelled", "job.retried"]


async def test_a_running_job_is_asked_to_stop_once(hub: Hub, signed_in: SignIn) -> None:
    """Asked and shown; a second time changes nothing; the schedule and what is over stay as they are."""
    boss, sue = await signed_in("boss", roles=["admin"]), await signed_in("sue", roles=["SU"])
    job, over = new_id(), new_id()
    running = {"state": "running", "owner": "a:1", "started_at": now(), "lease_until": now() + timedelta(hours=1)}
    scheduled = new_job("schedule:x.y", "x.y", {}, user=None, scheduled=True) | running
    ended = new_job(over, "x.y", {}, user=None) | {"state": "done", "ended_at": now()}
    await hub.db["jobs"].insert_many([new_job(job, "mail.backfill", {}, user=None) | running, scheduled, ended])
    assert (await sue.call("POST", f"/api/jobs/{job}/cancel"))[0] == 403
    for _ in range(2):
        status, asked = await boss.call("POST", f"/api/jobs/{job}/cancel")
        assert (status, asked["state"], asked["cancelling"]) == (200, "running", True)
    assert (await hub.db["events"].count_documents({"name": "job.changed", "data.cancelling": True})) == 1
    acts = [e["what"] for e in (await boss.call("GET", f"/api/audit?about=job:{job}"))[1]["items"]]
    assert acts == ["job.cancelled"]
    for other in (over, "schedule:x.y"):
        assert (await boss.call("POST", f"/api/jobs/{other}/cancel"))[0] == 409


@pytest.mark.parametrize("state", [None, "failed"])
async def test_jobs_come_from_an_index_in_order(db: Database, state: JobState | None) -> None:
    await db["jobs"].insert_many([new_job(new_id(), "x.y", {}, user=None) for _ in range(20)])
    plan = await db["jobs"].find(conditions(False, state)).sort("_id", -1).explain()
    text = str(plan["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in text
    assert "'SORT'" not in text


@pytest.mark.parametrize("part", ["actor", "what", "about"])
async def test_the_audit_log_is_read_from_an_index_in_order_within_times(db: Database, part: str) -> None:
    rows = [{"_id": new_id(), "actor": "a", "what": f"w{n % 5}", "about": f"b{n % 5}", "at": now()} for n in range(50)]
    await db["audit"].insert_many(rows)
    value = rows[0][part]
    where = audit.conditions(since=now() - timedelta(days=1), until=now() + timedelta(days=1), **{part: str(value)})
    plan = await db["audit"].find(where).sort("_id", -1).limit(5).explain()
    text = str(plan["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in text
    assert "'SORT'" not in text
    assert plan["executionStats"]["nReturned"] == 5
    assert plan["executionStats"]["totalDocsExamined"] == 5


def test_the_first_id_of_a_moment_stands_before_all_later_ones() -> None:
    at = now()
    assert first_id_at(at - timedelta(milliseconds=5)) < new_id()
    assert first_id_at(at + timedelta(minutes=1)) > new_id()
