"""What we write one by one: answers to all, blind copies, forwards, signatures, pictures, plans and second thoughts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from crm_core.ground.clock import now
from hub.main import Hub
from hub.model.address import Address
from hub.model.envelope import Attachment, Envelope, ThreadKey
from hub.store.collections import OUTBOX
from tests.conftest import SignedIn, SignIn
from tests.hub.writing_house import Town, call, settings, sink, town, until
from tests.lab.smtp_sink import SmtpSink

__all__ = ["settings", "sink", "town"]


@pytest.fixture
async def ann(signed_in: SignIn) -> SignedIn:
    return await signed_in("ann", roles=["SM"], queues=["support"])


async def came(hub: Hub, **more: Any) -> dict[str, Any]:
    """A mail of Ada's to us, Bob and (in copy) Cy."""
    raw = await hub.streaming.raws.keep("mail", b"From: ada@example.com\r\nSubject: Pump\r\n\r\nIt leaks", {})
    given: dict[str, Any] = {
        "account": "mail", "channel": "email", "external_id": "in.1@example.com", "at": now(), "raw": raw.id,
        "sender": Address("mail:ada@example.com", "Ada"), "subject": "Pump", "text": "It leaks", "queue": "support",
        "to": (Address("mail:support@demo.local"), Address("mail:bob@example.com", "Bob")),
        "cc": (Address("mail:sales@demo.local"), Address("mail:cy@example.com")),
        "own_keys": frozenset({"mail:support@demo.local", "mail:sales@demo.local"}),
        "thread_keys": (ThreadKey("reference", "in.1@example.com", own=True),),
    } | more  # fmt: skip
    stored: dict[str, Any] = await hub.stream.ingest(Envelope(**given))  # type: ignore[assignment]
    return stored


async def say(who: SignedIn, conversation: str, **body: Any) -> Any:
    return await call(who, "POST", f"/api/conversations/{conversation}/messages", {"kind": "reply"} | body, expect=201)


async def test_an_answer_to_all_goes_to_everybody_but_us(hub: Hub, ann: SignedIn, sink: SmtpSink) -> None:
    mail = await came(hub)
    said = await say(
        ann, mail["conversation"], text="We come", reply_all=True, bcc=["boss@example.com", "cy@example.com"]
    )
    assert [p["address"] for p in said["to"]] == ["ada@example.com", "bob@example.com"]
    assert said["cc"] == []  # whoever gets a blind copy is not shown to the others
    assert [p["address"] for p in said["bcc"]] == ["boss@example.com", "cy@example.com"]
    [sent] = await sink.wait_for(1)
    assert sorted(sent.recipients) == ["ada@example.com", "bob@example.com", "boss@example.com", "cy@example.com"]
    assert b"boss" not in sent.content
    assert sent.message["In-Reply-To"] == "<in.1@example.com>"


async def test_the_answer_of_a_blind_receiver_joins_and_the_next_answer_does_not_show_them(
    hub: Hub, ann: SignedIn
) -> None:
    mail = await came(hub)
    said = await say(ann, mail["conversation"], text="We come", bcc=["boss@example.com"])
    answer = await came(
        hub, external_id="in.2@example.com", sender=Address("mail:boss@example.com"), to=(Address("mail:support@demo.local"),),
        cc=(), thread_keys=(ThreadKey("reference", "in.2@example.com", own=True), ThreadKey("reference", said["external_id"])),
    )  # fmt: skip
    assert answer["conversation"] == mail["conversation"]


async def test_a_forward_carries_the_original_and_its_files_and_answers_nothing(
    hub: Hub, ann: SignedIn, sink: SmtpSink
) -> None:
    files = (
        Attachment("plan.pdf", "application/pdf", b"%PDF-1.4"),
        Attachment("logo.png", "image/png", b"\x89PNG\r\n\x1a\n", content_id="logo@x", inline=True),
    )
    mail = await came(hub, html='<p>It <b>leaks</b> <img src="cid:logo@x"></p>', attachments=files)
    said = await say(
        ann, mail["conversation"], text="Please look", forward_of=mail["id"], to=["tech@example.com"], signature="none"
    )
    assert said["subject"] == "Fwd: Pump"
    assert said["reply_to"] is None
    [sent] = await sink.wait_for(1)
    message = sent.message
    assert "In-Reply-To" not in message
    assert "References" not in message
    text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert text.startswith("Please look\n\n---------- Forwarded message ----------\nFrom: Ada <ada@example.com>\n")
    assert "Subject: Pump" in text
    assert text.rstrip().endswith("It leaks")
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '<img src="cid:logo@x">' in html
    assert [part["Content-ID"] for part in message.walk() if part["Content-ID"]] == ["<logo@x>"]
    assert [part.get_filename() for part in message.iter_attachments() if part.get_filename()] == ["plan.pdf"]
    await call(
        ann, "POST", f"/api/conversations/{mail['conversation']}/messages",
        {"kind": "reply", "text": "x", "forward_of": mail["id"]}, expect=422,
    )  # fmt: skip


