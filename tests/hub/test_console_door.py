"""Who comes in, who is sent away, and what a client that does not read costs us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import socketio

from crm_core.ground.clock import now
from crm_core.ground.events import EVERYONE, queue_room
from hub.console.line import NAMESPACE
from hub.events import RightsChanged, SignInEnded
from hub.store.client import Database
from tests.hub.console_lab import Hearing, Lab, Said, caller, say


@pytest.fixture
async def lab(db: Database) -> AsyncIterator[Lab]:
    lab = Lab(db, queue_limit=100)
    lab.people.add(caller("ada", "support"), caller("bob"))
    lab.people.add(caller("writer", scopes=frozenset({"write"})))
    await lab.start()
    yield lab
    await lab.stop()


async def refusal(lab: Lab, auth: object, headers: dict[str, str] | None = None) -> object:
    """What a client hears that is not let in."""
    io = socketio.AsyncClient(reconnection=False, handle_sigint=False)
    heard: list[object] = []
    io.on("connect_error", heard.append, namespace=NAMESPACE)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await io.connect(
            lab.url, auth=auth, headers=headers or {}, namespaces=[NAMESPACE], transports=["websocket"], wait_timeout=5
        )
    if io.eio.http is not None:
        await io.eio.http.close()
    return heard[0] if heard else None


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ({"token": "nobody"}, "sign-in-needed"),
        ({}, "sign-in-needed"),
        ({"token": "writer"}, "forbidden"),
        ({"token": "ada", "after": -1}, "invalid"),
        ({"token": "ada", "more": 1}, "invalid"),
    ],
)
async def test_a_refused_console_gets_a_problem_document(lab: Lab, auth: object, code: str) -> None:
    heard = await refusal(lab, auth)
    assert isinstance(heard, dict)
    assert heard["data"]["code"] == code
    assert len(lab.consoles) == 0


async def test_a_cookie_lets_in_but_not_from_a_page_of_another_site(lab: Lab) -> None:
    cookie = {"Cookie": "mainstem_session=ada"}
    io = socketio.AsyncClient(reconnection=False, handle_sigint=False)
    await io.connect(lab.url, headers=cookie | {"Origin": lab.url}, namespaces=[NAMESPACE], transports=["websocket"])
    await io.disconnect()
    await io.shutdown()
    await refusal(lab, None, cookie | {"Origin": "https://evil.example"})
    assert len(lab.consoles) == 0


async def test_a_revoked_sign_in_closes_its_sockets_at_once_on_every_hub(lab: Lab) -> None:
    other = Lab(lab.db)
    other.people.add(caller("ada", "support"))
    await other.start()
    try:
        consoles = [await lab.connect("ada"), await other.connect("ada")]
        bystander = await lab.connect("bob")
        elsewhere = SignInEnded(user="ada", sign_in="another")
        await say(lab.units, elsewhere, SignInEnded(user="ada", sign_in="sign-in-ada"))
        await say(lab.units, Said(_rooms=frozenset({EVERYONE})))
        await bystander.until(bystander.seqs)
        for console in consoles:
            await asyncio.wait_for(console.ended.wait(), 10)
            assert console.of("closing") == [{"why": "sign-in-ended", "wait_s": None}]
            assert console.seqs() == []
        assert not bystander.ended.is_set()
    finally:
        await other.stop()


async def test_changed_rights_bring_the_console_back_into_fresh_rooms(lab: Lab) -> None:
    ada = await lab.connect("ada")
    lab.people.add(caller("ada", "sales"))
    old, new = frozenset({queue_room("support")}), frozenset({queue_room("sales")})
    await say(lab.units, Said(n=1, _rooms=old), RightsChanged(user="ada"), Said(n=2, _rooms=old), Said(n=3, _rooms=new))
    await asyncio.wait_for(ada.ended.wait(), 10)
    assert ada.of("closing")[0]["why"] == "rights-changed"
    assert ada.seqs() == [1]
    again = await lab.connect("ada", 1)
    assert [f["data"]["n"] for f in again.of("test.said")] == [3]


async def test_rights_that_change_while_a_console_is_identified_keep_it_out(lab: Lab) -> None:
    class Slow(type(lab.people)):  # type: ignore[misc]
        async def expires_at(self, caller: object) -> None:
            await say(lab.units, RightsChanged(user="ada"))
            await asyncio.wait_for(lab.feed.reached(1), 10)

    slow = Slow()
    slow.add(caller("ada", "support"))
    lab.door._identify = slow
    heard = await refusal(lab, {"token": "ada"})
    assert isinstance(heard, dict)
    assert heard["data"]["code"] == "sign-in-needed"


async def test_a_sign_in_that_runs_out_ends_its_console_and_one_in_use_goes_on(lab: Lab) -> None:
    soon = now() + timedelta(minutes=5)
    lab.people.ends = {"ada": soon, "bob": soon}
    ada, bob = await lab.connect("ada"), await lab.connect("bob")
    lab.people.ends["bob"] = soon + timedelta(hours=1)
    for console in lab.consoles:
        console.expires_at = now() - timedelta(seconds=1)
    lab.people.ends["ada"] = now() - timedelta(seconds=1)
    await lab.keeper.check_sign_ins()
    await asyncio.wait_for(ada.ended.wait(), 10)
    assert not bob.ended.is_set()
    assert lab.console("bob").expires_at == soon + timedelta(hours=1)


async def test_a_draining_hub_sends_everybody_away_and_lets_nobody_in(lab: Lab) -> None:
    ada = await lab.connect("ada")
    lab.door.shut()
    heard = await refusal(lab, {"token": "ada"})
    assert isinstance(heard, dict)
    assert heard["data"]["code"] == "unavailable"
    lab.consoles.drain(10.0)
    await lab.wire.stop()
    await asyncio.wait_for(ada.ended.wait(), 10)
    (closing,) = ada.of("closing")
    assert closing["why"] == "drain"
    assert 0 <= closing["wait_s"] <= 10


class DeafClient:
    """Speaks the protocol by hand, so that it can stop reading its socket."""

    def __init__(self, session: aiohttp.ClientSession, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.session, self.ws = session, ws

    @classmethod
    async def connect(cls, lab: Lab, user: str) -> DeafClient:
        session = aiohttp.ClientSession(read_bufsize=1024)
        ws = await session.ws_connect(f"{lab.url}/socket.io/?EIO=4&transport=websocket")
        assert (await ws.receive_str()).startswith("0")
        await ws.send_str(f'40{NAMESPACE},{{"token":"{user}"}}')
        while "ready" not in await ws.receive_str():
            pass
        transport = ws._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        return cls(session, ws)

    async def close(self) -> None:
        await self.session.close()


async def test_a_client_that_stops_reading_is_dropped_and_costs_bounded_memory(lab: Lab) -> None:
    deaf = await DeafClient.connect(lab, "ada")
    reader = await lab.connect("bob")
    console = lab.console("ada")
    most = 0
    for n in range(120):
        big = [Said(n=n, filler="x" * 20_000, _rooms=frozenset({EVERYONE})) for _ in range(10)]
        await say(lab.units, *big)
        await asyncio.wait_for(lab.feed.reached((n + 1) * 10), 10)
        await reader.heard_seq((n + 1) * 10)
        most = max(most, console.line.waiting)
        if console.gone:
            break
    assert console.gone
    assert most <= lab.consoles.queue_limit + 10
    assert console.line.waiting <= 5
    async with asyncio.timeout(10):  # and the connection itself is cut
        while len(lab.consoles) > 1:
            await asyncio.sleep(0.05)
    assert not reader.ended.is_set()
    assert reader.seqs() == list(range(1, len(reader.seqs()) + 1))
    await deaf.close()


async def test_a_client_that_asks_without_reading_the_answers_is_dropped(lab: Lab) -> None:
    deaf = await DeafClient.connect(lab, "ada")
    console = lab.console("ada")
    asked = 0
    async with asyncio.timeout(30):
        while not console.gone:
            asked += 1
            await deaf.ws.send_str(f'42{NAMESPACE},{asked}["{"x" * 30_000}",{{}}]')
            for _ in range(30):
                await deaf.ws.send_str(f'42{NAMESPACE},{asked}["typing",{{"conversation":5}}]')
            await asyncio.sleep(0)
            if asked > 20_000:
                break
    assert console.gone
    await deaf.close()


async def test_a_connection_that_never_signs_in_is_cut(lab: Lab) -> None:
    async with aiohttp.ClientSession() as session:
        ws = await session.ws_connect(f"{lab.url}/socket.io/?EIO=4&transport=websocket")
        await ws.receive_str()
        lab.wire.sweep(200)
        lab.wire.sweep(200)
        assert (await ws.receive(timeout=10)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)


@pytest.mark.parametrize(
    "junk", ["4", "42", "45-[", f"451-{NAMESPACE},[1]", "9", "42/console,[" + "[" * 9000, "42/x,1"]
)
async def test_junk_harms_nobody(lab: Lab, junk: str) -> None:
    bob = await lab.connect("bob")
    async with aiohttp.ClientSession() as session:
        ws = await session.ws_connect(f"{lab.url}/socket.io/?EIO=4&transport=websocket")
        await ws.receive_str()
        await ws.send_str(f'40{NAMESPACE},{{"token":"ada"}}')
        while "ready" not in await ws.receive_str():
            pass
        await ws.send_str(junk)
        await ws.send_str("x" * 70_000)
        await ws.close()
    await say(lab.units, Said(_rooms=frozenset({EVERYONE})))
    await bob.until(bob.seqs)


async def test_a_client_that_reads_a_long_replay_slowly_gets_all_of_it(lab: Lab) -> None:
    many = [Said(n=n, _rooms=frozenset({EVERYONE})) for n in range(600)]  # six times what may wait for a console
    await say(lab.units, *many)
    await asyncio.wait_for(lab.feed.reached(600), 10)
    ada: Hearing = await lab.connect("ada", 0)
    assert ada.seqs() == list(range(1, 601))
