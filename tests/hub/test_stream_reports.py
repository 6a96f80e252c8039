"""Bounces, receipts and complaints reach the message they are about; who knows no id of ours can report nothing."""

from __future__ import annotations

from typing import Any

from crm_core.ground.clock import now
from hub.main import Hub
from hub.model.address import Address
from hub.model.draft import Draft
from hub.model.envelope import Envelope, ThreadKey
from hub.model.message import MessageOut
from hub.store.client import Database
from hub.stream.stream import Stream
from hub.vault import Signer
from hub.writing.optouts import OptOuts
from tests.conftest import SignIn
from tests.lab.envelopes import mail

DAEMON = "mailer-daemon@mx.example"


async def barred(db: Database, keys: list[str]) -> dict[str, str]:
    """The addresses that mailings leave out, and why."""
    return dict(await OptOuts(db, Signer(b"k" * 32), "http://demo.local").barred(keys))


async def asked_and_answered(stream: Stream, *cc: str) -> MessageOut:
    """Ada writes, we answer, the answer is handed over."""
    first = await stream.ingest(mail("<q@x>", "ada@example.com"))
    people = tuple(Address(f"mail:{each}") for each in cc)
    sent = await stream.send(Draft(conversation=first["conversation"], author="u1", text="We come.", cc=people))
    return await stream.amend(sent["id"], {"delivery.state": "sent"})


def report(message_id: str, *, sender: str = DAEMON, kind: str = "bounce", **part: Any) -> Envelope:
    return mail(message_id, sender, automatic=True, parts={"mail": {"kind": kind, **part}})


def bounce(message_id: str, original: str | None, recipient: str = "ada@example.com", **more: Any) -> Envelope:
    told = {"recipient": recipient, "status": "5.1.1", "permanent": True, "diagnostic": "no such user"} | more
    return report(message_id, bounce=told | ({"original_id": original} if original else {}))


