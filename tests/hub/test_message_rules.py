"""Message rules at work on a running hub: who is told of what, once, and nobody of what they may not read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from typing_extensions import override

from crm_core.access.actor import system
from crm_core.ground.clock import shifted
from crm_core.message_rules.check import named
from hub.main import Hub
from hub.store.client import Client, Database
from hub.store.unit import Unit, Units
from hub.writing.message_rules.book import RuleBook
from hub.writing.message_rules.engine import Engine
from hub.writing.message_rules.reader import RuleReader
from tests.conftest import SignedIn, SignIn
from tests.hub.test_notices import notices_of, until
from tests.lab.plans import stages

T = TypeVar("T")
ADMIN = system()
LIMIT = {"amount": "150000", "currency": "CNY"}


async def start_rule(hub: Hub, **fields: Any) -> str:
    """A rule on customers that is in use; returns its id."""
    body: dict[str, Any] = {
        "name": "Rule", "type": "customer", "on": "changed", "recipients": [{"by": "role", "value": "SM"}],
        "subject": "{{ customer.name }}",
    }  # fmt: skip
    made = await hub.records.create(ADMIN, "message_rule", body | fields)
    await hub.records.transition(ADMIN, "message_rule", made["id"], "active")
    return str(made["id"])


async def customer(hub: Hub, name: str, **fields: Any) -> str:
    """A customer; returns the id."""
    region = await hub.db["record_region"].find_one({})
    if region is None:
        made = await hub.records.create(ADMIN, "region", {"code": "CN", "name": "China", "level": "country"})
        region = {"_id": made["id"]}
    body = {"name": name, "kind": "direct", "status": "prospect", "region": region["_id"], "owner": await _nobody(hub)}
    return str((await hub.records.create(ADMIN, "customer", body | fields))["id"])


async def _nobody(hub: Hub) -> str:
    """Somebody who owns what nobody in the test owns, and cannot sign in."""
    found = await hub.db["record_user"].find_one({"employee_no": "0000"})
    if found is None:
        root = await hub.db["record_department"].find_one({})
        assert root is not None
        body = {"employee_no": "0000", "name": "Nobody", "department": root["_id"]}
        return str((await hub.records.create(ADMIN, "user", body))["id"])
    return str(found["_id"])


async def change(hub: Hub, key: str, record: str, **fields: Any) -> None:
    """Change it as it is now."""
    row = await hub.records.show(ADMIN, key, record)
    await hub.records.change(ADMIN, key, record, fields, row["revision"])


async def read_to_the_end(hub: Hub) -> None:
    """Until the reader of the rules has seen every event that there is."""
    newest = await hub.db["events"].find_one({}, sort=[("_id", -1)])

    async def reached() -> bool:
        mark = await hub.db["bookmarks"].find_one({"_id": "message-rules"})
        return mark is not None and newest is not None and mark["seq"] >= newest["_id"]

    await until(reached)


async def told(person: SignedIn) -> list[str]:
    """The titles of what rules told somebody, oldest first."""
    return [n["title"] for n in reversed(await notices_of(person)) if n["cause"].startswith("rule")]


async def shown(hub: Hub, rule: str) -> dict[str, Any]:
    """The rule as an administrator sees it."""
    return await hub.records.show(ADMIN, "message_rule", rule)


async def test_a_rule_won_above_100_000_fires_once_for_each_such_deal(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-01, -03: and one click opens the record."""
    sue = await signed_in("sue", roles=["SM"])
    rule = await start_rule(
        hub,
        field="status",
        once_per="record",
        condition="customer.status == 'trading' && customer.credit_limit > 100000",
        subject="Won: {{ customer.name }}",
        body="Limit {{ customer.credit_limit }}",
    )
    acme, beta = await customer(hub, "Acme", credit_limit=LIMIT), await customer(hub, "Beta", credit_limit=LIMIT)
    small = await customer(hub, "Small", credit_limit={"amount": "900", "currency": "CNY"})
    for status in ("trading", "prospect", "trading"):
        for record in (acme, beta, small):
            await change(hub, "customer", record, status=status)
    await read_to_the_end(hub)
    assert await told(sue) == ["Won: Acme", "Won: Beta"]
    last, _ = await notices_of(sue)
    assert (last["about"], last["text"], last["kind"]) == (
        {"type": "customer", "record": beta},
        "Limit ¥150,000.00",
        "ordinary",
    )
    now_ = await shown(hub, rule)
    assert (now_["fired"], now_["last_fired_at"] is not None, now_["last_fault"]) == (2, True, None)


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
    await change(hub, "user", people["maker"].user, roles=[*(await _roles(hub, "admin"))])
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


