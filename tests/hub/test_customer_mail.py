"""All mail exchanged with a customer, and none of another's. (S2.3.1-12)"""

from __future__ import annotations

import asyncio
from typing import Any

from crm_core.access.actor import system
from hub.main import Hub
from hub.model.draft import Draft
from tests.conftest import SignedIn, SignIn
from tests.lab.envelopes import mail


async def customer(hub: Hub, name: str, *contacts: tuple[str, ...]) -> str:
    """A customer with contacts of these addresses; its id."""
    owner = await hub.db["record_user"].find_one({}, sort=[("_id", 1)])
    assert owner is not None
    region = await hub.db["record_region"].find_one({})
    region_id = region["_id"] if region else await create(hub, "region", code="CN", name="China", level="country")
    made = await create(
        hub, "customer", name=name, kind="direct", status="prospect", region=region_id, owner=owner["_id"]
    )
    for number, mails in enumerate(contacts):
        await create(hub, "contact", name=f"{name} {number}", customer=made, owner=owner["_id"],
                     mails=[{"kind": "work", "address": each} for each in mails])  # fmt: skip
    return made


async def create(hub: Hub, key: str, **body: Any) -> str:
    return str((await hub.records.create(system(), key, body))["id"])


async def exchanged(person: SignedIn, of: str, query: str = "") -> list[str]:
    status, page = await person.call("GET", f"/api/customers/{of}/messages?limit=100{query}")
    assert status == 200, page
    return [each["external_id"] or each["text"] for each in page["items"]]


async def linked(person: SignedIn, of: str, count: int) -> None:
    """Until the conversations of a customer that was made late are linked."""
    async with asyncio.timeout(60):
        while True:
            _, page = await person.call("GET", f"/api/conversations?customer={of}")
            if len(page["items"]) == count:
                return
            await asyncio.sleep(0.05)


async def test_mails_of_every_address_of_every_contact_both_ways(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    before = await hub.stream.ingest(mail("<past@x>", "ann@acme.example"))
    acme = await customer(hub, "Acme", ("ann@acme.example", "ann@home.example"), ("bob@acme.example",))
    other = await customer(hub, "Other", ("eve@other.example",))
    await linked(boss, acme, 1)
    await hub.stream.ingest(mail("<home@x>", "ann@home.example"))
    await hub.stream.ingest(mail("<bob@x>", "bob@acme.example"))
    await hub.stream.ingest(mail("<eve@x>", "eve@other.example"))
    await hub.stream.ingest(mail("<copy@x>", "stranger@example.org", cc=("bob@acme.example",)))
    shared = await hub.stream.ingest(mail("<both@x>", "ann@acme.example", cc=("eve@other.example",)))
    await hub.stream.ingest(mail("<only-eve@x>", "eve@other.example", refers=("<both@x>",)))
    await hub.stream.note(Draft(conversation=shared["conversation"], author="u1", kind="note", text="inside"))
    assert await exchanged(boss, acme) == ["<both@x>", "<copy@x>", "<bob@x>", "<home@x>", "<past@x>"]
    assert await exchanged(boss, other) == ["<only-eve@x>", "<both@x>", "<eve@x>"]
    _, first = await boss.call("GET", f"/api/customers/{acme}/messages?limit=2")
    _, second = await boss.call("GET", f"/api/customers/{acme}/messages?limit=2&after={first['next']}")
    assert [m["external_id"] for m in (*first["items"], *second["items"])] == [
        "<both@x>",
        "<copy@x>",
        "<bob@x>",
        "<home@x>",
    ]
    await boss.call("POST", "/api/conversations/archive", {"conversations": [before["conversation"]]})
    assert "<past@x>" in await exchanged(boss, acme), "the archive is not forgotten"


async def test_only_what_the_caller_may_see(hub: Hub, signed_in: SignIn) -> None:
    boss, agent = await signed_in("boss", roles=["admin"]), await signed_in("agent", queues=["support"])
    acme = await customer(hub, "Acme", ("ann@acme.example",))
    await hub.stream.ingest(mail("<a@x>", "ann@acme.example", queue="support"))
    await hub.stream.ingest(mail("<b@x>", "ann@acme.example"))
    await hub.db["record_customer"].update_one({"_id": acme}, {"$set": {"shared_users": [agent.user]}})
    assert await exchanged(boss, acme) == ["<b@x>", "<a@x>"]
    status, page = await agent.call("GET", f"/api/customers/{acme}/messages")
    assert status in (200, 404)
    assert [each["external_id"] for each in page.get("items", [])] in ([], ["<a@x>"])
    assert (await boss.call("GET", "/api/customers/unknown/messages"))[0] == 404


async def test_a_long_history_is_read_in_order_by_an_index(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["admin"])
    acme = await customer(hub, "Acme", ("ann@acme.example",))
    for number in range(230):
        await hub.stream.ingest(mail(f"<{number}@x>", "ann@acme.example"))
    found: list[str] = []
    after = ""
    while True:
        _, page = await boss.call("GET", f"/api/customers/{acme}/messages?limit=100{after}")
        found += [each["external_id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == [f"<{number}@x>" for number in reversed(range(230))]