async def test_a_bounce_sets_the_delivery_to_failed_and_joins_the_conversation(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    told = await stream.ingest(bounce("<b@mx>", sent["external_id"]))
    assert told["conversation"] == sent["conversation"]
    assert told["joined_because"]["reason"] == "bounce"
    message = await db["messages"].find_one({"_id": sent["id"]})
    assert message is not None
    delivery = message["delivery"]
    assert (delivery["state"], delivery["recipient"], delivery["status"], delivery["permanent"]) == (
        "failed", "ada@example.com", "5.1.1", True,
    )  # fmt: skip
    assert "no such user" in delivery["reason"]
    assert await barred(db, ["mail:ada@example.com", "mail:bob@example.com"]) == {"mail:ada@example.com": "bounced"}
    notice = await db["events"].find_one({"name": "notice.raised"})
    assert notice is not None
    assert notice["rooms"] == ["user:u1"]
    conversation = await db["conversations"].find_one({"_id": sent["conversation"]})
    assert conversation is not None
    assert conversation["party_keys"] == ["mail:ada@example.com"], "the reporter is no party"


async def test_a_bounce_is_quicker_than_our_own_note_and_a_repeat_changes_nothing(stream: Stream, db: Database) -> None:
    first = await stream.ingest(mail("<q@x>", "ada@example.com"))
    sent = await stream.send(Draft(conversation=first["conversation"], author="u1", text="We come."))
    for _ in range(2):
        await stream.ingest(bounce("<b@mx>", sent["external_id"]))
    after = await stream.ingest(bounce("<c@mx>", sent["external_id"]))
    late = await stream.amend(sent["id"], {"delivery.state": "sent", "delivery.reason": None})
    assert after["conversation"] == sent["conversation"]
    assert late["delivery"] is not None
    assert late["delivery"]["state"] == "failed"
    assert len(late["delivery"]["recipients"]) == 1


async def test_a_delay_is_not_final_and_suppresses_nobody(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    late = bounce("<b@mx>", sent["external_id"], status="4.4.1", permanent=False, action="delayed")
    await stream.ingest(late)
    message = await stream.amend(sent["id"], {})
    assert message["delivery"] is not None
    assert message["delivery"]["state"] == "sent"
    assert message["delivery"]["recipients"][0]["state"] == "delayed"
    assert await barred(db, ["mail:ada@example.com"]) == {}


async def test_of_several_receivers_each_has_its_own_fate(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream, "bob@example.com", "cy@example.com")
    both = [{"recipient": who, "status": "5.1.1", "permanent": True, "original_id": sent["external_id"]}
            for who in ("bob@example.com", "cy@example.com")]  # fmt: skip
    await stream.ingest(report("<b@mx>", bounces=both, bounce=both[0]))
    message = await stream.amend(sent["id"], {})
    assert message["delivery"] is not None
    assert [each["address"] for each in message["delivery"]["recipients"]] == ["bob@example.com", "cy@example.com"]
    assert set(await barred(db, ["mail:ada@example.com", "mail:bob@example.com", "mail:cy@example.com"])) == {
        "mail:bob@example.com", "mail:cy@example.com",
    }  # fmt: skip


async def test_a_forged_bounce_changes_nothing(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    for number, original in enumerate(["guess@demo.local", "<q@x>", None]):
        forged = await stream.ingest(bounce(f"<f{number}@evil>", original))
        assert forged["conversation"] != sent["conversation"]
    message = await stream.amend(sent["id"], {})
    assert message["delivery"] is not None
    assert message["delivery"]["state"] == "sent"
    assert await barred(db, ["mail:ada@example.com"]) == {}


async def test_a_bounce_suppresses_only_whom_we_wrote_to(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream, "bob@example.com")
    await stream.ingest(bounce("<b@mx>", sent["external_id"], "victim@example.org"))
    assert await barred(db, ["mail:victim@example.org"]) == {}


async def test_a_relay_that_renamed_the_mail_is_understood(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    place = {"account": "support", "place": "renamed@relay", "external_id": sent["external_id"]}
    await db["ledger"].insert_one({"_id": "sent:1", **place})
    told = await stream.ingest(bounce("<b@mx>", "renamed@relay"))
    assert told["conversation"] == sent["conversation"]


async def test_a_bounce_to_the_address_with_our_token_is_understood(stream: Stream) -> None:
    sent = await asked_and_answered(stream)
    envelope = bounce("<b@mx>", None)
    envelope.thread_keys = (ThreadKey("token", sent["conversation"]), *envelope.thread_keys)
    await stream.ingest(envelope)
    message = await stream.amend(sent["id"], {})
    assert message["delivery"] is not None
    assert message["delivery"]["state"] == "failed"


async def test_a_receipt_of_the_receiver_shows_the_mail_as_read(stream: Stream) -> None:
    sent = await asked_and_answered(stream)
    receipt = {"original_id": sent["external_id"], "disposition": "manual-action/MDN-sent-manually; displayed"}
    forged = await stream.ingest(report("<r@evil>", sender="eve@evil.example", kind="report", receipt=receipt))
    assert forged["conversation"] != sent["conversation"]
    unread = await stream.amend(sent["id"], {})
    await stream.ingest(report("<r@x>", sender="ada@example.com", kind="report", receipt=receipt))
    read = await stream.amend(sent["id"], {})
    assert [each["delivery"]["state"] for each in (unread, read) if each["delivery"]] == ["sent", "read"]


async def test_a_complaint_suppresses_the_address(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    complaint = {"recipient": None, "original_id": sent["external_id"]}
    await stream.ingest(report("<r@x>", kind="report", complaint=complaint))
    assert await barred(db, ["mail:ada@example.com"]) == {"mail:ada@example.com": "opted_out"}


async def test_a_supervisor_sets_a_mended_address_right(hub: Hub, signed_in: SignIn) -> None:
    boss, agent = await signed_in("boss", roles=["SU"]), await signed_in("agent")
    first = await hub.stream.ingest(mail("<q@x>", "ada@example.com", account="gone"))
    fact = {"at": now(), "message": first["id"], "report": "r", "status": "5.1.1", "reason": "no such user"}
    key = "mail:ada@example.com"
    await hub.db["address_facts"].insert_one(
        {"_id": key, "undeliverable": fact, "opted_out": {"at": now(), "by": "link"}}
    )
    _, shown = await boss.call("GET", "/api/addresses/ada@example.com")
    assert shown["undeliverable"]["reason"] == "no such user"
    assert (await agent.call("DELETE", "/api/addresses/ada@example.com/undeliverable"))[0] == 403
    status, after = await boss.call("DELETE", "/api/addresses/Ada@Example.com/undeliverable")
    assert (status, after["undeliverable"]) == (200, None)
    assert (await boss.call("DELETE", "/api/addresses/ada@example.com/undeliverable"))[0] == 404
    assert (await boss.call("GET", "/api/addresses/nonsense"))[0] == 422
    assert await barred(hub.db, [key]) == {key: "opted_out"}, "that somebody wants none stays"


async def test_reports_do_not_reopen_what_is_closed(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    await db["conversations"].update_many({}, {"$set": {"state": "closed", "waiting_since": None}})
    await stream.ingest(bounce("<b@mx>", sent["external_id"]))
    [conversation] = await db["conversations"].find({}).to_list()
    assert (conversation["state"], conversation["waiting_since"]) == ("closed", None)


async def test_a_report_of_success_shows_the_mail_as_delivered(stream: Stream) -> None:
    sent = await asked_and_answered(stream)
    told = [{"recipient": "ada@example.com", "action": "delivered", "original_id": sent["external_id"]}]
    await stream.ingest(report("<r@mx>", kind="report", delivered=told))
    message = await stream.amend(sent["id"], {})
    assert message["delivery"] is not None
    assert message["delivery"]["state"] == "delivered"


async def test_a_mail_that_was_given_up_failed_but_suppresses_nobody(stream: Stream, db: Database) -> None:
    sent = await asked_and_answered(stream)
    late = bounce("<b@mx>", sent["external_id"], status="4.4.7", permanent=False, action="failed", final=True)
    await stream.ingest(late)
    message = await stream.amend(sent["id"], {})
    assert message["delivery"] is not None
    assert (message["delivery"]["state"], message["delivery"]["permanent"]) == ("failed", False)
    assert await barred(db, ["mail:ada@example.com"]) == {}, "what fails for now is no reason to give an address up"
