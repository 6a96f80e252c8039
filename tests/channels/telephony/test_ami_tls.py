"""AMI over TLS with a real Asterisk: whose certificate is trusted, and what is said of one that is not (S2.9.9-01)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from channels.telephony.account import TelephonyAccount
from channels.telephony.channel import channel
from hub.errors import Permanent, Transient
from hub.settings import Settings
from tests.channels.telephony.conftest import Floor, account_settings, need_asterisk
from tests.lab.asterisk.plays import ADA, ended
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import call, pause
from tests.lab.certificates import self_signed

Made = tuple[Path, Path]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """For 127.0.0.1, from an authority that only the account knows."""
    return self_signed(tmp_path_factory.mktemp("trusted"))


@pytest.fixture(scope="module")
def secure_pbx(certificate: Made) -> Iterator[Asterisk]:
    """An Asterisk whose manager.conf has `tlsenable`."""
    need_asterisk()
    with Asterisk(certificate=certificate) as server:
        yield server


@pytest.fixture
def settings(settings_of: Callable[[int], Settings], secure_pbx: Asterisk, certificate: Made) -> Settings:
    """Of a hub that reaches its PBX over TLS."""
    account = account_settings(secure_pbx.ami_tls, tls=True, ca=str(certificate[0]))
    return settings_of(secure_pbx.ami_tls).model_copy(update={"accounts": {"pbx": account}})


def account(port: int, ca: Path | None) -> TelephonyAccount:
    """The account of a PBX that is reached over TLS."""
    return TelephonyAccount.model_validate(
        {
            "id": "pbx", "host": "127.0.0.1", "port": port, "username": USER, "secret": SECRET, "tls": True, "ca": ca,
            "phones_username": PHONES_USER, "phones_secret": PHONES_SECRET,
        }
    )  # fmt: skip


async def test_calls_are_followed_over_tls(secure_pbx: Asterisk, floor: Floor) -> None:
    """The account connects, hears a call from its beginning to its end, and its second user looks after phones."""
    with call(secure_pbx, "4000", ADA.dials, ADA.is_answered, pause(1), ADA.hangs_up) as sipp:
        live = await floor.call("waiting")
        await ended(sipp)
    done = await floor.call("ended")
    assert done["call"] == live["call"]
    assert done["part"]["outcome"] == "abandoned"
    status, phones = await floor.supervisor.call("GET", "/api/phones")
    assert status == 200
    assert any(each["extension"] == "2001" for each in phones["items"])


async def test_what_the_doctor_asks_is_answered_over_tls(secure_pbx: Asterisk, certificate: Made) -> None:
    """An event of its own comes back."""
    model = account(secure_pbx.ami_tls, certificate[0])
    await channel.probe(model)
    said = {each.what: each.ok for each in await channel.examine(model, ["support"])}
    assert said[f"AMI user {USER} hears the PBX"]


async def test_an_authority_that_nobody_named_is_refused(secure_pbx: Asterisk, tmp_path: Path) -> None:
    """Of another one, and of the public ones alone; the line says where to name it."""
    for ca in (self_signed(tmp_path)[0], None):
        with pytest.raises(
            Permanent, match="nobody whom we trust has signed its certificate: name its authority in ca"
        ):
            await channel.probe(account(secure_pbx.ami_tls, ca))


@pytest.mark.parametrize(
    ("host", "lasts", "why"),
    [
        ("127.0.0.1", timedelta(days=-1), "its certificate has expired: renew it on the PBX"),
        ("192.0.2.1", timedelta(days=30), "its certificate is not for 127.0.0.1"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_refused(
    secure_pbx: Asterisk, certificate: Made, tmp_path: Path, host: str, lasts: timedelta, why: str
) -> None:
    """Expired, or another machine's, though its authority is trusted. Renewed, it is taken again."""
    wrong = self_signed(tmp_path, host, lasts=lasts)
    secure_pbx.stop()
    secure_pbx.certify(*wrong)
    secure_pbx.start()
    try:
        with pytest.raises(Permanent, match=why):
            await channel.probe(account(secure_pbx.ami_tls, wrong[0]))
    finally:
        secure_pbx.stop()
        secure_pbx.certify(*certificate)
        secure_pbx.start()
    await channel.probe(account(secure_pbx.ami_tls, certificate[0]))


async def test_a_port_without_tls_is_named(secure_pbx: Asterisk, certificate: Made) -> None:
    with pytest.raises(Permanent, match="no TLS is spoken there: check port"):
        await channel.probe(account(secure_pbx.ami, certificate[0]))


async def test_a_file_of_authorities_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"ca of account pbx: .*nothing\.pem cannot be read"):
        await channel.probe(account(1, tmp_path / "nothing.pem"))


async def test_nothing_is_said_in_plain(certificate: Made) -> None:
    """Whoever answers in plain text hears the beginning of TLS, and never a word of AMI; nobody tries again without."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        with pytest.raises((Permanent, Transient)):
            await channel.probe(account(server.sockets[0].getsockname()[1], certificate[0]))
        async with asyncio.timeout(10):
            while not heard:
                await asyncio.sleep(0.01)
    [said] = heard
    assert said.startswith(b"\x16\x03")
    assert b"Action" not in said
    assert USER.encode() not in said
