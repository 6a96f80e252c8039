"""Old conversations are linked to contacts and customers that are made later."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.access.actor import system
from crm_core.load import load
from hub.desk.party_links import PartyLinks
from hub.readers import Readers
from hub.store.client import Database
from hub.store.collections import ensure_indexes
from hub.store.records import Records, record_indexes
from hub.store.unit import Units
from hub.stream.stream import Stream
from tests.lab.envelopes import mail


class Desk:
    """The record engine, a person who owns everything, and the reader under test."""

    def __init__(self, db: Database, units: Units, stream: Stream) -> None:
        self.db, self.stream = db, stream
        self.records = Records(units, load())
        self.readers, self.reader = Readers(db), PartyLinks(units).reader()
        self.owner, self.region = "", ""

    async def create(self, key: str, **body: Any) -> str:
        """A record of the owner's; returns its id."""
        owned = {"owner": self.owner} if self.owner and self.records.registry[key].owned else {}
        return str((await self.records.create(system(), key, owned | body))["id"])

    async def settle(self) -> None:
        """Let the reader see everything that happened."""
        while await self.readers.step(self.reader):
            pass

    async def conversation(self, conversation: str) -> dict[str, Any]:
        """The stored conversation."""
        found = await self.db["conversations"].find_one({"_id": conversation})
        assert found is not None
        return found


@pytest.fixture
async def desk(db: Database, units: Units, stream: Stream) -> Desk:
    desk = Desk(db, units, stream)
    await ensure_indexes(db, record_indexes(load()))
    department = await desk.create("department", code="HQ", name="HQ", kind="company")
    desk.region = await desk.create("region", code="CN", name="China", level="country")
    desk.owner = await desk.create("user", employee_no="1", name="Owner", department=department)
    return desk


async def test_a_contact_made_later_is_linked_to_what_it_wrote_before(desk: Desk) -> None:
    first = await desk.stream.ingest(mail("<a@x>", "ada@example.com"))
    other = await desk.stream.ingest(mail("<b@x>", "bob@example.com"))
    customer = await desk.create("customer", name="Acme", kind="direct", status="prospect", region=desk.region)
    mails = [{"kind": "work", "address": "Ada@Example.com"}]
    contact = await desk.create("contact", name="Ada Lovelace", customer=customer, mails=mails)
    await desk.settle()
    found = await desk.conversation(first["conversation"])
    assert (found["contacts"], found["customers"]) == ([contact], [customer])
    assert found["parties"][0] | {"address": ""} == {
        "kind": "contact",
        "id": contact,
        "name": "Ada Lovelace",
        "address": "",
    }
    assert {f"contact:{contact}", f"customer:{customer}"} <= set(found["links"])
    assert (await desk.conversation(other["conversation"]))["contacts"] == []
    event = await desk.db["events"].find_one({"name": "conversation.changed"}, sort=[("_id", -1)])
    assert event is not None
    assert event["data"]["conversation"]["parties"][0]["name"] == "Ada Lovelace"


async def test_seeing_the_events_again_changes_nothing(desk: Desk) -> None:
    first = await desk.stream.ingest(mail("<a@x>", "ada@example.com"))
    await desk.create("contact", name="Ada", mails=[{"kind": "work", "address": "ada@example.com"}])
    await desk.settle()
    before = await desk.conversation(first["conversation"])
    await desk.db["bookmarks"].delete_many({})
    await desk.settle()
    assert await desk.conversation(first["conversation"]) == before


async def test_an_address_added_to_a_contact_links_too(desk: Desk) -> None:
    first = await desk.stream.ingest(mail("<a@x>", "ada@example.com"))
    contact = await desk.create("contact", name="Ada")
    await desk.settle()
    assert (await desk.conversation(first["conversation"]))["contacts"] == []
    body = {"mails": [{"kind": "work", "address": "ada@example.com"}]}
    await desk.records.change(system(), "contact", contact, body, 1)
    await desk.settle()
    assert (await desk.conversation(first["conversation"]))["contacts"] == [contact]


async def test_what_was_written_for_one_customer_stays_there_when_the_contact_changes_company(desk: Desk) -> None:
    customers = [
        await desk.create("customer", name=name, kind="direct", status="prospect", region=desk.region)
        for name in ("Old", "New")
    ]
    mails = [{"kind": "work", "address": "ada@example.com"}]
    contact = await desk.create("contact", name="Ada", customer=customers[0], mails=mails)
    first = await desk.stream.ingest(mail("<a@x>", "ada@example.com"))
    await desk.records.change(system(), "contact", contact, {"customer": customers[1]}, 1)
    await desk.settle()
    assert (await desk.conversation(first["conversation"]))["customers"] == [customers[0]]


async def test_many_conversations_are_linked_in_short_units(desk: Desk) -> None:
    for number in range(45):
        await desk.stream.ingest(mail(f"<{number}@x>", "info@acme.cn", subject=f"Subject {number}"))
    customer = await desk.create(
        "customer", name="Acme", kind="direct", status="prospect", region=desk.region,
        mails=[{"kind": "work", "address": "info@acme.cn"}],
    )  # fmt: skip
    await desk.settle()
    assert await desk.db["conversations"].count_documents({"customers": {"$ne": customer}}) == 0
