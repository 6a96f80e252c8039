"""Accounts: configured in the file or on screen, run by one hub at a time, their health seen by every hub."""

from __future__ import annotations

import asyncio
import json

import pytest

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Invalid, NotFound, StaleRevision, Unavailable
from hub.errors import Permanent, SetupError, Transient
from hub.identity.far_end import COMMAND_LINE
from hub.store.client import Database
from hub.store.collections import ACCOUNTS, AUDIT, EVENTS, MESSAGES, QUARANTINE, RAW, RECONCILED
from hub.vault import Vault
from tests.hub.outbox_fixtures import NewHub, far, new_hub
from tests.lab.echo_channel.far_side import FarSide
from tests.lab.echo_channel.house import House, until

__all__ = ["far", "new_hub"]


async def in_state(hub: House, state: str, account: str = "echo", within_s: float = 10) -> None:
    async def reached() -> bool:
        return (await hub.healths())[account]["state"] == state

    await until(reached, within_s, lambda: f"{account} never was {state}")


async def stored(db: Database, count: int) -> None:
    async def reached() -> bool:
        return await db[MESSAGES].count_documents({}) == count

    await until(reached)


# -- receiving -------------------------------------------------------------------------------------------------------


async def test_an_account_receives_and_says_so(new_hub: NewHub, far: FarSide, db: Database) -> None:
    hub = await new_hub(receive=True)
    await far.say("m1", "hello")
    await stored(db, 1)
    await in_state(hub, "connected")

    async def noted() -> bool:
        return (await hub.healths())["echo"]["last_event"] is not None

    await until(noted)
    health = (await hub.healths())["echo"]
    assert health["hub"] == "one"
    assert health["since"] is not None
    assert health["reconnects"] == 0
    assert health["detail"] == f"127.0.0.1:{far.port}"


async def test_a_receiver_resumes_where_it_stood(new_hub: NewHub, far: FarSide, db: Database) -> None:
    one = await new_hub("one", receive=True)
    await far.say("m1", "first")
    await stored(db, 1)

    async def moved() -> bool:
        return bool(await one.inlets.of("echo").position())

    await until(moved)  # the bookmark follows the commit: a hub that stops between the two fetches once more
    await one.stop()
    await far.say("m2", "second")
    await new_hub("two", receive=True)
    await stored(db, 2)
    assert await db[RAW].count_documents({}) == 2, "nothing was fetched twice"