async def _roles(hub: Hub, *codes: str) -> list[str]:
    return [doc["_id"] async for doc in hub.db["record_role"].find({"code": {"$in": list(codes)}})]


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


async def test_a_warning_is_marked_and_comes_once_a_day(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-06, -10."""
    sue = await signed_in("sue", roles=["SM"])
    await start_rule(hub, kind="warning", once_per="day", subject="Low: {{ customer.short_name }}")
    acme, beta = await customer(hub, "Acme"), await customer(hub, "Beta")
    for days in range(3):
        with shifted(timedelta(days=days)):
            for at in range(2):
                await change(hub, "customer", acme, short_name=f"A{days}{at}")
                await read_to_the_end(hub)
    await change(hub, "customer", beta, short_name="B")
    await read_to_the_end(hub)
    assert await told(sue) == ["Low: A00", "Low: A10", "Low: A20", "Low: B"]
    assert len(await notices_of(sue, "?kind=warning")) == 4
    assert await notices_of(sue, "?kind=ordinary") == []


async def test_a_broken_rule_is_shown_as_broken_and_does_not_hold_up_the_others(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-01."""
    sue = await signed_in("sue", roles=["SM"])
    team = await hub.records.create(ADMIN, "team", {"name": "Pumps", "kind": "project", "leader": sue.user})
    words = await start_rule(hub, name="A", condition="customer.name > 5")
    people = await start_rule(
        hub, name="B", recipients=[{"by": "team", "value": "Pumps"}, {"by": "role", "value": "SM"}], subject="B"
    )
    text = await start_rule(hub, name="C", subject="{{ customer.name | number('x') }}")
    await start_rule(hub, name="D", subject="D")
    await hub.records.remove(ADMIN, "team", team["id"])
    await change(hub, "customer", await customer(hub, "Acme"), short_name="A")
    await read_to_the_end(hub)
    assert await told(sue) == ["B", "D"]
    found = {name: (await shown(hub, rule)) for name, rule in (("A", words), ("B", people), ("C", text))}
    assert {name: row["last_fault"] for name, row in found.items()} == {
        "A": "condition_compares_unlike_values",
        "B": "recipients_not_found",
        "C": "text",
    }
    assert found["B"]["last_fault_detail"] == "team Pumps"
    assert all(row["last_fault_at"] for row in found.values())
    await hub.records.create(ADMIN, "team", {"name": "Pumps", "kind": "project", "leader": sue.user})
    await change(hub, "customer", await customer(hub, "Beta"), short_name="B")
    await read_to_the_end(hub)
    assert (await shown(hub, people))["last_fault"] is None


async def test_what_happened_before_a_rule_was_started_or_while_it_is_paused_is_not_told(
    hub: Hub, signed_in: SignIn
) -> None:
    """S2.9.1-01."""
    sue = await signed_in("sue", roles=["SM"])
    acme = await customer(hub, "Acme")
    await change(hub, "customer", acme, short_name="before")
    rule = await start_rule(hub, subject="{{ customer.short_name }}")
    await hub.db["bookmarks"].update_one({"_id": "message-rules"}, {"$set": {"seq": 0}}, upsert=True)
    await change(hub, "customer", acme, short_name="in use")
    await read_to_the_end(hub)
    await hub.records.transition(ADMIN, "message_rule", rule, "paused")
    await change(hub, "customer", acme, short_name="paused")
    await read_to_the_end(hub)
    assert await told(sue) == ["in use"]


async def test_events_that_are_read_again_after_a_crash_tell_nothing_twice(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-01."""
    sue = await signed_in("sue", roles=["SM"])
    rules = [await start_rule(hub, name=once, once_per=once, subject=once) for once in ("event", "day", "record")]
    acme = await customer(hub, "Acme")
    for name in ("A", "B"):
        await change(hub, "customer", acme, short_name=name)
    await read_to_the_end(hub)
    for _ in range(2):
        await hub.db["bookmarks"].update_one({"_id": "message-rules"}, {"$set": {"seq": 0}})
        hub.streaming.readers.wake({"record.changed"})
        await read_to_the_end(hub)
    assert sorted(await told(sue)) == ["day", "event", "event", "record"]
    assert [(await shown(hub, rule))["fired"] for rule in rules] == [2, 1, 1]


class Killed(Exception):
    """The process is gone."""


class MortalUnits(Units):
    """Units of a process that is killed after so many."""

    def __init__(self, client: Client, db: Database, lives: int) -> None:
        super().__init__(client, db)
        self._lives = lives

    @override
    async def run(
        self, work: Callable[[Unit], Awaitable[T]], *, places: int = 0, spare: int = 0, urgent: bool = False
    ) -> T:
        if self._lives == 0:
            raise Killed
        self._lives -= 1
        return await super().run(work, places=places, spare=spare, urgent=urgent)


@pytest.mark.parametrize("once_per", ["event", "record"])
async def test_a_reader_that_is_killed_in_between_tells_everybody_once(
    hub: Hub, signed_in: SignIn, once_per: str
) -> None:
    """S2.9.1-01: 120 people are told in three units, and the reader dies after each of the first two."""
    await signed_in("sue", roles=["SM"])
    roles, root = await _roles(hub, "SM"), await hub.db["record_department"].find_one({})
    assert root is not None
    for n in range(119):
        body = {"employee_no": f"N{n}", "name": f"N{n}", "login": f"n{n}", "department": root["_id"], "roles": roles}
        await hub.records.create(ADMIN, "user", body)
    rule = await start_rule(hub, once_per=once_per)
    await hub.records.change(ADMIN, "message_rule", rule, {"ask": True}, 2)  # so that the hub's own reader leaves it
    acme = await customer(hub, "Acme")
    await change(hub, "customer", acme, short_name="A")
    event = await hub.db["events"].find_one({"name": "record.changed", "data.id": acme, "data.change": "changed"})
    assert event is not None
    await read_to_the_end(hub)
    await hub.db["record_message_rule"].update_one({"_id": rule}, {"$set": {"ask": False}})
    for lives in (1, 2, 3, 3):
        engine = Engine(
            MortalUnits(hub.ground.client, hub.db, lives),
            hub.records,
            hub.identity.people,
            "Mainstem",
            ZoneInfo("Asia/Shanghai"),
        )
        reader = RuleReader(RuleBook(hub.db, hub.records.registry), engine)
        if lives < 3:
            with pytest.raises(Killed):
                await reader.handle([event])
        else:
            await reader.handle([event])
    users = [doc["user"] async for doc in hub.db["notices"].find({"cause": "rule"})]
    assert (len(users), len(set(users))) == (120, 120)
    assert (await shown(hub, rule))["fired"] == 1


async def test_who_saves_is_asked_and_only_the_chosen_are_told(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-02: candidates are those who may read the record; an answer that is sent twice tells nothing twice."""
    mia, sue, tom = await signed_in("mia", roles=["SM"]), await signed_in("sue", roles=["SM"]), await signed_in("tom")
    recipients = [{"by": "role", "value": "SM"}, {"by": "owner"}]
    rule = await start_rule(hub, ask=True, field="short_name", recipients=recipients)
    acme = await customer(hub, "Acme", owner=mia.user)
    place = f"/api/records/customer/{acme}"
    status, same = await mia.call("PATCH", place, {"name": "Acme"}, If_Match="1")
    assert (status, same["asks"]) == (200, [])
    status, row = await mia.call("PATCH", place, {"short_name": "A"}, If_Match="1")
    [ask] = row["asks"]
    assert ask == {"rule": rule, "name": "Rule", "revision": 2, "candidates": [{"id": sue.user, "name": "Sue"}]}
    answer = {"record": acme, "revision": 2, "users": [sue.user]}
    tell = f"/api/message-rules/{rule}/tell"
    assert (await tom.call("POST", tell, answer))[0] == 404, "it is not Tom's change"
    status, problem = await mia.call("POST", tell, answer | {"users": [tom.user]})
    assert (status, problem["errors"][0]["path"]) == (422, "users.0")
    await read_to_the_end(hub)
    assert await told(sue) == [], "nobody was chosen yet"
    for _ in range(2):
        assert await mia.call("POST", tell, answer) == (200, {"told": 1})
    assert await told(sue) == ["Acme"]
    assert (await mia.call("POST", tell, answer | {"revision": 1}))[0] == 404
    assert (await shown(hub, rule))["fired"] == 1


async def test_others_cannot_be_chosen_afterwards_and_whoever_closes_the_question_tells_nobody(
    hub: Hub, signed_in: SignIn
) -> None:
    """S2.9.1-02."""
    mia, sue, kim = [await signed_in(name, roles=["SM"]) for name in ("mia", "sue", "kim")]
    rule = await start_rule(hub, ask=True, on="state", once_per="record")
    acme = await customer(hub, "Acme", owner=mia.user)
    tell, move = f"/api/message-rules/{rule}/tell", f"/api/records/customer/{acme}/transition"
    row = (await mia.call("POST", move, {"to": "frozen"}))[1]
    assert sorted(one["name"] for one in row["asks"][0]["candidates"]) == ["Kim", "Sue"]
    assert await mia.call("POST", tell, {"record": acme, "revision": 2, "users": []}) == (200, {"told": 0})
    row = (await mia.call("POST", move, {"to": "active"}))[1]
    assert len(row["asks"]) == 1, "nobody was told, so it asks again"
    answer = {"record": acme, "revision": 3, "users": [kim.user]}
    assert (await mia.call("POST", tell, answer))[0] == 200
    assert (await mia.call("POST", tell, answer | {"users": [sue.user]}))[0] == 409
    row = (await mia.call("POST", move, {"to": "frozen"}))[1]
    assert row["asks"] == [], "once for each record"
    await read_to_the_end(hub)
    assert (await told(kim), await told(sue)) == (["Acme"], [])


async def test_an_unknown_field_is_named_at_saving(signed_in: SignIn) -> None:
    """S2.9.1-07: the answer names each field with its place, for words in any language; others may not write rules."""
    ada, sue = await signed_in("ada", roles=["admin"]), await signed_in("sue", roles=["SM"])
    body = {
        "name": "Won", "type": "customer", "on": "created", "recipients": [{"by": "owner"}],
        "condition": "customer.amuont > 5", "subject": "{{ customer.naem }}",
    }  # fmt: skip
    status, problem = await ada.call("POST", "/api/records/message_rule", body)
    assert status == 422
    found = {each["path"]: (each["code"], each["args"]) for each in problem["errors"]}
    assert found["condition"] == ("condition-unknown", {"line": 1, "column": 1, "what": "customer.amuont"})
    assert found["subject"] == (
        "template-unknown", {"line": 1, "column": 4, "what": "customer.naem", "near": "customer.name"},
    )  # fmt: skip
    assert (await sue.call("POST", "/api/records/message_rule", body))[0] == 404
    assert (await sue.call("GET", "/api/records/message_rule"))[0] == 404


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        ("record_message_rule", {"type": {"$in": ["customer"]}, "state": "active", "ask": False}),
        ("message_rule_firings", {"_id": "x", "revision": {"$ne": 1}}),
        ("record_role", named("role", "SM") or {}),
        ("record_team", named("team", "Pumps") or {}),
        ("record_user", named("user", "ada") or {}),
    ],
)
async def test_no_query_of_the_rules_scans_a_collection(db: Database, collection: str, query: dict[str, Any]) -> None:
    """S2.9.1-01."""
    found = await stages(db, collection, query)
    assert "COLLSCAN" not in found, found
