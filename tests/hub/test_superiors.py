"""Superiors and their subordinates' mail: only where the parameter allows, read-only, audited. (S2.1.3-18)"""

from __future__ import annotations

from typing import Any

import pytest

from hub.main import Hub
from tests.conftest import SignedIn, SignIn
from tests.lab.envelopes import mail

ON = {"values": {"superiors-read-mail": True}}


class Office:
    """An agent with a conversation, whose department has a manager; and a colleague of another department."""

    def __init__(self, hub: Hub, admin: SignedIn, manager: SignedIn, agent: SignedIn, stranger: SignedIn) -> None:
        self.hub, self.admin, self.manager, self.agent, self.stranger = hub, admin, manager, agent, stranger
        self.conversation = self.message = ""

    async def set_up(self) -> None:
        user = await self.hub.db["record_user"].find_one({"_id": self.agent.user})
        assert user is not None
        department = {"_id": user["department_path"][-1]}
        await self.hub.db["record_department"].update_one(department, {"$set": {"manager": self.manager.user}})
        stored = await self.hub.stream.ingest(mail("<a@x>", "ada@example.com", queue="support"))
        self.conversation, self.message = stored["conversation"], stored["id"]
        status, _ = await self.agent.call("PATCH", f"/api/conversations/{self.conversation}", {"assignee": "me"})
        assert status == 200

    async def reads(self, person: SignedIn) -> list[int]:
        """The answers to every way of reading it."""
        paths = (f"conversations/{self.conversation}", f"conversations/{self.conversation}/messages",
                 f"messages/{self.message}")  # fmt: skip
        return [(await person.call("GET", f"/api/{path}"))[0] for path in paths]

    async def listed(self, person: SignedIn) -> list[str]:
        _, page = await person.call("GET", f"/api/conversations?assignee={self.agent.user}")
        return [each["id"] for each in page["items"]]


@pytest.fixture
async def office(hub: Hub, signed_in: SignIn) -> Office:
    people = [await signed_in(login, **more) for login, more in _PEOPLE.items()]
    office = Office(hub, *people)
    await office.set_up()
    return office


_PEOPLE: dict[str, Any] = {
    "root": {"roles": ["admin"]}, "lead": {}, "agent": {"queues": ["support"]}, "stranger": {},
}  # fmt: skip


async def test_while_the_parameter_is_off_nobody_reads_along(office: Office) -> None:
    assert await office.reads(office.manager) == [404, 404, 404]
    assert await office.listed(office.manager) == []
    assert await office.reads(office.agent) == [200, 200, 200]


async def test_while_it_is_on_superiors_read_and_it_is_audited(office: Office) -> None:
    assert (await office.admin.call("PATCH", "/api/parameters", ON))[0] == 200
    assert await office.reads(office.manager) == [200, 200, 200]
    assert await office.listed(office.manager) == [office.conversation]
    assert await office.reads(office.stranger) == [404, 404, 404]
    assert await office.listed(office.stranger) == []
    entries = (
        await office.hub.db["audit"].find({"actor": office.manager.user, "what": {"$regex": "^superior"}}).to_list()
    )
    assert sorted(each["what"] for each in entries) == ["superior.listed", *["superior.read"] * 3]
    assert {each["facts"]["subordinate"] for each in entries} == {office.agent.user}
    assert await office.hub.db["audit"].count_documents({"what": "superior.read", "actor": office.agent.user}) == 0


async def test_a_superior_reads_and_changes_nothing(office: Office) -> None:
    await office.admin.call("PATCH", "/api/parameters", ON)
    path = f"/api/conversations/{office.conversation}"
    assert (await office.manager.call("PATCH", path, {"state": "closed"}))[0] == 404
    body = {"kind": "note", "text": "hm"}
    assert (await office.manager.call("POST", f"{path}/messages", body))[0] == 404
    assert (await office.manager.call("GET", f"{path}/export"))[0] == 404


async def test_the_line_of_superiors_counts_as_well(office: Office) -> None:
    await office.admin.call("PATCH", "/api/parameters", ON)
    users = office.hub.db["record_user"]
    await office.hub.db["record_department"].update_many({}, {"$unset": {"manager": ""}})
    assert await office.reads(office.manager) == [404, 404, 404]
    await users.update_one({"_id": office.agent.user}, {"$set": {"superior": office.stranger.user}})
    await users.update_one({"_id": office.stranger.user}, {"$set": {"superior": office.manager.user}})
    assert await office.reads(office.manager) == [200, 200, 200]
    await users.update_one({"_id": office.stranger.user}, {"$set": {"superior": office.agent.user}})
    assert await office.reads(office.manager) == [404, 404, 404], "a ring of superiors ends"


async def test_parameters_are_for_administrators_and_checked(office: Office) -> None:
    status, page = await office.admin.call("GET", "/api/parameters")
    assert status == 200
    declared = {each["name"]: each for each in page["items"]}
    assert declared["superiors-read-mail"]["value"] is False
    assert (await office.agent.call("GET", "/api/parameters"))[0] == 403
    assert (await office.agent.call("PATCH", "/api/parameters", ON))[0] == 403
    wrong = {"values": {"superiors-read-mail": 1, "automatic-per-address-hour": 0, "no-such": True}}
    status, problem = await office.admin.call("PATCH", "/api/parameters", wrong)
    assert status == 422
    assert len(problem["errors"]) == 3
    status, page = await office.admin.call("PATCH", "/api/parameters", {"values": {"automatic-per-address-hour": 3}})
    assert {each["name"]: each["value"] for each in page["items"]}["automatic-per-address-hour"] == 3
    assert await office.hub.db["audit"].count_documents({"what": "parameter.changed"}) == 1
