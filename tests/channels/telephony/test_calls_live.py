"""Calls of a real Asterisk, with SIPp callers and agents, through the hub (S2.9.9)."""

from __future__ import annotations

from channels.telephony.ami import Ami
from crm_core.ground.ids import new_id
from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import Settings
from hub.store.client import Doc
from tests.channels.telephony.conftest import Floor, until
from tests.conftest import SignIn
from tests.lab.asterisk.plays import ADA, ended, members, queue_timeout, quiet
from tests.lab.asterisk.server import USER, Asterisk
from tests.lab.asterisk.sipp import (
    ACKED,
    ANSWER,
    CANCELLED,
    RINGING,
    TALKS,
    agent,
    call,
    carrier,
    pause,
)

HERE = FarEnd("local", "test")


async def _contact(floor: Floor) -> Doc:
    contact = {"_id": new_id(), "name": "Ada Lovelace", "state": "active", "addresses": ["phone:+8613800138000"]}
    await floor.hub.db["record_contact"].insert_one(contact)
    return contact


async def test_a_queue_call_is_one_message_and_pops_up_at_the_agent(
    pbx: Asterisk, ami: Ami, floor: Floor, signed_in: SignIn
) -> None:
    """S2.9.9: the caller, the queue, the waiting time and who it may be are in the event; then the call runs its life."""
    ada = await _contact(floor)
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", *TALKS),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1.5), ADA.hangs_up) as sipp,
        ):
            live = await floor.call("talking")
            _, listed = await floor.agent.call("GET", "/api/calls?state=live")
            assert [each["call"] for each in listed["items"]] == [live["call"]]
            await ended(sipp)
        done = await floor.call("ended")
    [ring] = await floor.events("call.ringing")
    data = ring["data"]
    assert sorted(ring["rooms"]) == ["supervisors", f"user:{floor.agent.user}"]
    assert (data["number"], data["queue"], data["extension"]) == ("+8613800138000", "support", "1001")
    assert data["waited_s"] >= 0
    assert [(each["id"], each["because"]) for each in data["candidates"]] == [(ada["_id"], "number")]
    assert data["call"]["conversation"] == done["conversation"]
    assert data["stamps"]["pbx"] <= data["stamps"]["told"]
    assert len(await floor.events("call.answered")) == len(await floor.events("call.ended")) == 1
    assert len(await floor.events("message.appended")) == 1
    for person, expected in ((floor.agent, 1), (await signed_in("eve", roles=["SP"]), 0)):
        _, heard = await person.call("GET", "/api/events?after=0")
        assert sum(each["name"] == "call.ringing" for each in heard["items"]) == expected
    status, found = await floor.agent.call("GET", f"/api/calls?linkedid={done['call']}")
    assert (status, [each["id"] for each in found["items"]]) == (200, [done["message"]])
    _, message = await floor.agent.call("GET", f"/api/messages/{done['message']}")
    assert (message["kind"], message["channel"], message["external_id"]) == ("call", "telephony", done["call"])
    part = message["call"]
    assert (part["direction"], part["state"], part["outcome"], part["queue"]) == (
        "inbound", "ended", "answered", "support",
    )  # fmt: skip
    assert [(each["extension"], each["user"], each["outcome"]) for each in part["agents"]] == [
        ("1001", floor.agent.user, "answered")
    ]
    assert 0.2 < part["talk_s"]["1001"] < 3
    assert part["linkedids"] == [done["call"]]
    _, conversation = await floor.agent.call("GET", f"/api/conversations/{done['conversation']}")
    assert conversation["queue"] == "support"
    assert conversation["assignee"]["id"] == floor.agent.user
    assert conversation["waiting_since"] is None
    assert [each["id"] for each in conversation["parties"]] == [ada["_id"]]


