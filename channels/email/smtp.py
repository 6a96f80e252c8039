"""Handing a mail to the outgoing server, with every failure sorted into "try again" or "a person must look"."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import aiosmtplib
from aiosmtplib import errors

from channels.email.account import EmailAccount
from channels.email.oauth import forget, token_to_send
from hub.errors import ChannelError, InDoubt, Permanent, Transient

_TOTAL = 5
"""A whole delivery may take this many times the limit of a single step."""


async def send(account: EmailAccount, sender: str, recipients: Sequence[str], mail: bytes) -> dict[str, str]:
    """Deliver one mail; returns the recipients that were refused, with the reason, while others were taken.

    Raises:
        Transient: nobody got it now; the same mail may be sent again.
        Permanent: the server will never take it.
        InDoubt: the connection broke after the mail was handed over; the outbox asks the account's `in_doubt` policy.
    """
    try:
        async with asyncio.timeout(account.smtp_timeout_s * _TOTAL):
            client = _client(account)
            try:
                await client.connect()
                refused = await _hand_over(client, account, sender, recipients, mail)
                _leave(client)
                return refused
            finally:
                client.close()
    except (errors.SMTPException, OSError, TimeoutError, ValueError) as error:
        raise sorted_error(account, error) from error


async def probe(account: EmailAccount) -> None:
    """Connect and sign in, send nothing."""
    try:
        async with asyncio.timeout(account.smtp_timeout_s):
            client = _client(account)
            try:
                await client.connect()
                _leave(client)
            finally:
                client.close()
    except errors.SMTPAuthenticationError as error:
        raise Permanent(f"{_where(account)} refuses the sign-in: {_said(error)}") from error
    except (errors.SMTPException, OSError, TimeoutError, ValueError) as error:
        raise sorted_error(account, error) from error


def sorted_error(account: EmailAccount, error: Exception) -> ChannelError:
    """What a failure means for the mail. Faults of the account (sign-in, TLS) keep the mail waiting: it is not to blame."""
    where = _where(account)
    if isinstance(error, errors.SMTPAuthenticationError) and account.oauth2:
        forget(account.oauth2)
    if isinstance(error, errors.SMTPAuthenticationError | errors.SMTPHeloError | errors.SMTPConnectResponseError):
        return Transient(f"{where} does not let us in: {_said(error)}")
    if isinstance(error, errors.SMTPRecipientsRefused):
        said = "; ".join(f"{one.recipient}: {_said(one)}" for one in error.recipients)
        kind = Permanent if all(one.code >= 500 for one in error.recipients) else Transient
        return kind(f"{where} refuses the recipient: {said}")
    if isinstance(error, errors.SMTPResponseException):
        kind = Permanent if error.code >= 500 else Transient
        return kind(f"{where} refuses the mail: {_said(error)}")
    if isinstance(error, TimeoutError):
        return Transient(f"{where} did not answer within the time limit")
    if isinstance(error, errors.SMTPNotSupported):
        return Transient(f"{where} does not offer what the account asks for: {error}")
    return Transient(f"{where} cannot be reached: {error}")


async def _hand_over(
    client: aiosmtplib.SMTP, account: EmailAccount, sender: str, recipients: Sequence[str], mail: bytes
) -> dict[str, str]:
    options = [f"SIZE={len(mail)}"] if client.supports_extension("size") else []
    if not (mail.isascii() and sender.isascii() and all(each.isascii() for each in recipients)):
        if not client.supports_extension("smtputf8"):
            raise Permanent(f"{_where(account)} takes no addresses with letters beyond ASCII (SMTPUTF8)")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    await client.mail(sender, options=options, encoding="utf-8")
    refused: list[errors.SMTPRecipientRefused] = []
    for recipient in recipients:
        try:
            await client.rcpt(recipient, encoding="utf-8")
        except errors.SMTPRecipientRefused as error:
            refused.append(error)
    if len(refused) == len(recipients):
        raise errors.SMTPRecipientsRefused(refused)
    if any(one.code < 500 for one in refused):
        # Some may be taken later: send to none now rather than to some of them twice.
        raise errors.SMTPRecipientsRefused(refused)
    try:
        await client.data(mail)
    except (errors.SMTPServerDisconnected, errors.SMTPTimeoutError, ConnectionError) as error:
        said = f"{_where(account)} broke off after the mail was handed over; it may have been delivered"
        raise InDoubt(said) from error
    return {one.recipient: _said(one) for one in refused}


def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye, and do not wait for the answer: until it is written down that the mail was taken, each moment is one
    in which a crash leaves doubt."""
    if client.is_connected and isinstance(client.transport, asyncio.WriteTransport):
        client.transport.write(b"QUIT\r\n")
    client.close()


def _client(account: EmailAccount) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=account.smtp_host,
        port=account.smtp_port,
        username=account.username,
        password=account.password.get_secret_value() if account.password else None,
        oauth_token_generator=partial(token_to_send, account.oauth2, account.smtp_timeout_s)
        if account.oauth2
        else None,
        use_tls=account.tls == "tls",
        start_tls=account.tls == "starttls",
        cert_bundle=str(account.smtp_ca) if account.smtp_ca else None,
        local_hostname=account.sender.rpartition("@")[2] or "localhost",
        timeout=account.smtp_timeout_s,
    )


def _where(account: EmailAccount) -> str:
    return f"mail server {account.smtp_host}:{account.smtp_port or _PORTS[account.tls]}"


_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def _said(error: errors.SMTPResponseException) -> str:
    """The server's own words, on one line and not too long."""
    return f"{error.code} {' '.join(str(error.message).split())[:300]}"
