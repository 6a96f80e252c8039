"""Phones in browsers: who may be which, through the hub's socket, at a real Asterisk (S2.9.9-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from hub.settings import Settings
from hub.web import sip
from tests.channels.telephony.conftest import Floor, account_settings, until
from tests.conftest import SignIn
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.sip_over_web import open_phone, request


@pytest.fixture
def sip_ws_url(pbx: Asterisk) -> str:
    """Where the hub carries SIP to."""
    return pbx.sip_ws_url


@pytest.fixture
def keeper(sip_ws_url: str) -> dict[str, Any]:
    """What the account says of phones."""
    return {
        "sip_ws_url": sip_ws_url,
        "phones_username": PHONES_USER,
        "phones_secret": PHONES_SECRET,
        "ice_servers": ["stun:192.0.2.1:3478"],
    }


@pytest.fixture
def settings(settings_of: Callable[[int], Settings], keeper: dict[str, Any], ami_port: int) -> Settings:
    """Of a hub whose PBX takes phones in browsers."""
    account = account_settings(ami_port, **keeper)
    return settings_of(ami_port).model_copy(update={"accounts": {"pbx": account}})


async def give(floor: Floor, extension: str) -> None:
    """Give the agent an extension."""
    await floor.hub.db["record_user"].update_one({"_id": floor.agent.user}, {"$set": {"extension": extension}})


async def phone_of(floor: Floor, extension: str) -> Any:
    status, listed = await floor.supervisor.call("GET", "/api/phones")
    assert status == 200, listed
    return next(each for each in listed["items"] if each["extension"] == extension)


async def test_a_browser_becomes_the_phone_of_its_owner(pbx: Asterisk, floor: Floor) -> None:
    """S2.9.9-02: registered with the password of this sign-in, shown with its place, gone with the socket."""
    await give(floor, "2001")
    _, chance = await floor.agent.call("GET", "/api/me/phone")
    assert chance == {"extension": "2001", "browser": True}
    status, mine = await floor.agent.call("POST", "/api/me/phone")
    assert status == 200, mine
    assert (mine["kind"], mine["sip_uri"], mine["ws_url"]) == ("browser", "sip:2001@mainstem.invalid", "/ws/sip")
    assert mine["ice_servers"] == [{"urls": ["stun:192.0.2.1:3478"]}]
    assert not (await phone_of(floor, "2001"))["registered"]
    phone = await open_phone(floor.agent, "2001")
    assert await phone.register(mine["password"]) == "SIP/2.0 200 OK"
    shown = await phone_of(floor, "2001")
    assert (shown["registered"], shown["kind"], shown["user"]["name"]) == (True, "browser", "Ann")
    assert (shown["registered_from"], bool(shown["since"])) == ("127.0.0.1", True)
    await phone.socket.close()

    async def gone() -> bool:
        return not (await phone_of(floor, "2001"))["registered"]

    await until(gone)


async def test_the_password_is_of_one_sign_in_and_ends_with_the_next(floor: Floor, signed_in: SignIn) -> None:
    await give(floor, "2001")
    _, first = await floor.agent.call("POST", "/api/me/phone")
    _, again = await floor.agent.call("POST", "/api/me/phone")
    assert first["password"] == again["password"], "two tabs of one sign-in are one phone"
    elsewhere = await signed_in("ann")
    _, other = await elsewhere.call("POST", "/api/me/phone")
    assert other["password"] != first["password"]
    phone = await open_phone(floor.agent, "2001")
    assert await phone.register(first["password"]) == "SIP/2.0 401 Unauthorized"
    assert await phone.register(other["password"]) == "SIP/2.0 200 OK"
    await phone.socket.close()
    docs = await floor.hub.db["audit"].find({"what": "phone.signed-in"}).to_list()
    assert all(first["password"] not in str(doc) for doc in docs)


async def test_nobody_speaks_for_another_extension(floor: Floor) -> None:
    await give(floor, "2001")
    for frame in (
        request("REGISTER", "2002"),
        request("REGISTER", "2001", sender="2002"),
        request("INVITE", "2002"),
        request("MESSAGE", "2001"),
    ):
        phone = await open_phone(floor.agent, "2001")
        await phone.socket.send_str(frame)
        ended = await phone.socket.receive(timeout=10)
        assert (ended.type, phone.socket.close_code) == (WSMsgType.CLOSE, 1008), frame


async def test_the_socket_is_for_pages_of_ours_and_people_with_a_phone(floor: Floor, signed_in: SignIn) -> None:
    await give(floor, "2001")
    nobody = await signed_in("eve", roles=["SP"])
    token = await floor.agent.call("POST", "/api/me/tokens", {"name": "robot", "scopes": ["read", "write"]})
    assert token[0] == 201, token
    async with aiohttp.ClientSession(floor.hub.url) as stranger:
        for session, origin, headers, expected in (
            (floor.agent.http, "https://elsewhere.example", {}, 403),
            (nobody.http, floor.hub.url, {}, 409),
            (stranger, floor.hub.url, {}, 401),
            (stranger, floor.hub.url, {"Authorization": f"Bearer {token[1]['secret']}"}, 403),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect("/ws/sip", protocols=("sip",), origin=origin, headers=headers)
            assert refused.value.status == expected
    status, _ = await nobody.call("POST", "/api/me/phone")
    assert status == 409
    assert (await nobody.call("GET", "/api/me/phone"))[1] == {"extension": None, "browser": False}
    assert (await nobody.call("GET", "/api/phones"))[0] == 403


async def test_an_endless_frame_is_cut_off(floor: Floor) -> None:
    await give(floor, "2001")
    phone = await open_phone(floor.agent, "2001")
    await phone.socket.send_str("x" * (64 * 1024 + 1))
    await phone.socket.receive(timeout=10)
    assert phone.socket.close_code == 1009


async def test_who_signs_out_or_loses_the_extension_loses_the_phone(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip, "_LOOK_S", 0.1)
    await give(floor, "2001")
    phone = await open_phone(floor.agent, "2001")
    await give(floor, "1001")
    await phone.socket.receive(timeout=10)
    assert phone.socket.close_code == 4001
    await give(floor, "2001")
    phone = await open_phone(floor.agent, "2001")
    assert (await floor.agent.call("DELETE", "/api/session"))[0] == 204
    await phone.socket.receive(timeout=10)
    assert phone.socket.close_code == 4001


@pytest.mark.parametrize("sip_ws_url", ["ws://127.0.0.1:1/ws"])
async def test_a_pbx_that_does_not_take_the_socket_is_an_answer(floor: Floor) -> None:
    """While the PBX starts again the browser gets 503, and tries once more."""
    await give(floor, "2001")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await open_phone(floor.agent, "2001")
    assert refused.value.status == 503


@pytest.mark.parametrize("keeper", [{}])
async def test_without_a_user_for_phones_the_list_says_which_desk_phones_are_there(floor: Floor) -> None:
    desk = await phone_of(floor, "1001")
    assert (desk["kind"], desk["registered"], desk["user"]["id"]) == ("desk", True, floor.agent.user)


async def test_the_list_has_desk_phones_and_extensions_that_no_pbx_knows(floor: Floor) -> None:
    """S2.9.9-02."""
    await give(floor, "1001")
    desk = await phone_of(floor, "1001")
    assert (desk["kind"], desk["registered"], desk["user"]["id"]) == ("desk", True, floor.agent.user)
    status, mine = await floor.agent.call("POST", "/api/me/phone")
    assert (status, mine["kind"], mine["password"]) == (200, "desk", "")
    await give(floor, "7777")
    lost = await phone_of(floor, "7777")
    assert (lost["kind"], lost["registered"]) == (None, False)
    assert (await floor.agent.call("POST", "/api/me/phone"))[0] == 409