async def test_a_caller_who_gives_up_waits_in_the_inbox(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: an abandoned call is answered for."""
    async with members(ami, "1001"):
        with (
            agent(pbx, "1001", RINGING, CANCELLED),
            call(pbx, "4000", ADA.dials, ADA.is_answered, pause(1.2), ADA.hangs_up) as sipp,
        ):
            await ended(sipp)
            done = await floor.call("ended")
    assert (done["part"]["outcome"], done["part"]["agents"][0]["outcome"]) == ("abandoned", "no_answer")
    conversation = await floor.hub.db["conversations"].find_one({"_id": done["conversation"]})
    assert conversation is not None
    assert conversation["waiting_since"] is not None
    assert await floor.events("call.answered") == []


async def test_calls_of_one_number_are_in_one_conversation(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """A second call, that nobody answers, stands below the first."""
    for _ in range(2):
        await queue_timeout(pbx, ami)
    docs = await until(lambda: _ended(floor, 2))
    assert {doc["part"]["outcome"] for doc in docs} == {"no_answer"}
    assert len({doc["conversation"] for doc in docs}) == 1
    assert len({doc["message"] for doc in docs}) == 2


async def _ended(floor: Floor, count: int) -> list[Doc] | None:
    docs = await floor.hub.db["calls"].find({"state": "ended"}).to_list()
    return docs if len(docs) == count else None


async def test_click_to_dial_rings_the_own_phone_and_then_the_number(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.1.2: one click on a phone number; the call can be found by the reference at once, and hung up."""
    with agent(pbx, "1001", RINGING, ANSWER, ACKED, '<recv request="BYE"/>'), carrier(pbx, *TALKS):
        status, dialled = await floor.agent.call("POST", "/api/calls", {"to": "+86 139-0013-9000"})
        assert (status, dialled["account"]) == (202, "pbx"), dialled
        live = await floor.call("talking")
        assert dialled["linkedid"] in live["linkedids"]
        assert (live["part"]["direction"], live["part"]["number"]) == ("outbound", "+8613900139000")
        assert await floor.events("call.ringing") == []
        status, answer = await floor.agent.call("POST", f"/api/calls/{live['message']}/hangup")
        assert status == 200, answer
        done = await floor.call("ended")
        await quiet(ami)
    assert done["part"]["outcome"] == "answered"
    status, _ = await floor.agent.call("POST", f"/api/calls/{live['message']}/hangup")
    assert status == 409


async def test_only_numbers_are_dialled_and_only_by_who_has_a_phone(pbx: Asterisk, floor: Floor) -> None:
    """Nothing that a caller writes becomes a header or a dialplan expression."""
    for text in ("1001\r\nAction: Command", "${SHELL(id)}", "abc", "1&2"):
        status, answer = await floor.agent.call("POST", "/api/calls", {"to": text})
        assert status == 422, answer
    status, answer = await floor.supervisor.call("POST", "/api/calls", {"to": "13900139000"})
    assert (status, "extension" in answer["detail"]) == (409, True)


async def test_an_agent_lets_the_phone_into_a_queue_and_out_again(pbx: Asterisk, ami: Ami, floor: Floor) -> None:
    """S2.9.9: in, paused, in, out; each may be asked twice, and only for one's own queues."""

    async def member() -> str:
        listed = await ami.listing({"Action": "QueueStatus", "Queue": "support"}, "QueueMember")
        return {"": "out", "0": "in", "1": "paused"}[listed[0]["Paused"] if listed else ""]

    for state in ("in", "in", "paused", "paused", "in", "out", "out"):
        status, answer = await floor.agent.call("PUT", "/api/queues/support/phone", {"state": state})
        assert (status, answer) == (200, {"queue": "support", "state": state})
        assert await member() == state
    status, _ = await floor.agent.call("PUT", "/api/queues/general/phone", {"state": "in"})
    assert status == 403


async def test_a_pbx_that_is_away_does_not_stop_another(
    pbx: Asterisk, ami: Ami, hub: Hub, floor: Floor, settings: Settings
) -> None:
    """Two PBXs: one refuses the sign-in, with its reason; calls of the other go on."""
    config = {"host": "127.0.0.1", "port": pbx.ami, "username": USER, "secret": "wrong"}
    boss = await hub.identity.staff.create_user("root", "Root", "a long enough passphrase", far=HERE, roles=["admin"])
    await hub.accounts.changes.create("other", "telephony", config, by=boss, far=HERE)

    async def refused() -> bool:
        _, answer = await floor.supervisor.call("GET", "/api/accounts")
        states = {each["id"]: (each["state"], each["reason"]) for each in answer["items"]}
        return (
            states["other"][0] == "failing" and "check user" in states["other"][1] and states["pbx"][0] == "connected"
        )

    await until(refused)
    await queue_timeout(pbx, ami)
    assert (await floor.call("ended"))["account"] == "pbx"