async def test_a_lost_connection_shows_its_reason_and_comes_back(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(receive=True)
    await in_state(hub, "connected")
    await far.stop()
    await in_state(hub, "failing")
    reason = (await hub.healths())["echo"]["reason"]
    assert reason is not None
    assert "hung up" in reason or "cannot be reached" in reason
    await far.start()
    await in_state(hub, "connected")
    assert (await hub.healths())["echo"]["reconnects"] >= 1


async def test_a_refused_secret_shows_as_the_far_side_says_it(new_hub: NewHub) -> None:
    hub = await new_hub(receive=True, secret="wrong")
    await in_state(hub, "failing")
    assert (await hub.healths())["echo"]["reason"] == "the far side refuses the secret"


async def test_a_bug_in_a_receiver_is_shown_and_tried_again(new_hub: NewHub, far: FarSide, db: Database) -> None:
    hub = await new_hub(
        receive=True, rude="raise", more={"good": {"channel": "echo", "port": far.port, "secret": "hush"}}
    )
    await in_state(hub, "failing")
    assert "a fault in the channel" in ((await hub.healths())["echo"]["reason"] or "")
    await far.say("m1", "hello")
    await stored(db, 1)
    assert (await hub.healths())["good"]["state"] == "connected"


async def test_one_hub_at_a_time_holds_the_connection_and_the_other_takes_over(
    new_hub: NewHub, far: FarSide, db: Database
) -> None:
    hubs = [await new_hub("one", receive=True), await new_hub("two", receive=True)]
    await in_state(hubs[0], "connected")
    await asyncio.sleep(1.0)
    assert far.most_listeners == 1
    assert await hubs[0].healths() == await hubs[1].healths(), "every hub gives the same answer"
    holder = (await hubs[0].healths())["echo"]["hub"]
    owner = next(hub for hub in hubs if hub.hub_id == holder)
    other = hubs[1] if owner is hubs[0] else hubs[0]
    await owner.freeze()

    async def moved() -> bool:
        return (await other.healths())["echo"]["hub"] == other.hub_id

    await until(moved)
    await in_state(other, "connected")
    assert far.most_listeners == 1
    await far.say("m1", "hello")
    await stored(db, 1)


async def test_a_former_owner_cannot_move_the_bookmark(new_hub: NewHub) -> None:
    hub = await new_hub()
    lease = await hub.leases.acquire("account:echo")
    assert lease is not None
    inlet = hub.inlets.of("echo", lease)
    await inlet.move_to({"n": 1})
    await hub.leases.release(lease)
    with pytest.raises(Unavailable):
        await inlet.move_to({"n": 2})
    assert await inlet.position() == {"n": 1}


# -- what a crash left -----------------------------------------------------------------------------------------------


async def test_raw_input_that_was_left_open_is_finished_by_the_next_owner(new_hub: NewHub, db: Database) -> None:
    hub = await new_hub()
    for number in range(3):
        line = {"id": f"m{number}", "from": "ada@example.com", "text": "left behind", "n": 0}
        await hub.raws.keep("echo", json.dumps(line).encode())
    assert (await hub.healths())["echo"]["backlog"] == 3
    hub.supervisor.keep("accounts", hub.keeper.run)
    await stored(db, 3)
    assert (await hub.healths())["echo"]["backlog"] == 0


async def test_input_that_can_never_be_finished_goes_to_quarantine_and_stops_nobody(
    new_hub: NewHub, db: Database
) -> None:
    hub = await new_hub()
    bad = await hub.raws.keep("echo", b"no line at all")
    good = await hub.raws.keep("echo", json.dumps({"id": "m", "from": "a@b.c", "text": "t"}).encode())
    entry = await hub.directory.one("echo")
    for _ in range(6):
        await hub.replays.finish(entry, now())
    assert await db[MESSAGES].count_documents({"raw": good.id}) == 1
    found = await db[QUARANTINE].find_one({"raw": bad.id})
    assert found is not None
    assert "this is no line of ours" in found["error"]
    assert await db[RAW].count_documents({"open": True}) == 0


# -- configuration ---------------------------------------------------------------------------------------------------


async def test_a_broken_account_names_its_mistake_and_stops_nobody(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(
        receive=True,
        more={
            "no-port": {"channel": "echo", "secret": "very secret"},
            "odd": {"channel": "echo", "port": 1, "secret": "very secret", "colour": "red"},
            "pigeon": {"channel": "pigeon"},
            "asleep": {"channel": "echo", "port": 1, "secret": "x", "enabled": False},
        },
    )
    await in_state(hub, "connected")
    healths = await hub.healths()
    assert {name: h["state"] for name, h in healths.items() if name != "echo"} == {
        "no-port": "misconfigured", "odd": "misconfigured", "pigeon": "misconfigured", "asleep": "disabled",
    }  # fmt: skip
    assert "port: Field required" in (healths["no-port"]["reason"] or "")
    assert "colour" in (healths["odd"]["reason"] or "")
    assert "there is no channel 'pigeon'" in (healths["pigeon"]["reason"] or "")
    assert "very secret" not in str(healths)
    with pytest.raises(SetupError, match="colour"):
        (await hub.directory.one("odd")).ready()


async def test_what_reconciling_found_stands_beside_the_health(new_hub: NewHub, db: Database) -> None:
    hub = await new_hub()
    assert (await hub.healths())["echo"]["missing"] is None
    await db[RECONCILED].insert_one({"_id": "echo", "missing": 0, "doubled": 2, "at": now()})
    health = (await hub.healths())["echo"]
    assert (health["missing"], health["doubled"]) == (0, 2)


async def test_an_account_made_on_screen_runs_at_once_and_its_secrets_are_sealed(
    new_hub: NewHub, far: FarSide, db: Database
) -> None:
    hub = await new_hub(receive=True)
    spares = [{"host": "spare", "secret": "hidden too"}]
    fields = {"port": far.port, "secret": "hush", "spares": spares, "queue": "sales"}
    entry = await hub.changes.create("second", "echo", fields, by="u-admin", far=COMMAND_LINE)
    assert entry.error is None
    hub.keeper.wake()
    await in_state(hub, "connected", "second")
    doc = await db[ACCOUNTS].find_one({"_id": "second"})
    for place in (doc, await db[EVENTS].find().to_list(), await db[AUDIT].find().to_list()):
        assert "hush" not in str(place)
        assert "hidden too" not in str(place)
    audited = await db[AUDIT].find_one({"about": "account:second"})
    assert audited is not None
    assert (audited["what"], audited["actor"]) == ("account.added", "u-admin")
    with pytest.raises(Conflict):
        await hub.changes.create("second", "echo", fields, by="u", far=COMMAND_LINE)
    with pytest.raises(Conflict, match="already"):
        await hub.changes.create("echo", "echo", fields, by="u", far=COMMAND_LINE)


async def test_a_change_keeps_what_it_does_not_name_and_reconnects(new_hub: NewHub, far: FarSide, db: Database) -> None:
    hub = await new_hub(receive=True)
    fields = {"port": far.port, "secret": "hush", "timeout_s": 3}
    await hub.changes.create("second", "echo", fields, by="u", far=COMMAND_LINE)
    hub.keeper.wake()
    await in_state(hub, "connected", "second")
    changed = await hub.changes.change("second", {"timeout_s": 4}, 1, by="u", far=COMMAND_LINE)
    assert changed.revision == 2
    assert changed.account is not None
    assert changed.account.model_dump()["timeout_s"] == 4
    with pytest.raises(StaleRevision):
        await hub.changes.change("second", {"timeout_s": 5}, 1, by="u", far=COMMAND_LINE)
    with pytest.raises(Invalid, match="port"):
        await hub.changes.change("second", {"port": "eighty"}, 2, by="u", far=COMMAND_LINE)
    with pytest.raises(Conflict, match="settings file"):
        await hub.changes.change("echo", {"timeout_s": 4}, 0, by="u", far=COMMAND_LINE)
    await hub.changes.change("second", {"enabled": False, "timeout_s": None}, 2, by="u", far=COMMAND_LINE)
    hub.keeper.wake()
    await in_state(hub, "disabled", "second")

    async def one_left() -> bool:
        return far.listeners == 1

    await until(one_left)
    assert (await hub.directory.one("second")).config.keys() == {"port", "secret"}


async def test_a_secret_whose_key_is_lost_is_named_and_can_be_entered_again(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub()
    await hub.changes.create("second", "echo", {"port": far.port, "secret": "hush"}, by="u", far=COMMAND_LINE)
    other = await new_hub("two")
    other.vault.__init__(bytes(32))  # type: ignore[misc]
    assert isinstance(other.vault, Vault)
    health = (await other.healths())["second"]
    assert health["state"] == "misconfigured"
    assert "MAINSTEM_SECRET_KEY" in (health["reason"] or "")
    mended = await other.changes.change("second", {"secret": "hush"}, 1, by="u", far=COMMAND_LINE)
    assert mended.error is None


async def test_an_account_with_waiting_messages_is_not_removed(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub()
    await hub.changes.create("second", "echo", {"port": far.port, "secret": "hush"}, by="u", far=COMMAND_LINE)
    await hub.answer(await hub.opened(account="second"), "good day")
    with pytest.raises(Conflict, match="wait"):
        await hub.changes.remove("second", by="u", far=COMMAND_LINE)
    hub.supervisor.keep("outbox", hub.outbox.run)

    async def sent() -> bool:
        return await hub.journal.waiting() == 0

    await until(sent)
    await hub.changes.remove("second", by="u", far=COMMAND_LINE)
    with pytest.raises(NotFound):
        await hub.directory.one("second")


async def test_a_probe_says_what_is_wrong(new_hub: NewHub, far: FarSide) -> None:
    hub = await new_hub(more={"wrong": {"channel": "echo", "port": far.port, "secret": "wrong"}})
    await hub.changes.probe("echo")
    with pytest.raises(Permanent, match="refuses"):
        await hub.changes.probe("wrong")
    with pytest.raises(NotFound):
        await hub.changes.probe("nobody")
    await far.stop()
    with pytest.raises(Transient, match="cannot be reached"):
        await hub.changes.probe("echo")
    await far.start()