async def test_a_forward_may_enclose_the_original_byte_for_byte(hub: Hub, ann: SignedIn, sink: SmtpSink) -> None:
    mail = await came(hub)
    await say(
        ann, mail["conversation"], text="See", forward_of=mail["id"], forward_as="attached", to=["tech@example.com"]
    )
    [sent] = await sink.wait_for(1)
    [enclosed] = sent.message.iter_attachments()
    assert enclosed.get_filename() == "Pump.eml"
    assert enclosed.get_payload(decode=True) == b"From: ada@example.com\r\nSubject: Pump\r\n\r\nIt leaks"


async def test_nobody_forwards_what_they_may_not_see(hub: Hub, ann: SignedIn, signed_in: SignIn) -> None:
    mail = await came(hub)
    other = await signed_in("eve", roles=["SA"], queues=["general"])
    started = {"channel": "email", "to": ["x@example.com"], "text": "hi", "forward_of": mail["id"]}
    await call(other, "POST", "/api/conversations", started, expect=404)
    await call(ann, "POST", "/api/conversations", started, expect=201)


async def test_a_signature_stands_under_a_text_once_in_the_texts_language(
    hub: Hub, ann: SignedIn, signed_in: SignIn, sink: SmtpSink
) -> None:
    admin = await signed_in("root", roles=["admin"])
    await call(admin, "PUT", "/api/accounts/mail/signature", {"en": "{{company}}", "zh": "{{company}} 客服"})
    mail = await came(hub)
    first = await say(ann, mail["conversation"], text="Hello")
    assert first["text"] == "Hello\n\n-- \nLanjing"
    own = {"signature": {"en": "{{sender.name}}\n{{sender.extension}}\n{{company}}", "zh": "<b>{{sender.name}}</b>"}}
    await call(ann, "PATCH", "/api/me/writing", own)
    second = await say(ann, mail["conversation"], text="Hello", html="<p>Hello</p>")
    assert second["text"] == "Hello\n\n-- \nAnn\nLanjing"
    assert second["html"] == "<p>Hello</p><p>--<br>Ann<br>Lanjing</p>"
    assert (await say(ann, mail["conversation"], text=second["text"]))["text"] == second["text"]
    chinese = await say(ann, mail["conversation"], text="您好", html="<p>您好</p>")
    assert chinese["html"] == "<p>您好</p><p>--<br>&lt;b&gt;Ann&lt;/b&gt;</p>"
    assert (await say(ann, mail["conversation"], text="Hello", signature="none"))["text"] == "Hello"
    note = await say(ann, mail["conversation"], kind="note", text="inside")
    assert note["text"] == "inside"
    wrong = await call(ann, "PATCH", "/api/me/writing", {"signature": {"en": "{{sender.nmae}}"}}, expect=422)
    [fault] = wrong["errors"]
    assert "line 1, column 3" in fault["detail"]
    assert (fault["path"], fault["code"]) == ("signature.en", "template-unknown")
    assert fault["args"] == {"line": 1, "column": 3, "what": "sender.nmae", "near": "sender.name"}


async def test_a_picture_of_ours_is_shown_in_the_mail(hub: Hub, ann: SignedIn, sink: SmtpSink) -> None:
    mail = await came(hub)
    picture = await hub.files.put(b"\x89PNG\r\n\x1a\n", "logo.png", "image/png", by=ann.user)
    html = f'<p><img src="cid:{picture["id"]}"></p>'
    said = await say(ann, mail["conversation"], text="x", html=html, attachments=[picture["id"]])
    assert said["attachments"][0]["inline"] is True
    [sent] = await sink.wait_for(1)
    cid = f"{picture['id']}@mainstem"
    assert [part["Content-ID"] for part in sent.message.walk() if part["Content-ID"]] == [f"<{cid}>"]
    assert f'src="cid:{cid}"' in sent.message.get_body(("html",)).get_content()  # type: ignore[union-attr]


async def test_a_message_can_be_taken_back_for_some_seconds(hub: Hub, ann: SignedIn, sink: SmtpSink) -> None:
    mail = await came(hub)
    assert (await call(ann, "GET", "/api/me/writing"))["undo_s"] == 10
    said = await say(ann, mail["conversation"], text="Oops", undo=True)
    wait = datetime.fromisoformat(said["delivery"]["next_at"]) - now()
    assert timedelta(seconds=5) < wait <= timedelta(seconds=10)
    taken = await call(ann, "POST", f"/api/messages/{said['id']}/cancel")
    assert taken["delivery"]["state"] == "failed"
    await call(ann, "PATCH", "/api/me/writing", {"undo_s": 0})
    await say(ann, mail["conversation"], text="Now", undo=True)
    await sink.wait_for(1)
    await call(ann, "POST", f"/api/messages/{said['id']}/cancel", expect=409)
    assert [m.message.get_content().strip() for m in sink.mails] == ["Now"]


