"""A small company on a real store: three departments, people with roles, and the record engine over them."""

from __future__ import annotations

import pytest

from crm_core.access.actor import Actor, system
from crm_core.access.roles import rights_of
from crm_core.load import load
from hub.store.client import Database
from hub.store.collections import ensure_indexes
from hub.store.records import Records, record_indexes
from hub.store.unit import Units


class Company:
    """Departments `root`, `sales`, `east` (below sales), `service`; makes people and things with few words."""

    def __init__(self, records: Records, db: Database) -> None:
        self.records, self.db, self.registry = records, db, records.registry
        self.system = system()
        self.departments: dict[str, str] = {}
        self.region = ""
        self._people = 0

    async def found(self) -> None:
        """Departments, roles, one region."""
        await self.records.install_roles()
        for code, parent in (("root", None), ("sales", "root"), ("east", "sales"), ("service", "root")):
            body = {
                "code": code,
                "name": code.title(),
                "kind": "department" if parent else "company",
                "parent": self.departments[parent] if parent else None,
            }
            row = await self.records.create(self.system, "department", body)
            self.departments[code] = row["id"]
        region = {"code": "CN", "name": "China", "level": "country"}
        self.region = (await self.records.create(self.system, "region", region))["id"]

    async def hire(self, department: str, *roles: str, **fields: object) -> Actor:
        """A new person with these roles (codes)."""
        self._people += 1
        docs = await self.db["record_role"].find({"code": {"$in": list(roles)}}).to_list()
        body = {
            "employee_no": f"E{self._people:04}",
            "name": f"Person {self._people}",
            "login": f"person{self._people}",
            "department": self.departments[department],
            "roles": [doc["_id"] for doc in docs],
        }
        row = await self.records.create(self.system, "user", body | fields)
        return await self.actor(row["id"])

    async def actor(self, user: str) -> Actor:
        """The person as an actor, with the rights that the stored roles give today."""
        doc = await self.db["record_user"].find_one({"_id": user})
        assert doc is not None
        roles = await self.db["record_role"].find({"_id": {"$in": doc["roles"]}}).to_list()
        admin = any(role["admin"] for role in roles)
        rights = rights_of(roles, self.registry, admin=admin)
        return Actor(user, doc["department"], tuple(doc["department_path"]), rights, admin)

    def customer(self, name: str = "Acme", **fields: object) -> dict[str, object]:
        """The body of a valid customer."""
        return {"name": name, "kind": "direct", "status": "prospect", "region": self.region, **fields}


@pytest.fixture
async def records(db: Database, units: Units) -> Records:
    """The record engine on the test's database."""
    registry = load()
    await ensure_indexes(db, record_indexes(registry))
    return Records(units, registry)


@pytest.fixture
async def company(records: Records, db: Database) -> Company:
    """The founded company."""
    company = Company(records, db)
    await company.found()
    return company
