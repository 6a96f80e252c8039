"""Sending to a real SMTP server that behaves, misbehaves, and breaks off."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from channels.email.account import EmailAccount
from channels.email.channel import channel
from hub.errors import InDoubt, Permanent, Transient
from hub.model.address import Address
from hub.store.client import Client, database
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.raw import RawKeeper
from tests.channels.email.conftest import make_account
from tests.channels.email.inlet import WatchedInlet, inlet_on
from tests.channels.email.test_compose import ADA, make_delivery
from tests.channels.email.test_door import make_certificate
from tests.lab.smtp_sink import SmtpSink, Stage

BOB = Address("mail:bob@example.com", "Bob")


@pytest.fixture
def inlet(client: Client) -> WatchedInlet:
    """An inlet to sign with; sending writes nothing."""
    db = database(client, "unused")
    return inlet_on(client, db, CommitLoop(Units(client, db), 1), RawKeeper(db))


def sender(sink: SmtpSink, **more: object) -> EmailAccount:
    """An account that sends to the sink."""
    return make_account(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_timeout_s=0.5, **more)


async def test_a_mail_is_sent_once_with_its_own_id(inlet: WatchedInlet) -> None:
    async with SmtpSink() as sink:
        receipt = await channel.send(sender(sink), make_delivery(cc=(BOB,)), inlet)
        [mail] = sink.with_id("out.1@demo.local")
    assert (receipt.state, receipt.far_id, receipt.note) == ("sent", None, None)
    assert (mail.mail_from, mail.recipients) == ("support@demo.local", ("ada@example.com", "bob@example.com"))
    token = str(mail.message["Reply-To"]).partition("+c.")[2].partition("@")[0]
    assert inlet.check("mail-reply", token) == "01conv"
    assert mail.message.get_content().strip() == "Hello Ada"


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
@pytest.mark.parametrize("act", ["421 busy", "451 later", "hang", "close"])
async def test_what_may_pass_is_tried_again(inlet: WatchedInlet, stage: Stage, act: str) -> None:
    async with SmtpSink() as sink:
        sink.answer(stage, act)
        broken_off = stage == "data" and not act[0].isdigit()
        with pytest.raises(InDoubt if broken_off else Transient, match=r"mail server 127\.0\.0\.1"):
            await channel.send(sender(sink), make_delivery(), inlet)
        assert sink.mails == []


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_a_refusal_is_permanent_and_in_the_servers_words(inlet: WatchedInlet, stage: Stage) -> None:
    async with SmtpSink() as sink:
        sink.answer(stage, "550 5.1.1 no such user")
        with pytest.raises(Permanent, match=r"550 5\.1\.1 no such user"):
            await channel.send(sender(sink), make_delivery(), inlet)


async def test_nobody_listening_is_transient(inlet: WatchedInlet) -> None:
    sink = SmtpSink()
    await sink.start()
    await sink.stop()
    with pytest.raises(Transient, match="cannot be reached"):
        await channel.send(sender(sink), make_delivery(), inlet)


async def test_one_refused_recipient_among_two_is_told(inlet: WatchedInlet) -> None:
    async with SmtpSink() as sink:
        sink.refuse("bob@example.com", "550 unknown")
        receipt = await channel.send(sender(sink), make_delivery(to=(ADA, BOB)), inlet)
        assert receipt.note == "bob@example.com was refused: 550 unknown"
        assert sink.mails[0].recipients == ("ada@example.com",)


async def test_a_recipient_put_off_puts_off_all_so_that_nobody_gets_two(inlet: WatchedInlet) -> None:
    async with SmtpSink() as sink:
        sink.refuse("bob@example.com", "450 greylisted")
        with pytest.raises(Transient, match="greylisted"):
            await channel.send(sender(sink), make_delivery(to=(ADA, BOB)), inlet)
        assert sink.mails == []


@pytest.mark.parametrize("act", ["take-and-close", "take-and-hang"])
async def test_a_line_that_breaks_after_the_mail_leaves_doubt_and_a_second_copy_has_the_same_id(
    inlet: WatchedInlet, act: str
) -> None:
    async with SmtpSink() as sink:
        sink.answer("data", act, times=1)
        with pytest.raises(InDoubt, match="may have been delivered"):
            await channel.send(sender(sink), make_delivery(), inlet)
        await channel.send(sender(sink), make_delivery(attempt=2), inlet)
        assert len(sink.with_id("out.1@demo.local")) == 2


async def test_after_a_crash_a_plain_relay_cannot_be_asked(account: EmailAccount) -> None:
    with pytest.raises(InDoubt, match=r"out\.1@demo\.local"):
        await channel.find_sent(account, make_delivery())


async def test_sign_in_and_starttls(inlet: WatchedInlet, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with SmtpSink(tls=context, login=("grace", "secret")) as sink:
        good = make_account(
            smtp_host="localhost", smtp_port=sink.port, tls="starttls", smtp_ca=certificate,
            username="grace", password=SecretStr("secret"), smtp_timeout_s=2,
        )  # fmt: skip
        await channel.probe(good)
        await channel.send(good, make_delivery(), inlet)
        assert len(sink.mails) == 1
        wrong = good.model_copy(update={"password": SecretStr("guess")})
        with pytest.raises(Permanent, match="refuses the sign-in"):
            await channel.probe(wrong)
        with pytest.raises(Transient, match="does not let us in"):  # the mail waits until the account is mended
            await channel.send(wrong, make_delivery(), inlet)
        stranger = good.model_copy(update={"smtp_ca": None})
        with pytest.raises(Transient, match="certificate"):
            await channel.send(stranger, make_delivery(), inlet)


async def test_implicit_tls(inlet: WatchedInlet, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with SmtpSink(tls=context, implicit_tls=True) as sink:
        account = make_account(
            smtp_host="localhost", smtp_port=sink.port, tls="tls", smtp_ca=certificate, smtp_timeout_s=2
        )
        await channel.send(account, make_delivery(), inlet)
        assert len(sink.mails) == 1


async def test_no_plain_text_when_tls_is_asked_for(inlet: WatchedInlet) -> None:
    async with SmtpSink() as sink:
        with pytest.raises(Transient, match="STARTTLS"):
            await channel.send(sender(sink, tls="starttls"), make_delivery(), inlet)
        assert sink.mails == []


async def test_an_account_without_a_server_says_so(account: EmailAccount, inlet: WatchedInlet) -> None:
    with pytest.raises(Permanent, match="smtp_host"):
        await channel.send(account, make_delivery(), inlet)
    await channel.probe(account)


@pytest.mark.parametrize(
    "wrong",
    [
        {"addresses": ()},
        {"addresses": ("no address",)},
        {"addresses": ("@only.example",), "smtp_host": "mail.example"},
        {"smtp_host": "mail.example", "username": "u", "password": "p", "tls": "none"},
        {"door_certificate": "x.pem"},
        {"colour": "red"},
    ],
)
def test_a_wrong_account_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make_account(**wrong)


def test_a_password_is_never_shown() -> None:
    account = make_account(smtp_host="127.0.0.1", username="u", password="s3cret")
    assert "s3cret" not in repr(account)
    assert "s3cret" not in account.model_dump_json()
