"""Outcome codes are the administrators' own list; after-call work follows from a call as it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hub.desk.after_calls import works_of
from hub.desk.call_acts import phones_of
from hub.desk.call_note_changes import paused, ran
from hub.main import Hub
from tests.conftest import SignedIn, SignIn

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def codes(who: SignedIn, query: str = "") -> list[str]:
    """The outcomes to choose from, in order."""
    _, page = await who.call("GET", f"/api/call-outcomes{query}")
    return [each["code"] for each in page["items"]]


async def test_the_list_is_there_in_both_languages_and_administrators_keep_it(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.9: first ones are seeded; some are for one queue only; what is taken away does not come back at a start."""
    ann, ada = await signed_in("ann", roles=["SP"]), await signed_in("ada", roles=["admin"])
    first = await codes(ann)
    assert "resolved" in first
    _, page = await ann.call("GET", "/api/call-outcomes")
    assert all(each["en"] and each["zh"] for each in page["items"])
    body = {"en": "Brochure sent", "zh": "已寄资料", "queues": ["support"], "order": 1}
    status, _ = await ann.call("PUT", "/api/call-outcomes/brochure", body)
    assert status == 403
    status, answer = await ada.call("PUT", "/api/call-outcomes/brochure", {**body, "queues": ["nowhere"]})
    assert (status, answer["errors"][0]["path"]) == (422, "queues")
    for _ in range(2):
        status, answer = await ada.call("PUT", "/api/call-outcomes/brochure", body)
        assert (status, answer["zh"]) == (200, "已寄资料")
    assert (await codes(ann, "?queue=support"))[0] == "brochure"
    assert "brochure" not in await codes(ann, "?queue=general")
    status, _ = await ada.call("DELETE", "/api/call-outcomes/resolved")
    assert status == 204
    status, _ = await ada.call("DELETE", "/api/call-outcomes/never-was")
    assert status == 404
    await hub.telephony.call_outcomes.seed()
    assert "resolved" not in await codes(ann)
    assert "resolved" in await codes(ann, "?every=true")
    whats = [e["what"] async for e in hub.db["audit"].find({"what": {"$regex": "^call-outcome"}})]
    assert sorted(whats) == ["call-outcome.removed", "call-outcome.set", "call-outcome.set"]


async def test_a_queue_says_how_long_after_call_work_may_last(signed_in: SignIn) -> None:
    ada = await signed_in("ada", roles=["admin"])
    _, queue = await ada.call("GET", "/api/queues/support")
    assert queue["wrap_up_s"] == 0
    status, queue = await ada.call("PATCH", "/api/queues/support", {"wrap_up_s": 45})
    assert (status, queue["wrap_up_s"]) == (200, 45)
    status, _ = await ada.call("PATCH", "/api/queues/support", {"wrap_up_s": -1})
    assert status == 422


def agent(extension: str, **more: Any) -> dict[str, Any]:
    """Who handled a call."""
    return {
        "extension": extension, "user": f"u{extension}", "name": extension, "queue": "support", "answered_at": AT,
        "ended_at": AT + timedelta(minutes=1), **more,
    }  # fmt: skip


def call(*agents: dict[str, Any]) -> dict[str, Any]:
    """A call as an event tells of it."""
    return {"account": "pbx", "call": "1.1", "id": "m", "part": {"agents": list(agents), "ended_at": None}}


def test_after_call_work_is_for_who_took_the_call_from_a_queue_and_left_it() -> None:
    """Not for who only rang, still talks, is nobody of the house, or took it without a queue; once for each stay."""
    agents = [
        agent("1001"), agent("1002", answered_at=None), agent("1003", ended_at=None), agent("1004", user=None),
        agent("1005", queue=None), agent("1001", answered_at=AT + timedelta(minutes=2)),
    ]  # fmt: skip
    works = works_of(call(*agents), AT)
    assert [work["user"] for work in works] == ["u1001", "u1001"]
    assert len({work["_id"] for work in works}) == 2
    assert works_of(call(*agents), AT) == works


def test_pauses_of_a_recording_open_once_and_close_with_the_call() -> None:
    doc: dict[str, Any] = {"part": {"ended_at": None}, "notes": {}}
    assert ran(doc) == {}
    doc["notes"] = paused(doc, ("u", "U"))
    assert paused(doc, ("v", "V")) == {}
    ended = {**doc, "part": {"ended_at": AT}}
    assert [each["until"] for each in ran(ended)["pauses"]] == [AT]
    doc["notes"] = ran(doc)
    assert ran(doc) == {}


def test_a_phone_that_talks_is_meant_before_one_that_rings() -> None:
    doc = {"talking": ["1002"], "part": {"agents": [agent("1001", ended_at=None), agent("1002", ended_at=None)]}}
    assert phones_of(doc) == ["1002", "1001"]
    assert phones_of({"talking": [], "part": {"agents": [agent("1001")]}}) == []