async def test_a_planned_message_goes_at_its_moment_and_can_be_planned_anew(
    hub: Hub, ann: SignedIn, sink: SmtpSink
) -> None:
    """S2.9.3-11."""
    mail = await came(hub)
    later = (now() + timedelta(hours=3)).isoformat()
    said = await say(ann, mail["conversation"], text="Later", send_at=later)
    path = f"/api/messages/{said['id']}/plan"
    soon = now() + timedelta(seconds=1)
    planned = await call(ann, "PATCH", path, {"send_at": soon.isoformat()})
    assert abs(datetime.fromisoformat(planned["delivery"]["next_at"]) - soon) < timedelta(seconds=1)
    [sent] = await sink.wait_for(1)
    assert now() >= soon
    await until(lambda: _is_done(hub, said["id"]))
    await call(ann, "PATCH", path, {"send_at": later}, expect=409)
    await call(ann, "POST", f"/api/messages/{said['id']}/cancel", expect=409)
    assert len(sink.mails) == 1
    assert sent.message_id == said["external_id"]


async def _is_done(hub: Hub, message: str) -> bool:
    return await hub.db[OUTBOX].find_one({"_id": message, "state": "done"}) is not None


async def test_a_planned_message_goes_once_over_a_restart(
    hub: Hub, ann: SignedIn, sink: SmtpSink, settings: Any
) -> None:
    """S2.9.3-11: whichever hub is there at its moment sends it."""
    mail = await came(hub)
    said = await say(ann, mail["conversation"], text="Later", send_at=(now() + timedelta(seconds=3)).isoformat())
    await hub.stop()
    other = Hub(settings, "other")
    await other.start()
    try:
        await sink.wait_for(1, 30)
        await until(lambda: _is_done(other, said["id"]))
    finally:
        await other.stop()
    assert [m.message_id for m in sink.mails] == [said["external_id"]]


async def test_taking_back_and_sending_never_both_happen(hub: Hub, ann: SignedIn, sink: SmtpSink) -> None:
    """The race at the moment itself, many times: what was taken back was not sent, and what was sent says so."""
    mail = await came(hub)
    at = (now() + timedelta(seconds=1)).isoformat()
    said = [await say(ann, mail["conversation"], text=f"n{n}", send_at=at) for n in range(8)]
    await asyncio.sleep(0.9)
    answers = await asyncio.gather(*(ann.call("POST", f"/api/messages/{each['id']}/cancel") for each in said))
    back = {each["id"] for each, (status, _) in zip(said, answers, strict=True) if status == 200}
    gone = {each["external_id"] for each in said if each["id"] not in back}

    async def settled() -> bool:
        return await hub.db[OUTBOX].count_documents({"state": {"$in": ["queued", "sending"]}}) == 0

    await until(settled)
    assert {m.message_id for m in sink.mails} == gone
    for each in said:
        shown = await call(ann, "GET", f"/api/messages/{each['id']}")
        assert shown["delivery"]["state"] == ("failed" if each["id"] in back else "sent")


async def test_templates_are_records_checked_at_saving_and_merged_with_the_readers_eyes(
    hub: Hub, town: Town, ann: SignedIn, signed_in: SignIn
) -> None:
    """S2.9.3-02, S2.9.3-03."""
    body = {"name": "Hello", "channel": "email", "subject": "Hi {{contact.name}}", "text_body": "Dear {{contact.nam}}"}
    wrong = await call(ann, "POST", "/api/records/message_template", body, expect=422)
    assert wrong["errors"][0]["path"] == "text_body"
    assert "line 1, column 8: there is no field contact.nam" in wrong["errors"][0]["detail"]
    assert (wrong["errors"][0]["code"], wrong["errors"][0]["args"]["near"]) == ("template-unknown", "contact.name")
    await call(ann, "POST", "/api/records/message_template", body | {"text_body": "Dear {{contact.name}}"}, expect=201)
    acme = await town.add("customer", name="Acme", credit_limit={"amount": "500", "currency": "CNY"})
    ada = await town.add("contact", name="Ada", customer=acme, mail="ada@example.com")
    texts = {
        "text": "{{contact.name}} {{contact.customer.name}} {{customer.credit_limit}}!",
        "record": f"contact:{ada}",
    }
    merged = await call(ann, "POST", "/api/templates/merge", texts | {"language": "en"})
    assert merged["text"] == "Ada Acme ¥500.00!"
    agent = await signed_in("agent", roles=["SA"])
    assert (await call(agent, "POST", "/api/templates/merge", texts))["text"] == "Ada Acme!"  # a guarded field
    paths = {f["path"] for f in (await call(agent, "GET", "/api/templates/fields"))["items"]}
    assert "customer.credit_limit" not in paths
    assert {"contact.name", "recipient.name", "unsubscribe"} <= paths
    assert "supplier.name" not in paths
    faults = await call(ann, "POST", "/api/templates/check", {"subject": "{{x", "text": "{{today}}"})
    assert [(f["part"], f["code"], f["line"], f["column"]) for f in faults["faults"]] == [("subject", "syntax", 1, 1)]
    await call(ann, "POST", "/api/templates/merge", texts | {"record": "contact:nobody"}, expect=404)
