"""The way of the sound: servers of an account, passwords that run out, and what the doctor says (S2.9.9-01, -02)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from channels.telephony import ice
from channels.telephony.account import TelephonyAccount
from channels.telephony.ice import ice_servers
from channels.telephony.ice_check import beside, examine_ice
from hub.settings import Settings
from tests.channels.telephony.conftest import Floor, account_settings, until
from tests.conftest import SignIn
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.certificates import self_signed
from tests.lab.coturn import INSTALL, SECRET, Coturn, installed


def account(**more: Any) -> TelephonyAccount:
    """An account with phones in browsers."""
    fields = {
        "id": "pbx", "host": "h", "username": "u", "secret": "s", "sip_ws_url": "wss://pbx.example.com/ws", "phones_username": "p",
        "phones_secret": "q", "timeout_s": 5,
    }  # fmt: skip
    return TelephonyAccount.model_validate({**fields, **more})


def _need_coturn() -> None:
    """On a build machine it must be there."""
    if not installed():
        assert os.environ.get("CI") != "true", INSTALL
        pytest.skip(INSTALL)


@pytest.fixture(scope="module")
def turn() -> Iterator[Coturn]:
    """A coturn."""
    _need_coturn()
    with Coturn() as server:
        yield server


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """A coturn that has a certificate, and speaks TLS therefore."""
    _need_coturn()
    with Coturn(certificate=self_signed(tmp_path_factory.mktemp("certificate"))) as server:
        yield server


async def said(**more: Any) -> list[tuple[bool, str]]:
    """The doctor's words on the servers of an account."""
    return [(each.ok, each.advice) for each in await examine_ice(account(**more))]


