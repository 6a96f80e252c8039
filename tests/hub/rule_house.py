"""Message rules on a running hub: started, set off, and whom they told."""

from __future__ import annotations

from typing import Any

from crm_core.access.actor import system
from hub.main import Hub
from tests.conftest import SignedIn
from tests.hub.test_notices import notices_of, until

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


async def roles_of(hub: Hub, *codes: str) -> list[str]:
    return [doc["_id"] async for doc in hub.db["record_role"].find({"code": {"$in": list(codes)}})]
