"""Whom a message rule reaches: everybody it names, in their own words, and nobody of what they may not read."""

from __future__ import annotations

from hub.main import Hub
from tests.conftest import SignIn
from tests.hub.rule_house import ADMIN, LIMIT, change, customer, read_to_the_end, roles_of, shown, start_rule, told
from tests.hub.test_notices import notices_of


async def test_each_way_to_name_people_reaches_the_right_ones_and_nobody_twice(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-08: owner, superior, role and field, and the others."""
    names = ("owner", "maker", "boss", "head", "fan", "holder", "member", "named")
    people = {name: await signed_in(name, roles=["auditor"]) for name in names}
    root = await hub.db["record_department"].find_one({})
    assert root is not None
    await change(hub, "department", root["_id"], manager=people["head"].user)
    await change(hub, "user", people["owner"].user, superior=people["boss"].user)
    role = {"code": "QA", "name": "Quality", "rights": [{"type": "customer", "actions": ["read"], "scope": "all"}]}
    made = await hub.records.create(ADMIN, "role", role)
    await change(hub, "user", people["holder"].user, roles=[made["id"]])
    team = {"name": "Pumps", "kind": "project", "leader": people["boss"].user}
    members = [{"user": people[name].user} for name in ("member", "member")]
    await hub.records.create(ADMIN, "team", team | {"members": members})
    maker = await hub.identity.people.fresh(people["maker"].user)
    assert maker is not None
    ways: list[dict[str, str]] = [
        {"by": "owner"}, {"by": "creator"}, {"by": "superior"}, {"by": "department_manager"}, {"by": "followers"},
        {"by": "role", "value": "QA"}, {"by": "team", "value": "Pumps"}, {"by": "user", "value": "NAMED"},
        {"by": "field", "value": "owner"}, {"by": "user", "value": "owner"},
    ]  # fmt: skip
    await change(hub, "user", people["maker"].user, roles=[*(await roles_of(hub, "admin"))])
    for at, way in enumerate(ways):
        await start_rule(hub, name=f"Way {at}", recipients=[way], subject=f"Way {at}")
    await start_rule(hub, name="All", recipients=ways, subject="All")
    hub.identity.people.forget()
    author = await hub.identity.people.fresh(people["maker"].user)
    assert author is not None
    region = await hub.records.create(ADMIN, "region", {"code": "CN", "name": "China", "level": "country"})
    body = {
        "name": "Acme",
        "kind": "direct",
        "status": "prospect",
        "region": region["id"],
        "owner": people["owner"].user,
    }
    acme = await hub.records.create(author.actor, "customer", body | {"followers": [people["fan"].user]})
    await change(hub, "customer", acme["id"], short_name="A")
    await read_to_the_end(hub)
    reached = ("owner", "maker", "boss", "head", "fan", "holder", "member", "named", "owner", "owner")
    for name, person in people.items():
        expected = [f"Way {at}" for at, who in enumerate(reached) if who == name]
        assert sorted(await told(person)) == sorted([*expected, "All"]), name


async def test_people_in_child_rows_are_reached_and_who_made_the_change_is_not(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-08."""
    ann, bob = await signed_in("ann", roles=["admin"]), await signed_in("bob")
    recipients = [{"by": "field", "value": "members.user"}, {"by": "field", "value": "leader"}]
    await start_rule(hub, type="team", on="created", recipients=recipients, subject="{{ team.name }}")
    body = {"name": "Pumps", "kind": "project", "leader": ann.user, "members": [{"user": bob.user}, {"user": ann.user}]}
    assert (await ann.call("POST", "/api/records/team", body))[0] == 201
    await read_to_the_end(hub)
    assert (await told(bob), await told(ann)) == (["Pumps"], [])
    assert (await notices_of(bob))[0]["by"]["name"] == "Ann"


async def test_who_may_not_read_the_record_is_told_nothing(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-03, -08."""
    sam, sue = await signed_in("sam", roles=["SP"]), await signed_in("sue", roles=["SM"])
    rule = await start_rule(hub, recipients=[{"by": "role", "value": "SP"}, {"by": "user", "value": "sam"}])
    await start_rule(hub, name="Seen", recipients=[{"by": "role", "value": "SM"}])
    acme = await customer(hub, "Acme", owner=sue.user)
    await change(hub, "customer", acme, short_name="A")
    await read_to_the_end(hub)
    assert (await told(sam), await told(sue)) == ([], ["Acme"])
    assert (await shown(hub, rule))["fired"] == 0
    await change(hub, "customer", acme, owner=sam.user)
    await read_to_the_end(hub)
    assert await told(sam) == ["Acme"]


async def test_an_assigned_record_reminds_its_new_owner_in_the_own_language_with_the_own_rights(
    hub: Hub, signed_in: SignIn
) -> None:
    """S2.1.2-02, S2.9.1-07: what somebody may not read leaves no trace in the text."""
    zoe, sam = await signed_in("zoe", roles=["SA"], locale="zh"), await signed_in("sam", roles=["SP"], locale="en")
    await start_rule(
        hub,
        on="assigned",
        recipients=[{"by": "owner"}],
        body="{{ customer.kind }} {{ customer.agreement_to }}\nLimit {{ customer.credit_limit }}",
    )
    for person in (zoe, sam):
        await customer(hub, "Acme", kind="agent", agreement_to="2026-12-31", credit_limit=LIMIT, owner=person.user)
    await read_to_the_end(hub)
    for person, text in ((zoe, "代理商 2026年12月31日\nLimit"), (sam, "Agent 31 December 2026\nLimit ¥150,000.00")):
        [notice] = [n for n in await notices_of(person) if n["cause"] == "rule"]
        assert notice["text"] == text
