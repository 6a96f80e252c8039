"""Signing in at a mailbox: TLS, STARTTLS, passwords and OAuth 2 (XOAUTH2), on a real Dovecot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from channels.email.account import EmailAccount
from channels.email.channel import channel
from crm_core.ground.ids import new_id
from hub.errors import Permanent
from hub.store.client import Client
from tests.channels.email.conftest import make_account
from tests.channels.email.imap_house import Mailbox, needs_dovecot
from tests.channels.email.inlet import running_inlet
from tests.lab.certificates import self_signed
from tests.lab.dovecot import Dovecot
from tests.lab.mail import mail
from tests.lab.mail_server import PASSWORD
from tests.lab.token_server import TokenServer

pytestmark = needs_dovecot


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure(certificate: tuple[Path, Path]) -> Iterator[Dovecot]:
    """A server with a certificate."""
    with Dovecot(tls=certificate) as server:
        yield server


def account(server: Dovecot, **more: object) -> EmailAccount:
    given = {"door_port": None, "imap_host": "127.0.0.1", "imap_port": server.imap, "username": "tls", "password": PASSWORD,
             "imap_timeout_s": 5} | more  # fmt: skip
    return make_account(**given)


async def test_starttls_and_tls_from_the_start(secure: Dovecot, certificate: tuple[Path, Path]) -> None:
    await channel.probe(account(secure, imap_tls="starttls", imap_ca=certificate[0]))
    await channel.probe(account(secure, imap_tls="tls", imap_port=secure.imaps, imap_ca=certificate[0]))


async def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Dovecot) -> None:
    with pytest.raises(Permanent, match="certificate cannot be trusted"):
        await channel.probe(account(secure, imap_tls="starttls"))
    with pytest.raises(Permanent, match="certificate cannot be trusted"):
        await channel.probe(account(secure, imap_tls="tls", imap_port=secure.imaps))


async def test_no_password_goes_out_where_starttls_was_asked_for_and_is_missing() -> None:
    with Dovecot() as server, pytest.raises(Permanent, match="does not offer STARTTLS"):
        await channel.probe(account(server, imap_tls="starttls"))


def test_no_password_in_plain_text_to_another_machine() -> None:
    far: dict[str, object] = {"door_port": None, "imap_host": "imap.example.com", "username": "a", "password": "b"}
    with pytest.raises(ValidationError, match="not sent without TLS"):
        make_account(**far)
    assert make_account(**far, imap_port=993).imap_place == (993, "tls")
    assert make_account(**far | {"tls": "starttls"}).imap_place == (143, "starttls")
    with pytest.raises(ValidationError, match="imap_host needs username"):
        make_account(imap_host="127.0.0.1")


@pytest.mark.parametrize("password", ['quo"te', "back\\slash", "日本", "with space", "{5}"])
async def test_any_password_can_be_said(secure: Dovecot, password: str) -> None:
    with pytest.raises(Permanent, match="refuses the sign-in of tls"):
        await channel.probe(account(secure, imap_tls="none", password=password))


# -- OAuth 2 -------------------------------------------------------------------------------------------------------


@dataclass
class Granted:
    """A mailbox whose server takes tokens of a token server."""

    mailbox: Mailbox
    tokens: TokenServer

    def account(self) -> dict[str, object]:
        grant = {"token_url": self.tokens.token_url, "client_id": "hub", "client_secret": "s",
                 "refresh_token": self.tokens.refresh_token}  # fmt: skip
        return {"password": None, "oauth2": grant, "read_sent": False}


@pytest.fixture
async def granted(client: Client) -> AsyncIterator[Granted]:
    user = f"u{new_id().lower()}"
    async with TokenServer(user) as tokens, running_inlet(client) as inlet:
        with Dovecot(introspection=tokens.introspection_url) as server:
            yield Granted(Mailbox(server, inlet, user), tokens)


async def test_a_token_is_fetched_used_again_and_replaced(granted: Granted) -> None:
    mailbox = granted.mailbox
    mailbox.deliver(mail(1))
    async with mailbox.receiving(**granted.account()):
        await mailbox.stored(1)
        await channel.probe(mailbox.account(**granted.account()))
        assert len(granted.tokens.given) == 1
        granted.tokens.good.clear()  # the server takes it no more, though it said an hour
        with pytest.raises(Permanent, match="refuses the sign-in"):
            await channel.probe(mailbox.account(**granted.account()))
        await channel.probe(mailbox.account(**granted.account()))
        assert len(granted.tokens.given) == 2


async def test_a_grant_that_was_withdrawn_is_a_persons_matter(granted: Granted) -> None:
    account = granted.account()
    granted.tokens.refresh_token = "another"
    with pytest.raises(Permanent, match="gives no access token: 400 invalid_grant"):
        await channel.probe(granted.mailbox.account(**account))


async def test_a_server_without_oauth_is_named(dovecot_without: Dovecot) -> None:
    grant = {"token_url": "https://tokens.example.com", "client_id": "hub", "refresh_token": "r"}
    with pytest.raises(Permanent, match="does not take OAuth 2"):
        await channel.probe(account(dovecot_without, password=None, oauth2=grant))


@pytest.fixture
def dovecot_without() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


def test_tokens_are_asked_for_in_private() -> None:
    grant = {"token_url": "http://tokens.example.com", "client_id": "hub", "refresh_token": "r"}
    with pytest.raises(ValidationError, match="must begin with https"):
        make_account(imap_host="127.0.0.1", username="a", oauth2=grant)
