"""The demo: a small company with people, customers and a morning's mail. Safe to repeat; nothing is made twice."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiosmtplib

from crm_core.access.actor import system
from crm_core.ground.clock import now
from hub.cli.demo_sink import SINK_PORT
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import QueueSettings

log = logging.getLogger(__name__)

DEMO_PASSWORD = "demo"  # noqa: S105 - the demo's, printed at start
DEMO_LOGINS = ("agent", "sales", "manager", "supervisor", "admin")
DOOR_PORT = 8825
ACCOUNT_ID = "demo-mail"
COMPANY = "Lanjing Instruments"
_HERE = FarEnd("local", "demo")
_DATA = Path(__file__).with_name("demo.json")


QUEUES = {
    "support": QueueSettings(name="Support", name_zh="客户服务"),
    "sales": QueueSettings(name="Sales", name_zh="销售"),
}
ACCOUNT = {
    "queue": "support",
    "addresses": ["support@demo.local", "@demo.local"],
    "from_name": COMPANY,
    "door_port": DOOR_PORT,
    "smtp_host": "127.0.0.1",
    "smtp_port": SINK_PORT,
    "tls": "none",
}


async def seed_demo(hub: Hub) -> None:
    """Make the account, people, customers and mail where there are none yet."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    await hub.desk.queues.seed(QUEUES)
    if await hub.identity.staff.is_empty():
        await _people(hub, data)
        await _customers(hub, data)
    if not any(entry.id == ACCOUNT_ID for entry in await hub.accounts.directory.all()):
        admin = await hub.identity.staff.user_id("admin")
        await hub.accounts.changes.create(ACCOUNT_ID, "email", ACCOUNT, by=admin, far=_HERE)
    if await hub.db["raw"].find_one({"account": ACCOUNT_ID}) is None:
        await _mails(data)


async def _people(hub: Hub, data: dict[str, Any]) -> None:
    root = await hub.records.create(system(), "department", data["company"])
    departments, members = {}, dict[str, list[str]]()
    for one in data["departments"]:
        made = await hub.records.create(system(), "department", {**one, "parent": root["id"]})
        departments[one["code"]] = made["id"]
    for person in data["people"]:
        user = await hub.identity.staff.create_user(
            person["login"],
            person["name"],
            DEMO_PASSWORD,
            far=_HERE,
            roles=person["roles"],
            department=departments[person["department"]],
            locale=person["locale"],
            weak=True,
        )
        for queue in person["queues"]:
            members.setdefault(queue, []).append(user)
    for queue, users in members.items():
        await hub.desk.queues.change(queue, {"members": users})


async def _customers(hub: Hub, data: dict[str, Any]) -> None:
    sales = await hub.identity.staff.user_id("sales")
    hand = replace(system(), user=sales)  # who makes a record for themselves is not told of it
    for one in data["customers"]:
        contacts = one.pop("contacts")
        region = await _region(hub, one.pop("region"))
        customer = await hub.records.create(hand, "customer", {**one, "owner": sales, "region": region})
        for contact in contacts:
            await hub.records.create(hand, "contact", {**contact, "owner": sales, "customer": customer["id"]})


async def _region(hub: Hub, name: str) -> str:
    found = await hub.db["record_region"].find_one({"name": name})
    if found is not None:
        return str(found["_id"])
    made = await hub.records.create(system(), "region", {"code": name, "name": name, "level": "area"})
    return str(made["id"])


async def _mails(data: dict[str, Any]) -> None:
    """Through the door, as any mail comes."""
    for one in data["mails"]:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = one["from"], one.get("to", "support@demo.local"), one["subject"]
        mail["Date"] = format_datetime(now())
        mail["Message-ID"] = f"<{one['id']}@mail.example>"
        if "answers" in one:
            mail["In-Reply-To"] = mail["References"] = f"<{one['answers']}@mail.example>"
        mail.set_content(one["text"])
        if "html" in one:
            mail.add_alternative(one["html"], subtype="html")
        await _deliver(mail)


async def _deliver(mail: EmailMessage) -> None:
    for attempt in range(40):
        try:
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=DOOR_PORT, timeout=5)
            return
        except (OSError, aiosmtplib.SMTPException) as error:
            if attempt == 39:
                log.warning("the demo's mails could not be delivered", extra={"reason": str(error)})
            await asyncio.sleep(0.25)
