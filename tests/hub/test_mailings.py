"""Mailings: one to many kinds of people, each address once, as previewed, at its moment, and out of it by one click."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest

from crm_core.ground.clock import now
from hub.main import Hub
from hub.store.collections import CONVERSATIONS, MESSAGES, OUTBOX
from hub.store.jobs import JOBS
from hub.writing.indexes import RECEIVERS
from tests.conftest import SignedIn, SignIn
from tests.hub.writing_house import Town, call, settings, sink, town, turn, until
from tests.lab.smtp_sink import SmtpSink

__all__ = ["settings", "sink", "town"]

TEXTS = {
    "subject": "News for {{recipient.company}} {{recipient.name}}",
    "text": "Dear {{contact.salutation}} {{recipient.name}},\n{{contact.title}}\nout: {{unsubscribe}}\n",
    "html": "<p>Dear {{contact.salutation}} <b>{{recipient.name}}</b>,</p><p>{{contact.title}}</p>",
}
EVERYBODY = [{"kind": "customers"}, {"kind": "employees"}, {"kind": "users"}, {"kind": "suppliers"}]


async def everybody(town: Town) -> None:
    """Two contacts (one wants no mail), a customer without contacts, a supplier, who is also a contact elsewhere."""
    acme = await town.add("customer", name="Acme")
    await town.add("customer", name="Lonely", mail="lonely@example.com")
    await town.add("contact", name="Ada <b>", customer=acme, mail="ada@example.com", salutation="Ms")
    await town.add("contact", name="Max", customer=acme, mail="max@example.com", opt_out=["email"])
    await town.add("contact", name="Mute", customer=acme)
    await town.add("supplier", code="S1", name="Bolts Ltd", contact_name="Sid", mail="sid@example.com")
    await town.add("supplier", code="S2", name="Twice", mail="ADA@example.com")


async def saved(who: SignedIn, **more: Any) -> dict[str, Any]:
    scheme = {"name": "News", "language": "en", "segments": EVERYBODY, **TEXTS} | more
    answer: dict[str, Any] = await call(who, "POST", "/api/mailings", scheme, expect=201)
    return answer


def body_of(mail: EmailMessage, kind: str) -> str:
    """The text of a mail in one form."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip()


