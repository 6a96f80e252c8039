"""What we sign is found genuine by whoever asks the zone for our key; anything else is not."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from channels.email.account import EmailAccount
from channels.email.compose import compose
from channels.email.dkim import signed
from hub.errors import Permanent
from tests.channels.email.conftest import make_account
from tests.channels.email.test_compose import make_delivery

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = RSA.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
EDWARDS = ed25519.Ed25519PrivateKey.generate()
EDWARDS_PEM = EDWARDS.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
EDWARDS_PUBLIC = base64.b64encode(EDWARDS.public_key().public_bytes_raw())
ZONE = {
    b"hub._domainkey.demo.local.": b"v=DKIM1; k=rsa; p=" + PUBLIC,
    b"ed._domainkey.demo.local.": b"v=DKIM1; k=ed25519; p=" + EDWARDS_PUBLIC,
}


def look_up(name: bytes, timeout: int = 5) -> bytes | None:
    """The zone, as DNS would give it."""
    return ZONE.get(name)


def genuine(mail: bytes) -> bool:
    return bool(dkim.verify(mail, dnsfunc=look_up))


def mail_of(account: EmailAccount, **more: Any) -> bytes:
    more.setdefault("parts", {"mail": {"unsubscribe": "https://crm.example.com/hooks/unsubscribe/x"}})
    return compose(make_delivery(text="您好\n", html="<p>Hi</p>", **more), account, "tok")


async def test_a_signed_mail_is_genuine_until_it_is_touched() -> None:
    account = make_account(dkim_selector="hub", dkim_key=PEM.decode())
    mail = await signed(mail_of(account), account)
    assert genuine(mail)
    assert b"d=demo.local" in mail
    head = mail.partition(b"b=")[0].lower()
    assert b"list-unsubscribe" in head
    assert b"list-unsubscribe-post" in head
    assert not genuine(mail.replace(b"Subject: Re: hi", b"Subject: Re: ho"))
    assert not genuine(mail + b"more\r\n")


async def test_a_mail_signed_with_ed25519_is_genuine_until_it_is_touched() -> None:
    """RFC 8463: a short key, a short signature."""
    account = make_account(dkim_selector="ed", dkim_key=EDWARDS_PEM.decode())
    mail = await signed(mail_of(account), account)
    assert b"a=ed25519-sha256" in mail
    assert genuine(mail)
    assert not genuine(mail.replace(b"Subject: Re: hi", b"Subject: Re: ho"))


async def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.write_bytes(PEM)
    account = make_account(dkim_selector="hub", dkim_domain="demo.local", dkim_key_file=str(file))
    assert genuine(await signed(mail_of(account), account))


async def test_without_a_key_a_mail_stays_as_it_is(account: EmailAccount) -> None:
    mail = mail_of(account)
    assert await signed(mail, account) is mail


async def test_a_key_that_is_none_is_said_and_never_shown(tmp_path: Path) -> None:
    for given in ({"dkim_key": "secret nonsense"}, {"dkim_key_file": str(tmp_path / "none")}):
        account = make_account(dkim_selector="hub", **given)
        with pytest.raises(Permanent, match="dkim_key") as refused:
            await signed(mail_of(account), account)
        assert "nonsense" not in str(refused.value)


def test_selector_and_key_belong_together() -> None:
    for given in ({"dkim_selector": "hub"}, {"dkim_key": "x"}, {"dkim_selector": "a b", "dkim_key": "x"}):
        with pytest.raises(ValueError, match="dkim_selector"):
            make_account(**given)