def test_turn_servers_get_a_password_that_runs_out() -> None:
    """As coturn computes it; STUN servers get none."""
    urls = ["stun:a.example:3478", "turns:b.example:5349?transport=tcp"]
    stun, turn = ice_servers(account(ice_servers=urls, turn_secret="shared"), "u1")
    assert stun == {"urls": ["stun:a.example:3478"]}
    until_s, user = turn["username"].split(":")
    assert user == "u1"
    assert abs(int(until_s) - time.time() - ice.LASTS_S) < 60
    expected = hmac.new(b"shared", turn["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn["credential"]) == expected


@pytest.mark.parametrize(
    ("field", "rule", "more"),
    [
        ("ice_servers", "ice-server", {"ice_servers": ["http://a.example"]}),
        ("ice_servers", "ice-server", {"ice_servers": ["stun:a.example:70000"]}),
        ("ice_servers", "ice-server", {"ice_servers": ["turn:a b"]}),
        ("ice_servers", "ice-transport", {"ice_servers": ["stun:a.example?transport=udp"]}),
        ("ice_servers", "ice-transport", {"ice_servers": ["turns:a.example?transport=udp"], "turn_secret": "s"}),
        ("turn_secret", "turn-secret", {"ice_servers": ["turn:a.example"]}),
        ("turn_secret", "turn-secret", {"ice_servers": ["turn:a.example"], "turn_secret": ""}),
        ("relay_only", "relay-needs-turn", {"ice_servers": ["stun:a.example"], "relay_only": True}),
    ],
)
def test_what_no_browser_would_take_is_named_at_its_field(field: str, rule: str, more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        account(**more)
    assert [(each["loc"], each["ctx"]["rule"]) for each in refused.value.errors()] == [((field,), rule)]


def test_every_form_of_address_is_taken() -> None:
    urls = ("stun:a.example", "stun:[2001:db8::1]:3478", "turn:192.0.2.1?transport=tcp", "turns:a.example:443")
    assert account(ice_servers=urls, turn_secret="s", relay_only=True).ice_servers == urls


async def test_servers_that_serve_have_nothing_to_mend(turn: Coturn) -> None:
    """STUN answers; TURN opens an address with the made credentials, over UDP and TCP."""
    urls = [turn.stun, turn.turn, f"{turn.turn}?transport=tcp"]
    assert await said(ice_servers=urls, turn_secret=SECRET) == [(True, "")] * 3


async def test_a_server_that_speaks_tls_serves_whoever_trusts_its_certificate(
    certified: Coturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`turns:` opens an address as `turn:` does; where nobody vouches for the certificate, browsers would not take it."""
    [(ok, advice)] = await said(ice_servers=[certified.turns], turn_secret=SECRET)
    assert not ok
    assert "browsers would not trust its certificate" in advice
    assert certified.certificate is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.certificate[0]))
    urls = [certified.turns, certified.turn, f"{certified.turn}?transport=tcp"]
    assert await said(ice_servers=urls, turn_secret=SECRET) == [(True, "")] * 3


async def test_another_secret_is_named(turn: Coturn) -> None:
    """STUN asks for none and goes on."""
    stun, relay = await said(ice_servers=[turn.stun, turn.turn], turn_secret="another")
    assert stun == (True, "")
    assert not relay[0]
    assert "turn_secret must be the server's own" in relay[1]


async def test_a_credential_that_ran_out_is_refused(turn: Coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server looks at the time that the name says."""
    monkeypatch.setattr("channels.telephony.ice_check._LASTS_S", -60)
    [(ok, advice)] = await said(ice_servers=[turn.turn], turn_secret=SECRET)
    assert not ok
    assert "clocks" in advice


async def test_a_server_that_is_away_is_named() -> None:
    """Nobody at the port, by UDP and by TCP; no such name."""
    gone = Coturn()
    urls = [gone.stun, f"{gone.turn}?transport=tcp", "stun:nowhere.invalid"]
    udp, tcp, name = await said(ice_servers=urls, turn_secret=SECRET, timeout_s=1)
    assert not any(ok for ok, _ in (udp, tcp, name))
    assert "does it run, and does the firewall let UDP port" in udp[1]
    assert "cannot be reached" in tcp[1]
    assert "nowhere.invalid" in name[1]


def test_a_relay_behind_a_translation_that_was_not_told_so_is_named() -> None:
    assert "set external-ip" in beside("8.8.8.8", "10.0.0.7")
    assert (
        beside("10.0.0.7", "10.0.0.7") == beside("8.8.8.8", "8.8.8.8") == beside("turn.example.com", "10.0.0.7") == ""
    )


@pytest.fixture
def settings(settings_of: Callable[[int], Settings], pbx: Asterisk, turn: Coturn) -> Settings:
    """Of a hub whose browsers go through a relay."""
    account = account_settings(
        pbx.ami, sip_ws_url=pbx.sip_ws_url, phones_username=PHONES_USER, phones_secret=PHONES_SECRET,
        ice_servers=[turn.stun, turn.turn], turn_secret=SECRET, relay_only=True,
    )  # fmt: skip
    return settings_of(pbx.ami).model_copy(update={"accounts": {"pbx": account}})


async def test_whoever_has_a_phone_gets_fresh_credentials_and_nobody_else(
    floor: Floor, signed_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    """With the registration, and again by themselves; they are for that person, and neither stored nor logged."""
    caplog.set_level("DEBUG")
    await floor.hub.db["record_user"].update_one({"_id": floor.agent.user}, {"$set": {"extension": "2001"}})
    status, mine = await floor.agent.call("POST", "/api/me/phone")
    assert status == 200, mine
    assert mine["relay_only"]
    assert mine["renew_in_s"] == ice.LASTS_S // 2

    async def newer() -> Any:
        status, way = await floor.agent.call("GET", "/api/me/phone/way")
        assert status == 200, way
        return way if way["ice_servers"] != mine["ice_servers"] else None

    fresh = await until(newer)  # a name holds the second in which it was made
    assert fresh.keys() == {"ice_servers", "relay_only", "renew_in_s"}
    names = [each["ice_servers"][1]["username"] for each in (mine, fresh)]
    assert names[0] < names[1]
    assert all(name.endswith(f":{floor.agent.user}") for name in names)
    nobody = await signed_in("eve", roles=["SP"])
    assert (await nobody.call("GET", "/api/me/phone/way"))[0] == 409
    for credential in (each["ice_servers"][1]["credential"] for each in (mine, fresh)):
        assert credential not in caplog.text
        for collection in await floor.hub.db.list_collection_names():
            assert all(credential not in str(doc) for doc in await floor.hub.db[collection].find({}).to_list())
    assert SECRET not in caplog.text
