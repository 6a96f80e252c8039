"""Quarantine: what could not be stored is shown to supervisors, tried again or dismissed by administrators, never lost."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import override

from crm_core.ground.clock import now
from hub.accounts.directory import Directory
from hub.channel import Account, Inlet, Raw
from hub.desk.quarantine import Quarantine
from hub.errors import Poisoned
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import AccountSettings, Settings
from tests.conftest import SignIn
from tests.hub.far_side import ListingChannel

MAIL = (
    b"From: Anna <anna@customer.example>\r\nTo: support@demo.local\r\nMessage-ID: <q1@customer.example>\r\n"
    b"Subject: Help\r\n\r\nIt broke.\r\n"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With one mail account."""
    account = AccountSettings.model_validate({"channel": "email", "addresses": ["support@demo.local"]})
    return settings.model_copy(update={"accounts": {"support": account}})


async def put_aside(hub: Hub, content: bytes = MAIL, entry: str = "q1") -> str:
    raw = await hub.streaming.raws.keep("support", content, {"mail_from": "anna@customer.example", "recipients": []})
    await hub.streaming.raws.settle(raw.id)
    await hub.db["quarantine"].insert_one(
        {
            "_id": entry,
            "account": "support",
            "channel": "email",
            "external_id": "q1@customer.example",
            "raw": raw.id,
            "sender": "mail:anna@customer.example",
            "error": "KeyError: 'x'",
            "state": "waiting",
            "at": now(),
        }
    )
    return raw.id


async def entries(who: Any, state: str = "waiting") -> list[dict[str, Any]]:
    status, page = await who.call("GET", f"/api/quarantine?state={state}")
    assert status == 200
    found: list[dict[str, Any]] = page["items"]
    return found


async def test_what_is_tried_again_becomes_a_message_and_is_done(hub: Hub, signed_in: SignIn) -> None:
    await put_aside(hub)
    admin = await signed_in("ada", roles=["admin"])
    [waiting] = await entries(admin)
    assert waiting["error"] == "KeyError: 'x'"
    status, done = await admin.call("POST", "/api/quarantine/q1/retry")
    assert (status, done["state"], done["tries"]) == (200, "done", 1)
    assert await entries(admin) == []
    assert [m["external_id"] async for m in hub.db["messages"].find()] == ["q1@customer.example"]
    assert (await admin.call("POST", "/api/quarantine/q1/retry"))[0] == 409
    assert await hub.db["audit"].count_documents({"what": "quarantine.retried", "about": "q1"}) == 1


async def test_a_dismissal_needs_a_reason_and_keeps_the_raw_input(hub: Hub, signed_in: SignIn) -> None:
    raw = await put_aside(hub)
    admin = await signed_in("ada", roles=["admin"])
    assert (await admin.call("POST", "/api/quarantine/q1/dismiss", {"reason": ""}))[0] == 422
    status, entry = await admin.call("POST", "/api/quarantine/q1/dismiss", {"reason": "spam"})
    assert (status, entry["state"], entry["reason"]) == (200, "dismissed", "spam")
    assert [e["id"] for e in await entries(admin, "dismissed")] == ["q1"]
    assert (await hub.streaming.raws.read(raw)).content == MAIL
    assert await hub.db["audit"].count_documents({"what": "quarantine.dismissed", "facts.reason": "spam"}) == 1


async def test_agents_see_no_quarantine_and_supervisors_may_not_act_on_it(hub: Hub, signed_in: SignIn) -> None:
    await put_aside(hub)
    agent, supervisor = await signed_in("ben", roles=["SA"]), await signed_in("sue", roles=["SU"])
    assert (await agent.call("GET", "/api/quarantine"))[0] == 403
    assert (await agent.call("POST", "/api/quarantine/q1/retry"))[0] == 403
    assert [e["id"] for e in await entries(supervisor)] == ["q1"]
    assert (await supervisor.call("POST", "/api/quarantine/q1/retry"))[0] == 403
    assert (await supervisor.call("POST", "/api/quarantine/q1/dismiss", {"reason": "spam"}))[0] == 403


class PoisonedChannel(ListingChannel):
    """Fails as the stream does: with an entry of its own."""

    hub: Hub

    @override
    async def replay(self, account: Account, raw: Raw, inlet: Inlet) -> None:
        again = {"_id": "q2", "account": "support", "raw": raw.id, "state": "waiting", "error": "ValueError: worse"}
        await self.hub.db["quarantine"].insert_one(again)
        raise Poisoned("kept in quarantine", quarantine="q2")


async def test_what_fails_again_waits_on_as_one_entry_with_the_new_error(hub: Hub) -> None:
    await put_aside(hub)
    channel = PoisonedChannel()
    channel.hub = hub
    accounts = {"support": AccountSettings(channel="listing")}
    directory = Directory(hub.db, hub.ground.vault, accounts, lambda _kind: channel)
    quarantine = Quarantine(hub.units, directory, hub.accounts.inlets, hub.identity.audit)
    who: Any = type("Somebody", (), {"user": "u1"})
    caller: Caller = who()
    entry = await quarantine.retry("q1", caller, FarEnd("local"))
    assert (entry["state"], entry["error"], entry["tries"]) == ("waiting", "ValueError: worse", 1)
    assert [e["id"] for e in await quarantine.page(state="waiting")] == ["q1"]
