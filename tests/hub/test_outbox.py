"""The outbox: durable, in order, at its pace, once where the far side can be asked; a person sees what failed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from hub.identity.far_end import COMMAND_LINE
from hub.store.client import Database
from hub.store.collections import EVENTS, OUTBOX
from tests.hub.outbox_fixtures import NewHub, far, new_hub
from tests.lab.echo_channel.far_side import FarSide
from tests.lab.echo_channel.house import SUPERVISOR, until

__all__ = ["far", "new_hub"]


async def notices(db: Database) -> list[dict[str, object]]:
    return [event["data"] async for event in db[EVENTS].find({"name": "notice.raised"})]


async def test_an_answer_goes_out_once_and_shows_every_state(new_hub: NewHub, far: FarSide, db: Database) -> None:
    hub = await new_hub(send=True)
    queued = await hub.answer(await hub.opened(), "good day")
    assert queued["delivery"] is not None
    assert queued["delivery"]["state"] == "queued"
    delivery = await hub.delivery(queued["id"], "sent")
    assert delivery["attempts"] == 1
    assert delivery["sent_at"] is not None
    assert [m["text"] for m in far.taken] == ["good day"]
    assert far.taken[0]["to"] == "mail:ada@example.com"
    amended = [e async for e in db[EVENTS].find({"name": "message.amended"}).sort("_id", 1)]
    assert [e["data"]["message"]["delivery"]["state"] for e in amended] == ["sending", "sent"]


async def test_a_report_by_the_far_sides_own_id_finds_the_message(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True)
    message = await hub.answer(await hub.opened(), "good day")
    await hub.delivery(message["id"], "sent")
    inlet = hub.inlets.of("echo")
    assert await inlet.holds(["far-1", "far-2"]) == {"far-1"}
    reported = await inlet.amend("far-1", {"delivery.state": "delivered"})
    assert reported is not None
    assert reported["id"] == message["id"]
    assert await inlet.amend("far-2", {"delivery.state": "delivered"}) is None


async def test_messages_of_a_conversation_leave_in_stream_order_whatever_happens(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub()
    ada, bob = await hub.opened("ada@example.com"), await hub.opened("bob@example.com")
    sent = []
    for number in range(8):
        for who, conversation in (("ada", ada), ("bob", bob)):
            sent.append(await hub.answer(conversation, f"{who} {number}"))
    for message in sent[::3]:
        assert message["external_id"] is not None
        far.answers[message["external_id"]] = ["transient"]
    hub.supervisor.keep("outbox", hub.outbox.run)
    for message in sent:
        await hub.delivery(message["id"], "sent", 30)
    for who in ("ada", "bob"):
        assert [m["text"] for m in far.taken if who in m["text"]] == [f"{who} {n}" for n in range(8)]


async def test_a_message_in_back_off_holds_up_its_conversation_only(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub()
    stuck, free = await hub.opened("ada@example.com"), await hub.opened("bob@example.com")
    first = await hub.answer(stuck, "first")
    assert first["external_id"] is not None
    far.answers[first["external_id"]] = ["transient"] * 3
    behind = [await hub.answer(stuck, f"behind {n}") for n in range(60)]
    other = await hub.answer(free, "other")
    hub.supervisor.keep("outbox", hub.outbox.run)
    await hub.delivery(other["id"], "sent")
    delivery = await hub.delivery(first["id"], "queued")
    assert delivery["reason"] == "transient trouble"
    assert delivery["next_at"] is not None
    assert [m["text"] for m in far.taken] == ["other"]
    assert (await hub.waiting(behind[0]["id"]))["attempts"] == 0


async def test_a_permanent_error_fails_at_once_and_tells_the_author(
    new_hub: NewHub, far: FarSide, db: Database
) -> None:
    hub = await new_hub(send=True)
    far.answers["*"] = ["permanent"]
    message = await hub.answer(await hub.opened(), "good day")
    delivery = await hub.delivery(message["id"], "failed")
    assert delivery["reason"] == "permanent trouble"
    assert far.taken == []
    [notice] = await notices(db)
    assert notice["user"] == "u-agent"
    assert notice["text"] == "permanent trouble"
    assert notice["about"] == {"message": message["id"], "conversation": message["conversation"], "account": "echo"}


async def test_a_far_side_that_is_away_is_tried_again(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True)
    await far.stop()
    message = await hub.answer(await hub.opened(), "good day")

    async def tried() -> bool:
        return bool((await hub.waiting(message["id"]))["attempts"])

    await until(tried)
    await far.start()
    assert (await hub.delivery(message["id"], "sent"))["attempts"] > 1
    assert len(far.taken) == 1


async def test_what_may_have_gone_out_is_asked_for_and_not_sent_again(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True)
    far.answers["*"] = ["close"]  # takes it, and hangs up before it says so
    message = await hub.answer(await hub.opened(), "good day")
    await hub.delivery(message["id"], "sent")
    assert len(far.taken) == 1
    assert far.asked == [message["external_id"]]


async def test_a_far_side_that_says_nothing_is_given_up_and_asked(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True, timeout_s=0.2)
    far.answers["*"] = ["hang"]
    message = await hub.answer(await hub.opened(), "good day")
    await hub.delivery(message["id"], "sent")
    assert len(far.taken) == 1


@pytest.mark.parametrize(("policy", "copies", "state"), [("resend", 2, "sent"), ("hold", 1, "failed")])
async def test_where_the_far_side_cannot_be_asked_the_account_decides(
    new_hub: NewHub, far: FarSide, policy: str, copies: int, state: str
) -> None:
    hub = await new_hub(send=True, in_doubt=policy)
    far.may_be_asked = False
    far.answers["*"] = ["close"]
    message = await hub.answer(await hub.opened(), "good day")
    delivery = await hub.delivery(message["id"], state)
    assert len(far.taken) == copies
    assert len({m["id"] for m in far.taken}) == 1, "the same id each time, so that a receiver can tell"
    assert state == "sent" or "in doubt" in delivery["reason"]


async def test_a_bug_in_a_channel_fails_its_message_and_no_other_account(
    new_hub: NewHub, far: FarSide, expected_errors: list[str]
) -> None:
    expected_errors.append("fault in a channel")
    rude = {"channel": "echo", "port": far.port, "secret": "hush", "rude": "raise"}
    hub = await new_hub(send=True, more={"rude": rude})
    bad = await hub.answer(await hub.opened("eve@example.com", account="rude"), "bad")
    good = await hub.answer(await hub.opened(), "good")
    await hub.delivery(good["id"], "sent")

    async def tried() -> bool:
        return (await hub.message(bad["id"]))["delivery"]["reason"] is not None

    await until(tried)
    assert (await hub.message(bad["id"]))["delivery"]["reason"] == "a fault in the channel (KeyError)"
    assert [m["text"] for m in far.taken] == ["good"]


async def test_a_message_waits_for_its_time_and_holds_nothing_up(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True)
    conversation = await hub.opened()
    later = await hub.answer(conversation, "later", send_at=now() + timedelta(seconds=1.5))
    at_once = await hub.answer(conversation, "at once")
    await hub.delivery(at_once["id"], "sent")
    assert [m["text"] for m in far.taken] == ["at once"]
    await hub.delivery(later["id"], "sent")
    assert now() >= later["delivery"]["next_at"] if later["delivery"] and later["delivery"]["next_at"] else True


async def test_the_rate_limit_counts_what_another_hub_sent_before(new_hub: NewHub, far: FarSide) -> None:
    one = await new_hub("one", send=True, rate_per_minute=3)
    texts = [await one.answer(await one.opened(f"u{n}@example.com"), f"n{n}") for n in range(5)]

    async def three() -> bool:
        return await one.db[OUTBOX].count_documents({"state": "done"}) == 3

    await until(three)
    await one.stop()
    two = await new_hub("two", send=True, rate_per_minute=3)
    await asyncio.sleep(0.5)
    assert len(far.taken) == 3
    assert len(texts) == 5
    assert await two.journal.waiting() == 2


async def test_two_hubs_send_each_message_once_and_one_takes_over(new_hub: NewHub, far: FarSide) -> None:
    one, two = await new_hub("one", send=True), await new_hub("two", send=True)
    conversations = [await one.opened(f"u{n}@example.com") for n in range(5)]
    first = [await one.answer(c, f"a {c}") for c in conversations]
    for message in first:
        await one.delivery(message["id"], "sent")
    owner = next(hub for hub in (one, two) if hub.outbox._lanes)
    other = two if owner is one else one
    assert not other.outbox._lanes
    await owner.freeze()
    second = [await other.answer(c, f"b {c}") for c in conversations]
    for message in second:
        await other.delivery(message["id"], "sent")

    async def taken_over() -> bool:
        return bool(other.outbox._lanes) and not owner.outbox._lanes

    await until(taken_over)
    third = await owner.answer(conversations[0], "third")
    await other.delivery(third["id"], "sent")
    assert sorted(m["text"] for m in far.taken) == sorted([f"{x} {c}" for x in "ab" for c in conversations] + ["third"])


async def test_a_hub_that_stops_hears_the_far_side_out(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub("one", send=True)
    far.answers["*"] = ["slow"] * 3
    messages = [await hub.answer(await hub.opened(f"u{n}@example.com"), f"n{n}") for n in range(3)]

    async def at_the_far_side() -> bool:
        return len(far.taken) == 3

    await until(at_the_far_side)
    await hub.stop()
    other = await new_hub("two", send=True)
    for message in messages:
        await other.delivery(message["id"], "sent")
    assert len(far.taken) == 3
    assert far.asked == [], "nothing was in doubt"


async def test_a_changed_account_goes_on_with_its_new_configuration(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True)
    wrong = {"port": far.port, "secret": "wrong"}
    entry = await hub.changes.create("second", "echo", wrong, by="u", far=COMMAND_LINE)
    hub.outbox.accounts_changed()
    message = await hub.answer(await hub.opened(account="second"), "good day")
    assert (await hub.delivery(message["id"], "failed"))["reason"] == "the far side refuses the secret"
    await hub.changes.change("second", {"secret": "hush"}, entry.revision, by="u", far=COMMAND_LINE)
    hub.outbox.accounts_changed()
    await hub.afterthoughts.retry(message["id"], SUPERVISOR)

    async def sent() -> bool:
        if (await hub.waiting(message["id"]))["state"] == "failed":  # the old lane was quicker than the change
            await hub.afterthoughts.retry(message["id"], SUPERVISOR)
        return len(far.taken) == 1

    await until(sent)


async def test_a_failed_message_can_be_sent_again(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(send=True)
    far.answers["*"] = ["permanent"]
    message = await hub.answer(await hub.opened(), "good day")
    await hub.delivery(message["id"], "failed")
    again = await hub.afterthoughts.retry(message["id"], SUPERVISOR)
    assert again["delivery"] is not None
    assert again["delivery"]["state"] == "queued"
    assert again["delivery"]["reason"] is None
    await hub.delivery(message["id"], "sent")
    assert len(far.taken) == 1
    with pytest.raises(Conflict):
        await hub.afterthoughts.retry(message["id"], SUPERVISOR)


async def test_a_waiting_message_can_be_cancelled_and_later_sent_after_all(
    new_hub: NewHub, far: FarSide, db: Database
) -> None:
    hub = await new_hub(send=True)
    message = await hub.answer(await hub.opened(), "good day", send_at=now() + timedelta(hours=1))
    cancelled = await hub.afterthoughts.cancel(message["id"], SUPERVISOR)
    assert cancelled["delivery"] is not None
    assert cancelled["delivery"]["state"] == "failed"
    assert cancelled["delivery"]["reason"] == "cancelled by Sue"
    assert await notices(db) == [], "who cancels need not be told"
    with pytest.raises(Conflict):
        await hub.afterthoughts.cancel(message["id"], SUPERVISOR)
    await hub.afterthoughts.retry(message["id"], SUPERVISOR)
    await hub.delivery(message["id"], "sent")
    with pytest.raises(Conflict):
        await hub.afterthoughts.cancel(message["id"], SUPERVISOR)


async def test_who_may_not_see_a_message_may_not_touch_it(new_hub: NewHub) -> None:
    from dataclasses import replace

    hub = await new_hub()
    message = await hub.answer(await hub.opened(), "good day")
    stranger = replace(SUPERVISOR, supervisor=False, user="u-other")
    for act in (hub.afterthoughts.cancel, hub.afterthoughts.retry):
        with pytest.raises(NotFound):
            await act(message["id"], stranger)
        with pytest.raises(NotFound):
            await act("nothing", SUPERVISOR)
    member = replace(stranger, queues=frozenset({"general"}))
    await hub.afterthoughts.cancel(message["id"], member)


async def test_what_was_sent_long_ago_is_forgotten_by_the_outbox_only(new_hub: NewHub) -> None:
    hub = await new_hub(send=True)
    message = await hub.answer(await hub.opened(), "good day")
    await hub.delivery(message["id"], "sent")
    await hub.db[OUTBOX].update_one({"_id": message["id"]}, {"$set": {"next_at": now() - timedelta(days=8)}})
    await hub.journal.forget_done("echo")
    assert await hub.db[OUTBOX].count_documents({}) == 0
    assert (await hub.message(message["id"]))["delivery"]["state"] == "sent"


async def test_a_thousand_waiting_messages_of_one_conversation_do_not_starve_another(
    new_hub: NewHub, far: FarSide
) -> None:
    hub = await new_hub()
    busy, quiet = await hub.opened("busy@example.com"), await hub.opened("quiet@example.com")
    await asyncio.gather(*(hub.answer(busy, f"busy {n}") for n in range(120)))
    last = await hub.answer(quiet, "quiet")
    hub.supervisor.keep("outbox", hub.outbox.run)
    await hub.delivery(last["id"], "sent")
    assert len([m for m in far.taken if m["text"].startswith("busy")]) < 20
