"""What happens reaches those it concerns, once, and is managed in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crm_core.access.actor import system
from crm_core.ground.clock import now
from hub.desk.notice_reader import NoticeReader, mail_news
from hub.desk.notice_store import News, store_news
from hub.desk.notices import Notices, conditions
from hub.main import Hub
from hub.model.address import Address
from hub.model.envelope import Envelope, ThreadKey
from hub.store.client import Database
from hub.store.unit import Units
from tests.conftest import SignedIn, SignIn


async def until(test: Callable[[], Awaitable[Any]], within_s: float = 15.0) -> Any:
    """What the test gives as soon as it gives something."""
    async with asyncio.timeout(within_s):
        while not (found := await test()):
            await asyncio.sleep(0.05)
        return found


async def notices_of(person: SignedIn, query: str = "") -> list[dict[str, Any]]:
    """The items of a person's list."""
    status, body = await person.call("GET", f"/api/notices{query}")
    assert status == 200, body
    items: list[dict[str, Any]] = body["items"]
    return items


async def conversation(hub: Hub, n: int = 1, key: str = "a") -> str:
    """A mail of a customer; returns its conversation."""
    envelope = Envelope(
        account="support-mail", channel="email", external_id=f"{key}{n}@far", sender=Address("mail:otto@example.com", "Otto"),
        thread_keys=(ThreadKey("exact", key),), subject="Pump leaks", text=f"It leaks, mail {n}", at=now(), queue="support",
    )  # fmt: skip
    return (await hub.stream.ingest(envelope))["conversation"]


async def test_who_is_assigned_by_somebody_else_is_told_and_who_takes_it_is_not(hub: Hub, signed_in: SignIn) -> None:
    """S2.1.2-02. One click opens the conversation: the notice names it."""
    ada, ben = await signed_in("ada", queues=["support"]), await signed_in("ben", queues=["support"])
    place = f"/api/conversations/{await conversation(hub)}"
    assert (await ada.call("PATCH", place, {"assignee": "me"}))[0] == 200
    assert (await ada.call("PATCH", place, {"assignee": ben.user}))[0] == 200
    [told] = await until(lambda: notices_of(ben))
    assert (told["cause"], told["kind"], told["state"], told["title"]) == (
        "assignment",
        "ordinary",
        "unread",
        "Pump leaks",
    )
    assert told["about"] == {"conversation": place.rsplit("/", 1)[-1]}
    assert told["by"]["name"] == "Ada"
    assert await notices_of(ada) == []


async def test_a_new_mail_of_an_own_conversation_reminds_its_assignee(hub: Hub, signed_in: SignIn) -> None:
    """S2.1.2-10."""
    ada = await signed_in("ada", queues=["support"])
    place = f"/api/conversations/{await conversation(hub, 1)}"
    await ada.call("PATCH", place, {"assignee": "me"})
    await conversation(hub, 2)
    [told] = await until(lambda: notices_of(ada))
    assert (told["cause"], told["text"], told["by"]["name"]) == ("mail", "It leaks, mail 2", "Otto")


async def test_a_mention_and_a_record_that_was_given_to_me_are_told(hub: Hub, signed_in: SignIn) -> None:
    """S2.1.2-02."""
    ada, ben = await signed_in("ada", queues=["support"]), await signed_in("ben", roles=["SP"])
    place = f"/api/conversations/{await conversation(hub)}/messages"
    assert (await ada.call("POST", place, {"kind": "note", "text": "@ben please look"}))[0] == 201
    [mention] = await until(lambda: notices_of(ben))
    assert (mention["cause"], mention["by"]["name"]) == ("mention", "Ada")
    made = await hub.records.create(system(), "contact", {"name": "Lanjing", "owner": ben.user})
    [record, _] = await until(lambda: _at_least(ben, 2))
    assert (record["cause"], record["title"]) == ("record", "Lanjing")
    assert record["about"] == {"type": "contact", "record": made["id"]}


async def _at_least(person: SignedIn, count: int) -> list[dict[str, Any]]:
    found = await notices_of(person)
    return found if len(found) >= count else []


