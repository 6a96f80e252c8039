"""No act on people or roles takes the last administrator away, however it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from crm_core.ground.errors import Conflict
from tests.crm_core.conftest import Company

Act = Callable[[Company, str, str], Awaitable[object]]

ACTS: dict[str, Act] = {
    "the roles are taken away": lambda c, user, _: c.records.change(c.system, "user", user, {"roles": []}, 1),
    "the login is taken away": lambda c, user, _: c.records.change(c.system, "user", user, {"login": None}, 1),
    "the person leaves": lambda c, user, _: c.records.transition(c.system, "user", user, "left"),
    "the person is removed": lambda c, user, _: c.records.remove(c.system, "user", user),
    "the role administers no more": lambda c, _, role: c.records.change(c.system, "role", role, {"admin": False}, 1),
    "the role is retired": lambda c, _, role: c.records.transition(c.system, "role", role, "retired"),
}


@pytest.mark.parametrize("how", ACTS)
async def test_the_last_administrator_stays(company: Company, how: str) -> None:
    boss = (await company.hire("root", "admin")).user
    [role] = await company.db["record_role"].find({"code": "admin"}).to_list()
    before = await company.db["record_user"].find_one({"_id": boss})
    with pytest.raises(Conflict, match="another administrator"):
        await ACTS[how](company, boss, role["_id"])
    assert await company.db["record_user"].find_one({"_id": boss}) == before
    assert await company.db["record_role"].find_one({"_id": role["_id"]}) == role


async def test_one_of_two_administrators_may_go(company: Company) -> None:
    first, second = await company.hire("root", "admin"), await company.hire("sales", "admin")
    await company.records.transition(company.system, "user", first.user, "left")
    with pytest.raises(Conflict):
        await company.records.transition(company.system, "user", second.user, "left")


async def test_where_nobody_administers_yet_people_are_hired_and_changed(company: Company) -> None:
    clerk = await company.hire("sales", "SP")
    await company.records.change(company.system, "user", clerk.user, {"name": "Anna"}, 1)