async def begun(who: SignedIn, mailing: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await call(who, "POST", f"/api/mailings/{mailing}/runs", more, expect=201)
    return answer


@pytest.fixture
async def mk(signed_in: SignIn) -> SignedIn:
    """Somebody of marketing, who sees all customers and suppliers."""
    return await signed_in("mk", roles=["MK"], queues=["support"])


async def test_four_kinds_get_one_mailing_and_each_address_gets_one_mail(
    hub: Hub, town: Town, mk: SignedIn, sink: SmtpSink
) -> None:
    """S2.9.3-01, S2.9.3-02, S2.9.3-04."""
    await everybody(town)
    await hub.db["record_user"].update_one(
        {"_id": mk.user},
        {"$set": {"mails": [{"id": "1", "kind": "work", "address": "mk@demo.local", "primary": True}]}},
    )
    mailing = await saved(mk, addresses=["Eve <eve@example.com>", "sid@example.com"])
    previews = []
    for n in range(1, 30):
        preview = await call(mk, "GET", f"/api/mailings/{mailing['id']}/preview?n={n}")
        previews.append(preview)
        if not preview["more"]:
            break
    run = await begun(mk, mailing["id"])
    assert await turn(hub, run["id"]) == "done"
    shown = await call(mk, "GET", f"/api/mailing-runs/{run['id']}")
    assert shown["state"] == "done"
    rows = (await call(mk, "GET", f"/api/mailing-runs/{run['id']}/receivers"))["items"]
    by_name = {(row["kind"], row["name"]): (row["state"], row["reason"]) for row in rows}
    assert by_name["contact", "Ada <b>"] == ("sent", None)
    assert by_name["contact", "Max"] == ("skipped", "opted_out")
    assert by_name["customer", "Lonely"] == ("sent", None)
    assert by_name["supplier", "Sid"] == ("sent", None)
    assert by_name["supplier", "Twice"] == ("skipped", "duplicate_address")
    assert by_name["address", "Eve"] == ("sent", None)
    addresses = sorted(mail.recipients[0] for mail in sink.mails)
    assert addresses == ["ada@example.com", "eve@example.com", "lonely@example.com", "mk@demo.local", "sid@example.com"]
    assert shown["counts"]["sent"] == 5
    by_address = {mail.recipients[0]: mail.message for mail in sink.mails}
    for preview in previews:
        if preview["why"] is None and preview["address"]:
            mail = by_address[preview["address"]]
            assert mail["Subject"] == preview["subject"]
            assert body_of(mail, "plain") == preview["text"]
            assert body_of(mail, "html") == preview["html"]
    ada = by_address["ada@example.com"]
    assert ada["Subject"] == "News for Acme Ada <b>"
    assert body_of(ada, "html") == "<p>Dear Ms <b>Ada &lt;b&gt;</b>,</p>"
    assert body_of(ada, "plain").startswith("Dear Ms Ada <b>,\nout: http://")
    assert by_address["eve@example.com"]["Subject"] == "News for Eve"
    assert by_address["eve@example.com"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_each_mail_stands_in_a_closed_conversation_of_its_receiver(hub: Hub, town: Town, mk: SignedIn) -> None:
    """S2.9.3-08."""
    await everybody(town)
    run = await begun(mk, (await saved(mk, segments=[{"kind": "suppliers"}]))["id"])
    await turn(hub, run["id"])
    found = await hub.db[CONVERSATIONS].find({"links": {"$regex": "^record:supplier:"}}).to_list()
    assert [(c["state"], c["message_count"], c["queue"]) for c in found] == [("closed", 1, "support")] * 2
    message = await hub.db[MESSAGES].find_one({"conversation": found[0]["_id"]})
    assert message is not None
    assert message["reply_to"] is None


async def test_one_click_takes_somebody_out_and_looking_does_not(
    hub: Hub, town: Town, mk: SignedIn, sink: SmtpSink
) -> None:
    """RFC 8058: a GET decides nothing, since mail scanners follow links."""
    await everybody(town)
    mailing = await saved(mk, addresses=["eve@example.com"], segments=[])
    await turn(hub, (await begun(mk, mailing["id"]))["id"])
    link = re.sub(r"^<http://[^/]+|>$", "", sink.mails[0].message["List-Unsubscribe"])
    async with mk.http.get(link) as page:
        assert page.status == 200
        assert "eve@example.com" in await page.text()
    second = await begun(mk, mailing["id"])
    await turn(hub, second["id"])
    assert len(sink.mails) == 2
    async with aiohttp.ClientSession(hub.url) as stranger:
        async with stranger.post(link, data={"List-Unsubscribe": "One-Click"}) as answer:
            assert answer.status == 200
        async with stranger.post(f"{link}x", data={"List-Unsubscribe": "One-Click"}) as answer:
            assert answer.status == 404
    third = await begun(mk, mailing["id"])
    await turn(hub, third["id"])
    assert len(sink.mails) == 2
    rows = (await call(mk, "GET", f"/api/mailing-runs/{third['id']}/receivers"))["items"]
    assert [(row["state"], row["reason"]) for row in rows] == [("skipped", "opted_out")]
    assert len((await call(mk, "GET", f"/api/mailings/{mailing['id']}/runs"))["items"]) == 3


async def test_an_address_that_bounced_for_good_gets_no_mailing(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    await hub.db["address_facts"].insert_one({"_id": "mail:eve@example.com", "undeliverable": {"status": "5.1.1"}})
    mailing = await saved(mk, addresses=["eve@example.com"], segments=[])
    assert (await call(mk, "GET", f"/api/mailings/{mailing['id']}/preview"))["why"] == "bounced"
    await turn(hub, (await begun(mk, mailing["id"]))["id"])
    assert sink.mails == []


async def test_a_mailing_carries_its_files_and_keeps_them(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    """A file of a scheme is not swept away as one that nobody sent; somebody else's file cannot be taken."""
    mine = await hub.files.put(b"%PDF-1.4", "plan.pdf", "application/pdf", by=mk.user)
    foreign = await hub.files.put(b"secret", "secret.txt", "text/plain", by="somebody")
    mailing = await saved(mk, addresses=["eve@example.com"], segments=[], attachments=[mine["id"]])
    assert mailing["files"] == [{"id": mine["id"], "name": "plan.pdf", "size": 8}]
    await hub.files.forget_unused(now() + timedelta(days=2))
    await turn(hub, (await begun(mk, mailing["id"]))["id"])
    [part] = sink.mails[0].message.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("plan.pdf", b"%PDF-1.4")
    wrong = {"name": "x", "text": "x", "attachments": [foreign["id"]]}
    await call(mk, "POST", "/api/mailings", wrong, expect=404)


async def test_a_scheme_is_loaded_changed_and_sent_again(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    """S2.9.3-05, S2.9.4-07."""
    mailing = await saved(mk, addresses=["eve@example.com"], segments=[])
    await turn(hub, (await begun(mk, mailing["id"]))["id"])
    path = f"/api/mailings/{mailing['id']}"
    changed = await call(mk, "PATCH", path, {"subject": "Again"}, If_Match="1")
    assert (changed["subject"], changed["text"], changed["revision"]) == ("Again", TEXTS["text"], 2)
    assert await call(mk, "GET", path) == changed
    await call(mk, "PATCH", path, {"subject": "Lost"}, If_Match="1", expect=412)
    await turn(hub, (await begun(mk, mailing["id"]))["id"])
    assert [mail.message["Subject"] for mail in sink.mails] == ["News for", "Again"]
    await call(mk, "DELETE", path, expect=204)
    await call(mk, "GET", path, expect=404)


async def test_a_fault_is_named_with_its_place_when_a_mailing_is_saved(mk: SignedIn) -> None:
    """S2.9.3-03."""
    wrong = {"name": "x", "text": "Dear\n {{recipient.nmae}}", "addresses": ["nobody"]}
    answer = await call(mk, "POST", "/api/mailings", wrong, expect=422)
    assert (
        answer["errors"][0]["detail"]
        == "line 2, column 4: there is no field recipient.nmae; did you mean recipient.name?"
    )
    assert answer["problems"][0]["zh"] == "没有字段 recipient.nmae，是否指 recipient.name？"
    answer = await call(mk, "POST", "/api/mailings", wrong | {"text": "x"}, expect=422)
    assert "addresses.0" in str(answer["errors"])


async def test_a_killed_turn_is_taken_up_without_a_double(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    """Stopped between message and note, and written by two workers at once: each address still gets one mail."""
    addresses = [f"a{n}@example.com" for n in range(40)]
    run = await begun(mk, (await saved(mk, addresses=addresses, segments=[]))["id"])
    await asyncio.gather(turn(hub, run["id"]), turn(hub, run["id"]))
    await hub.db[RECEIVERS].update_many(
        {"run": run["id"], "n": {"$lte": 20}}, {"$set": {"state": "waiting", "message": None}}
    )
    await hub.db["mailing_runs"].update_one({"_id": run["id"]}, {"$set": {"state": "running", "prepared": False}})
    assert await turn(hub, run["id"]) == "done"
    assert sorted(mail.recipients[0] for mail in sink.mails) == sorted(addresses)
    assert (await call(mk, "GET", f"/api/mailing-runs/{run['id']}"))["counts"]["sent"] == 40


async def test_a_run_can_be_held_gone_on_with_and_cancelled(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    addresses = [f"a{n}@example.com" for n in range(30)]
    mailing = await saved(mk, addresses=addresses, segments=[])
    run = await begun(mk, mailing["id"])
    path = f"/api/mailing-runs/{run['id']}"
    assert (await call(mk, "POST", f"{path}/pause"))["state"] == "paused"
    assert await turn(hub, run["id"]) == "stopped"
    assert sink.mails == []
    assert (await call(mk, "POST", f"{path}/resume"))["state"] == "running"
    assert await turn(hub, run["id"]) == "done"
    assert len(sink.mails) == 30
    await call(mk, "POST", f"{path}/pause", expect=409)
    other = await begun(mk, mailing["id"], send_at=(now() + timedelta(hours=1)).isoformat())
    path = f"/api/mailing-runs/{other['id']}"
    await call(mk, "DELETE", f"/api/mailings/{mailing['id']}", expect=409)
    assert (await call(mk, "POST", f"{path}/cancel"))["state"] == "cancelled"
    assert await turn(hub, other["id"]) == "stopped"
    assert len(sink.mails) == 30


async def test_what_waits_in_the_outbox_is_held_and_taken_back(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    """The account is slow: most of the letters still wait when somebody stops."""
    sink.answer("mail", "hang")
    addresses = [f"a{n}@example.com" for n in range(30)]
    run = await begun(mk, (await saved(mk, addresses=addresses, segments=[]))["id"])
    path = f"/api/mailing-runs/{run['id']}"

    async def queued() -> bool:
        return await hub.db[RECEIVERS].count_documents({"run": run["id"], "state": "queued"}) == 30

    async with asyncio.TaskGroup() as group:
        working = group.create_task(turn(hub, run["id"]))
        await until(queued)
        await call(mk, "POST", f"{path}/pause")
        assert await working == "stopped"
    held = await hub.db[OUTBOX].count_documents({"state": "held"})
    assert held >= 10
    ended = await call(mk, "POST", f"{path}/cancel")
    assert ended["counts"]["cancelled"] >= held
    assert await hub.db[OUTBOX].count_documents({"state": "held"}) == 0


async def test_a_planned_mailing_waits_for_its_moment(hub: Hub, mk: SignedIn, sink: SmtpSink) -> None:
    """S2.9.3-11, S2.9.4-08: the job is not due before, and a turn that comes early does nothing."""
    at = now() + timedelta(hours=2)
    run = await begun(mk, (await saved(mk, addresses=["eve@example.com"], segments=[]))["id"], send_at=at.isoformat())
    assert run["state"] == "planned"
    job = await hub.db[JOBS].find_one({"arguments.run": run["id"]})
    assert job is not None
    assert abs(job["next_at"] - at) < timedelta(seconds=1)
    assert await turn(hub, run["id"]) == "early"
    sooner = await call(mk, "PATCH", f"/api/mailing-runs/{run['id']}", {"send_at": None})
    assert sooner["state"] == "running"
    assert await turn(hub, run["id"]) == "done"
    assert len(sink.mails) == 1


async def test_a_writer_reaches_only_what_the_writer_may_read(hub: Hub, town: Town, signed_in: SignIn) -> None:
    agent = await signed_in("agent", roles=["SA"])
    await everybody(town)
    status, _ = await agent.call("GET", "/api/mailings")
    assert status == 403
    lead = await signed_in("lead", roles=["SU"])  # sees all customers, and no supplier
    mailing = await saved(lead, segments=[{"kind": "suppliers"}])
    await call(lead, "GET", f"/api/mailings/{mailing['id']}/preview", expect=404)


async def test_the_lists_are_served_by_indexes(hub: Hub) -> None:
    for collection, where in (
        (RECEIVERS, {"run": "r", "state": "waiting"}),
        (RECEIVERS, {"run": "r", "n": {"$gt": 0}}),
        ("mailing_runs", {"mailing": "m"}),
    ):
        plan = await hub.db[collection].find(where).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