async def test_they_are_filtered_searched_read_and_archived_and_counts_follow(
    hub: Hub, units: Units, signed_in: SignIn
) -> None:
    """S2.9.1-04, -06, -10, -11."""
    ada, ben = await signed_in("ada"), await signed_in("ben")
    causes = ("mail", "delivery.failed", "approval.requested")
    news = [News(user=ada.user, key=c, cause=c, title=f"Title of {c}", text="50% (off)") for c in causes]
    await store_news(units, [*news, News(user=ben.user, key="mail", cause="mail", title="Not Ada's")])
    await store_news(units, news)
    status, page = await ada.call("GET", "/api/notices")
    assert page["unread"] == {"ordinary": 1, "warning": 1, "workflow": 1}
    assert [n["kind"] for n in await notices_of(ada, "?kind=warning")] == ["warning"]
    assert [n["cause"] for n in await notices_of(ada, "?q=of%20approval")] == ["approval.requested"]
    assert len(await notices_of(ada, "?q=50%25%20(")) == 3
    first = page["items"][0]["id"]
    assert (await ben.call("PATCH", f"/api/notices/{first}", {"state": "read"}))[0] == 404
    status, read = await ada.call("PATCH", f"/api/notices/{first}", {"state": "read"})
    assert (status, read["state"], read["read_at"] is not None) == (200, "read", True)
    assert len(await notices_of(ada, "?state=unread")) == 2
    assert (await ada.call("POST", "/api/notices/state", {"state": "archived"}))[1] == {"changed": 3}
    assert await notices_of(ada) == []
    assert len(await notices_of(ada, "?state=archived")) == 3
    assert len(await notices_of(ben)) == 1
    assert (await ada.call("GET", "/api/notices?state=odd"))[0] == 422


