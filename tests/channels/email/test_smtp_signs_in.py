"""Sending with OAuth 2: the SMTP server takes a token instead of a password (XOAUTH2)."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from channels.email import smtp
from channels.email.account import EmailAccount
from hub.errors import Permanent, Transient
from tests.channels.email.conftest import make_account
from tests.lab.certificates import self_signed
from tests.lab.mail import mail
from tests.lab.token_server import TokenServer


class _Takes:
    """Signs in who brings a good token; keeps mails."""

    def __init__(self, tokens: TokenServer) -> None:
        self.tokens = tokens
        self.mails: list[bytes] = []

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd finds it so
        said = b64decode(args[1]).decode() if len(args) > 1 else ""
        good = any(said == f"user=support\1auth=Bearer {token}\1\1" for token in self.tokens.good)
        return AuthResult(success=good, handled=False, auth_data=said)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope.content if isinstance(envelope.content, bytes) else b"")
        return "250 OK" if session.authenticated else "530 sign in first"


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[tuple[EmailAccount, _Takes]]:
    """An account that sends with a token, and the server it sends to."""
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with TokenServer("support") as tokens:
        takes = _Takes(tokens)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(takes, tls_context=context, hostname="sink.local", loop=loop), "127.0.0.1", 0
        )
        grant = {"token_url": tokens.token_url, "client_id": "hub", "refresh_token": tokens.refresh_token}
        yield make_account(
            smtp_host="127.0.0.1", smtp_port=server.sockets[0].getsockname()[1], smtp_ca=certificate, tls="starttls",
            username="support", oauth2=grant, smtp_timeout_s=5,
        ), takes  # fmt: skip
        server.close()


async def test_a_mail_goes_out_with_a_token(far: tuple[EmailAccount, _Takes]) -> None:
    account, takes = far
    await smtp.send(account, "support@demo.local", ["ada@example.com"], mail(1))
    assert len(takes.mails) == 1


async def test_a_token_that_counts_no_more_is_replaced_at_the_next_try(far: tuple[EmailAccount, _Takes]) -> None:
    account, takes = far
    await smtp.probe(account)
    takes.tokens.good.clear()
    with pytest.raises(Transient, match="does not let us in"):
        await smtp.send(account, "support@demo.local", ["ada@example.com"], mail(1))
    await smtp.send(account, "support@demo.local", ["ada@example.com"], mail(1))
    assert len(takes.mails) == 1
    assert len(takes.tokens.given) == 2


async def test_a_grant_that_was_withdrawn_keeps_the_mail_waiting(far: tuple[EmailAccount, _Takes]) -> None:
    account, takes = far
    takes.tokens.refresh_token = "another"
    with pytest.raises(Transient, match="gives no access token: 400 invalid_grant"):
        await smtp.send(account, "support@demo.local", ["ada@example.com"], mail(1))
    with pytest.raises((Transient, Permanent), match="invalid_grant"):
        await smtp.probe(account)
