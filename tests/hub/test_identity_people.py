"""People, their accounts and their rights: made through the record engine, followed when they change."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import PasswordHasher

from crm_core.access.actor import system
from crm_core.ground.errors import Conflict, Invalid, NotFound, SignInNeeded, Unavailable
from hub.identity.passwords import Passwords, check_password
from hub.identity.people import normal_login
from hub.store.client import Database
from hub.store.collections import CREDENTIALS, EVENTS, QUEUES
from hub.store.unit import Units
from tests.hub.identity_house import HERE, PASSWORD, House, build_house, cheap


@pytest.fixture
async def house(db: Database, units: Units) -> House:
    return await build_house(db, units)


async def rights_events(house: House) -> list[str]:
    found = house.db[EVENTS].find({"name": "hub.rights-changed"}).sort("_id", 1)
    return [event["data"]["user"] async for event in found]


async def follow(house: House, **data: Any) -> None:
    await house.parts.rights_watch.handle([{"name": "record.changed", "data": data}])


async def test_a_user_is_a_record_of_the_engine_and_has_a_department(house: House) -> None:
    user = await house.person("Ada", "SU", "SA")
    row = await house.records.show(system(), "user", user)
    assert (row["login"], row["name"], row["employee_no"]) == ("ada", "Ada", "ada")
    person = await house.parts.people.find(user)
    assert person is not None
    assert person.roles == {"SU", "SA"}
    assert person.supervisor
    assert not person.actor.admin
    assert person.actor.department is not None
    assert person.actor.path == (person.actor.department,)
    second = await house.parts.people.find(await house.person("eve"))
    assert second is not None
    assert second.actor.department == person.actor.department


async def test_rights_are_the_union_of_the_roles(house: House) -> None:
    agent = await house.parts.people.find(await house.person("ada", "SA"))
    both = await house.parts.people.find(await house.person("eve", "SA", "SM"))
    admin = await house.parts.people.find(await house.person("root", "admin"))
    assert agent is not None
    assert both is not None
    assert admin is not None
    assert agent.actor.rights.scope("customer", "delete") is None
    assert both.actor.rights.scope("customer", "delete") == "tree"
    assert both.actor.rights.scope("customer", "read") == "all"
    assert admin.actor.rights.scope("role", "update") == "all"


async def test_a_login_is_taken_whatever_its_case(house: House) -> None:
    await house.person("ada")
    with pytest.raises(Conflict):
        await house.person("ADA")
    assert await house.parts.staff.user_id(" Ada ") == await house.parts.staff.user_id("ada")
    assert normal_login("ＡＤＡ") == "ada"


@pytest.mark.parametrize("login", ["", "a b", "x" * 65, "~x", "a\u200bb"])
async def test_strange_logins_are_refused(house: House, login: str) -> None:
    with pytest.raises(Invalid):
        await house.person(login)
    assert await house.parts.staff.is_empty()


async def test_unknown_roles_and_departments_are_named_and_leave_nothing_behind(house: House) -> None:
    with pytest.raises(Invalid, match="NOPE"):
        await house.person("ada", "NOPE")
    with pytest.raises(Invalid, match="nowhere"):
        await house.parts.staff.create_user("ada", "Ada", PASSWORD, far=HERE, department="nowhere")
    assert await house.db["record_user"].count_documents({}) == 0
    assert await house.db[CREDENTIALS].count_documents({}) == 0


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "x" * 257, "ada-likes-cats"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "ada")
    assert refused.value.fields[0].path == "password"


async def test_a_weak_hash_is_renewed_at_the_next_sign_in(house: House) -> None:
    user = await house.person("ada")
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    await house.db[CREDENTIALS].update_one({"_id": user}, {"$set": {"password": old}})
    await house.parts.sign_in.sign_in("ada", PASSWORD, None, HERE)
    stored = await house.db[CREDENTIALS].find_one({"_id": user})
    assert stored is not None
    assert stored["password"] != old
    assert await cheap().matches(stored["password"], PASSWORD)


async def test_hashing_does_not_hold_up_the_loop_and_its_queue_is_bounded() -> None:
    passwords = Passwords(PasswordHasher(time_cost=8, memory_cost=8192, parallelism=1))
    crowd = asyncio.gather(*(passwords.hashed("x") for _ in range(60)), return_exceptions=True)
    turns = 0
    while not crowd.done():
        await asyncio.sleep(0.001)
        turns += 1
    results = await crowd
    assert turns > 5
    assert sum(isinstance(r, Unavailable) for r in results) == 10


async def test_no_password_fits_where_there_is_none() -> None:
    passwords = cheap()
    assert not await passwords.matches(None, PASSWORD)
    stored = await passwords.hashed("x" * 256)
    assert await passwords.matches(stored, "x" * 256)
    assert not await passwords.matches(stored, "x" * 257)


async def test_a_changed_role_gives_its_holders_fresh_rooms_once(house: House) -> None:
    ada, eve = await house.person("ada", "SA"), await house.person("eve", "SU")
    for user in (ada, eve):
        await follow(house, type="user", id=user)
    before = await rights_events(house)
    role = await house.db["record_role"].find_one({"code": "SA"})
    assert role is not None
    await follow(house, type="role", id=role["_id"])
    assert await rights_events(house) == before  # nothing that counts was changed
    await house.records.change(system(), "role", role["_id"], {"admin": True}, role["revision"])
    await follow(house, type="role", id=role["_id"])
    await follow(house, type="role", id=role["_id"])  # a reader may see an event twice
    assert await rights_events(house) == [*before, ada]


async def test_a_new_colleague_is_not_told_of_changed_rights(house: House) -> None:
    """Else the first console, which may be there before the reader is, would be sent away once for nothing."""
    await house.records.install_roles()
    await follow(house, type="user", id=await house.person("ada", "SA"))
    assert await rights_events(house) == []


async def test_what_is_kept_of_a_person_is_forgotten_when_an_event_says_so(house: House) -> None:
    ada = await house.person("ada", "SA")
    people = house.parts.people
    first = await people.find(ada)
    assert first is not None
    await house.db[QUEUES].insert_one({"_id": "support", "members": [ada]})
    assert await people.find(ada) is first
    people.listen([{"name": "message.appended", "data": {}}, {"name": "record.changed", "data": {"type": "customer"}}])
    assert await people.find(ada) is first
    for event in (
        {"name": "queue.changed", "data": {"queue": "support", "members": [ada]}},
        {"name": "hub.rights-changed", "data": {"user": ada}},
        {"name": "record.changed", "data": {"type": "user", "id": ada}},
        {"name": "record.changed", "data": {"type": "user", "change": "reload"}},
        {"name": "record.changed", "data": {"type": "role", "id": "x"}},
    ):
        kept = await people.find(ada)
        people.listen([event])
        assert await people.find(ada) is not kept, event
    now_in = await people.find(ada)
    assert now_in is not None
    assert now_in.queues == {"support"}


async def test_a_read_that_a_change_overtook_is_not_kept(house: House) -> None:
    ada = await house.person("ada")
    people = house.parts.people
    reading = asyncio.gather(people.find(ada))
    await asyncio.sleep(0)
    people.forget(ada)
    (seen,) = await reading
    assert await people.find(ada) is not seen


async def test_logins_can_be_swapped_between_colleagues(house: House) -> None:
    ada, eve = await house.person("ada"), await house.person("eve")
    await house.db["record_user"].update_one({"_id": ada}, {"$set": {"login": "eve"}})
    await house.db["record_user"].update_one({"_id": eve}, {"$set": {"login": "ada"}})
    for user in (ada, eve, ada, eve):
        await follow(house, type="user", id=user)
    logins = {c["_id"]: c["login"] async for c in house.db[CREDENTIALS].find()}
    assert logins == {ada: "eve", eve: "ada"}


async def test_a_removed_user_is_nobody(house: House) -> None:
    ada = await house.person("ada")
    secret, _ = await house.parts.tokens.create(ada, "x", ["read"], by=ada, far=HERE)
    await house.db["record_user"].delete_one({"_id": ada})
    await follow(house, type="user", id=ada)
    with pytest.raises(SignInNeeded):
        await house.parts.identity.identify(None, secret)


async def test_an_employee_without_a_login_gets_no_password(house: House) -> None:
    ada = await house.person("ada")
    await house.db["record_user"].update_one({"_id": ada}, {"$set": {"login": None}})
    with pytest.raises(Invalid):
        await house.parts.staff.set_password(ada, PASSWORD, by=ada, far=HERE)
    with pytest.raises(NotFound):
        await house.parts.staff.set_password("nobody", PASSWORD, by=ada, far=HERE)


async def test_a_user_made_as_a_record_can_be_given_a_password(house: House) -> None:
    root = await house.person("root", "admin")
    row = await house.db["record_user"].find_one({"_id": root})
    assert row is not None
    body = {"employee_no": "7", "name": "Bo", "login": "Bo", "department": row["department"]}
    bo = await house.records.create(system(), "user", body)
    async with house.browser() as admin, house.browser() as browser:
        await admin.sign_in("root")
        assert (await browser.sign_in("bo")).status == 401
        given = await admin.call("POST", f"/api/users/{bo['id']}/password", {"password": PASSWORD})
        assert given.status == 204
        assert (await browser.sign_in("bo")).status == 200
        assert (await browser.call("POST", f"/api/users/{root}/password", {"password": PASSWORD})).status == 403