async def test_the_list_and_its_counts_are_answered_by_an_index_in_order(db: Database) -> None:
    await db["notices"].insert_many(
        [{"user": "u", "key": str(n), "state": "unread", "kind": "warning", "_id": f"{n:03}"} for n in range(50)]
    )
    plan = await db["notices"].find(conditions("u")).sort("_id", -1).limit(5).explain()
    text = str(plan["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in text
    assert "COLLSCAN" not in text
    assert "'SORT'" not in text
    assert plan["executionStats"]["totalDocsExamined"] <= 10


async def test_internal_messages_go_to_people_and_departments_with_read_marks(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-05, S2.1.2-13."""
    ada, ben, cem = await signed_in("ada"), await signed_in("ben"), await signed_in("cem")
    root = await hub.db["record_department"].find_one({})
    assert root is not None
    body = {"users": [ben.user], "subject": "Lunch", "text": "At twelve?"}
    status, sent = await ada.call("POST", "/api/internal-messages", body)
    assert (status, sent["receivers"], sent["read"]) == (201, 1, 0)
    status, sent_all = await ada.call("POST", "/api/internal-messages", {"departments": [root["_id"]], "text": "All"})
    assert sent_all["receivers"] == 2
    found = await until(lambda: _at_least(ben, 2))
    lunch = next(n for n in found if n["title"] == "Lunch")
    assert (lunch["cause"], lunch["by"]["name"], lunch["text"]) == ("internal", "Ada", "At twelve?")
    assert len(await until(lambda: notices_of(cem))) == 1
    await ben.call("PATCH", f"/api/notices/{lunch['id']}", {"state": "read"})
    listed = (await ada.call("GET", "/api/internal-messages"))[1]["items"]
    assert [m["read"] for m in listed] == [0, 1]
    marks = (await ada.call("GET", f"/api/internal-messages/{sent['id']}/marks"))[1]["items"]
    assert [(m["user"]["name"], m["read_at"] is not None) for m in marks] == [("Ben", True)]
    assert (await ben.call("GET", f"/api/internal-messages/{sent['id']}/marks"))[0] == 404
    assert (await ada.call("POST", "/api/internal-messages", {"users": ["ghost"], "text": "x"}))[0] == 422
    assert (await ada.call("POST", "/api/internal-messages", {"users": [ada.user], "text": "x"}))[0] == 422


async def test_an_announcement_to_one_department_is_seen_there_and_confirmations_are_counted(
    hub: Hub, signed_in: SignIn
) -> None:
    """S2.9.1-09, S2.1.1-12."""
    sue, ada, ben = await signed_in("sue", roles=["SU"]), await signed_in("ada"), await signed_in("ben")
    root = await hub.db["record_department"].find_one({})
    assert root is not None
    sales = await hub.records.create(
        system(), "department", {"code": "S", "name": "Sales", "kind": "department", "parent": root["_id"]}
    )
    person = await hub.records.show(system(), "user", ada.user)
    await hub.records.change(system(), "user", ada.user, {"department": sales["id"]}, person["revision"])
    await until(lambda: _moved(hub, ada.user, sales["id"]))
    body = {"title": "New prices", "text": "From Monday", "departments": [sales["id"]], "confirm": True}
    assert (await ada.call("POST", "/api/announcements", body))[0] == 403
    status, made = await sue.call("POST", "/api/announcements", body)
    assert (status, made["receivers"], made["confirmations"]) == (201, 1, 0)
    [told] = await until(lambda: notices_of(ada))
    assert (told["cause"], told["title"]) == ("announcement", "New prices")
    [seen] = (await ada.call("GET", "/api/announcements"))[1]["items"]
    assert (seen["confirmed"], seen["receivers"]) == (False, None)
    assert (await ben.call("GET", "/api/announcements"))[1]["items"] == []
    assert (await ben.call("POST", f"/api/announcements/{made['id']}/confirm"))[0] == 404
    for _ in range(2):
        assert (await ada.call("POST", f"/api/announcements/{made['id']}/confirm"))[1]["confirmed"] is True
    [counted] = (await sue.call("GET", "/api/announcements"))[1]["items"]
    assert counted["confirmations"] == 1
    assert await notices_of(ben) == []
    assert (await sue.call("DELETE", f"/api/announcements/{made['id']}"))[0] == 204
    assert (await ada.call("GET", "/api/announcements"))[1]["items"] == []
    assert (await sue.call("DELETE", f"/api/announcements/{made['id']}"))[0] == 404


async def _moved(hub: Hub, user: str, department: str) -> bool:
    person = await hub.identity.people.fresh(user)
    hub.identity.people.forget(user)
    return person is not None and person.actor.department == department


async def test_a_failed_delivery_warns_its_author_and_a_repeat_of_the_event_tells_nothing_twice(
    db: Database, units: Units
) -> None:
    """S2.9.1-10: marked as a warning."""
    await db["conversations"].insert_one({"_id": "c1", "subject": "Pump leaks", "preview": ""})
    about = {"message": "m1", "conversation": "c1", "account": "a"}
    data = {"kind": "delivery.failed", "text": "mailbox full", "about": about, "user": "ada"}
    event = {"_id": 7, "name": "notice.raised", "data": data}
    reader = NoticeReader(units)
    await reader.handle([event])
    await reader.handle([event, event])
    [told] = await Notices(units).page("ada")
    assert (told["kind"], told["title"], told["text"]) == ("warning", "Pump leaks", "mailbox full")


@pytest.mark.parametrize(
    ("direction", "automatic", "assignee", "told"),
    [("inbound", False, "u1", True), ("inbound", True, "u1", False), ("outbound", False, "u1", False), ("inbound", False, None, False)],
)  # fmt: skip
def test_only_what_a_customer_wrote_in_an_assigned_conversation_is_news(
    direction: str, automatic: bool, assignee: str | None, told: bool
) -> None:
    conversation = {
        "id": "c",
        "assignee": {"id": assignee, "name": "A"} if assignee else None,
        "subject": "s",
        "preview": "p",
    }
    message = {"id": "m", "direction": direction, "automatic": automatic, "author": {"name": "Otto"}}
    assert (mail_news({"conversation": conversation, "message": message}) is not None) is told
