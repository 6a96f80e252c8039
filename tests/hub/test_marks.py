"""What becomes of a message here, the far side follows: durably, once, also when it is away for a while."""

from __future__ import annotations

from crm_core.ground.clock import now
from crm_core.load import load
from hub.accounts.sending import Sending
from hub.desk.attachments import Attachments
from hub.desk.messages import Messages
from hub.main import Hub
from hub.model.address import Address
from hub.model.draft import Draft
from hub.model.envelope import Envelope
from hub.store.client import Database, Doc
from hub.store.collections import MESSAGES
from hub.store.mail_collections import MARKS
from hub.store.records import Records
from tests.conftest import SignIn
from tests.hub.outbox_fixtures import NewHub, far, new_hub
from tests.lab.echo_channel.far_side import FarSide
from tests.lab.echo_channel.house import SUPERVISOR, House, until
from tests.lab.envelopes import mail

__all__ = ["far", "new_hub"]


async def message(house: House, name: str, *, ledger: str | None = "INBOX;1;7") -> Doc:
    """A message that lies at the far side as well."""
    envelope = Envelope(
        account="echo", channel="echo", external_id=name, sender=Address("mail:ada@example.com"), at=now(),
        text="hello", ledger=ledger,
    )  # fmt: skip
    stored = await house.stream.ingest(envelope)
    return await house.message(stored["id"])


async def done(db: Database, count: int) -> None:
    async def reached() -> bool:
        return await db[MARKS].count_documents({"state": "done"}) == count

    await until(reached)


async def test_what_was_read_here_is_marked_at_the_far_side_once(new_hub: NewHub, far: FarSide, db: Database) -> None:
    house = await new_hub()
    first = await message(house, "m1")
    await house.marks.seen([first, await message(house, "m2", ledger=None)])
    house.supervisor.keep("marks", house.mark_lanes.run)
    await done(db, 1)
    await house.marks.seen([first])
    assert [(m["id"], m["places"], m["seen"], m["deleted"]) for m in far.marked] == [("m1", ["INBOX;1;7"], True, None)]
    assert await db[MARKS].count_documents({"state": "waiting"}) == 0


async def test_a_far_side_that_is_away_gets_its_marks_later(new_hub: NewHub, far: FarSide, db: Database) -> None:
    house = await new_hub()
    first = await message(house, "m1")
    far.answers["m1"] = ["transient"]
    await house.marks.seen([first])
    house.supervisor.keep("marks", house.mark_lanes.run)

    async def put_off() -> bool:
        return await db[MARKS].count_documents({"state": "waiting", "tries": 1, "reason": "transient trouble"}) == 1

    await until(put_off)
    await db[MARKS].update_many({}, {"$set": {"next_at": now()}})
    await done(db, 1)
    assert [m["id"] for m in far.marked] == ["m1"]


async def test_a_message_that_is_deleted_after_it_was_read_is_carried_over_again(
    new_hub: NewHub, far: FarSide, db: Database
) -> None:
    house = await new_hub()
    first = await message(house, "m1")
    house.supervisor.keep("marks", house.mark_lanes.run)
    await house.marks.seen([first])
    await done(db, 1)
    await house.marks.deleted(first)

    async def told() -> bool:
        return bool(far.marked) and far.marked[-1]["deleted"] is True

    await until(told)
    await done(db, 1)
    assert far.marked[-1]["seen"] is True


async def test_only_one_hub_carries_the_marks_of_an_account_over(new_hub: NewHub, far: FarSide, db: Database) -> None:
    one, two = await new_hub("one"), await new_hub("two")
    docs = [await message(one, f"m{n}", ledger=f"INBOX;1;{n}") for n in range(30)]
    for house in (one, two):
        house.supervisor.keep("marks", house.mark_lanes.run)
    await one.marks.seen(docs)
    await done(db, 30)
    assert len(far.marked) == 30


async def test_what_the_far_side_marked_itself_is_not_marked_again(new_hub: NewHub, db: Database) -> None:
    house = await new_hub()
    first = await message(house, "m1")
    await house.inlets.of("echo").amend("m1", {"mail.seen": True})
    await house.marks.seen([await house.message(first["_id"])])
    assert await db[MARKS].count_documents({}) == 0


async def test_a_mail_in_two_mailboxes_is_marked_in_both(new_hub: NewHub, db: Database) -> None:
    house = await new_hub()
    for account, place in (("echo", "INBOX;1;7"), ("other", "INBOX;9;1")):
        await house.stream.ingest(mail("<a@x>", "ada@example.com", account=account, ledger=place, fingerprint="f"))
    doc = await db[MESSAGES].find_one({})
    assert doc is not None
    await house.marks.seen([doc])
    assert sorted(await db[MARKS].distinct("account")) == ["echo", "other"]


async def test_opening_a_thread_marks_it_for_those_who_work_on_it(hub: Hub, signed_in: SignIn) -> None:
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", ledger="INBOX;1;7"))
    path = f"/api/conversations/{stored['conversation']}/messages"
    boss, agent = await signed_in("boss", roles=["SU"]), await signed_in("agent", queues=["general"])
    await boss.call("GET", path)
    assert await hub.db[MARKS].count_documents({}) == 0, "somebody who only looks in has not read it"
    for _ in range(2):
        assert (await agent.call("GET", path))[0] == 200
    [mark] = await hub.db[MARKS].find({}).to_list()
    assert (mark["account"], mark["external_id"], mark["seen"], mark["state"]) == ("support", "<a@x>", True, "waiting")


async def test_answering_marks_what_is_answered(new_hub: NewHub, db: Database) -> None:
    house = await new_hub()
    first = await message(house, "m1")
    records = Records(house.units, load())
    desk = Messages(house.stream, Attachments(db, house.files, records), house.raws, records,
                    Sending(house.directory), marks=house.marks)  # fmt: skip
    await desk.write(SUPERVISOR, Draft(conversation=first["conversation"], author=SUPERVISOR.user, text="Yes"))
    assert await db[MARKS].distinct("external_id") == ["m1"]


async def test_a_removed_message_is_deleted_at_the_far_side(hub: Hub, signed_in: SignIn) -> None:
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", ledger="INBOX;1;7"))
    boss = await signed_in("boss", roles=["SU"])
    await boss.call("DELETE", f"/api/messages/{stored['id']}")
    [mark] = await hub.db[MARKS].find({}).to_list()
    assert (mark["deleted"], mark.get("seen")) == (True, None)
    assert await hub.accounts.inlets.of("support").holds(["<a@x>", "INBOX;1;7"]) == {"<a@x>", "INBOX;1;7"}
