"""Who really sent it: what a trusted server says, and what we find out ourselves, against a DNS server of the test."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

import dkim
import dns.resolver
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from dnslib import QTYPE, RR
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer

from channels.email.arrivals import read
from channels.email.authentication import authentication
from channels.email.headers import split
from hub.channel import Raw
from tests.channels.email.conftest import RECEIVED, make_account
from tests.channels.email.inlet import WatchedInlet

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # small: it is made for each run
PRIVATE = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())  # fmt: skip
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()  # fmt: skip
DKIM_RECORD = "v=DKIM1; k=rsa; p=" + "".join(PUBLIC.splitlines()[1:-1])
EDWARDS = ed25519.Ed25519PrivateKey.generate()
EDWARDS_PUBLIC = base64.b64encode(EDWARDS.public_key().public_bytes_raw()).decode()
ZONE: dict[tuple[str, str], list[str]] = {
    ("example.com", "TXT"): ["v=spf1 ip4:8.8.8.0/24 include:_spf.example.net -all"],
    ("_spf.example.net", "TXT"): ["v=spf1 mx ~all"],
    ("_spf.example.net", "MX"): ["mx.example.net"],
    ("mx.example.net", "A"): ["9.9.9.9"],
    ("s1._domainkey.example.com", "TXT"): [DKIM_RECORD],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"],
    ("_dmarc.strict.example", "TXT"): ["v=DMARC1; p=reject; adkim=s; aspf=s"],
    ("strict.example", "TXT"): ["v=spf1 ip4:8.8.8.8 -all"],
    ("e1._domainkey.example.com", "TXT"): [f"v=DKIM1; k=ed25519; p={EDWARDS_PUBLIC}"],
    ("loop.example", "TXT"): ["v=spf1 include:loop.example -all"],
}
SLOW = "slow.example"
MAIL = b"From: Ada <ada@%b>\r\nTo: support@demo.local\r\nSubject: Hello\r\nMessage-ID: <1@example.com>\r\n\r\nWords\r\n"


class Zone(BaseResolver):  # type: ignore[misc]  # the library has no types
    """Answers from `ZONE`; nothing at all for names under `slow.example`."""

    def resolve(self, request: object, handler: DNSHandler) -> object:
        question = request.q  # type: ignore[attr-defined]
        name, kind = str(question.qname).rstrip(".").lower(), QTYPE[question.qtype]
        reply = request.reply()  # type: ignore[attr-defined]
        if name.endswith(SLOW):
            reply.header.rcode = 2  # SERVFAIL
            return reply
        for value in ZONE.get((name, kind), []):
            text = f"{name}. 60 IN {kind} " + (
                _quoted(value) if kind == "TXT" else f"10 {value}." if kind == "MX" else value
            )
            for record in RR.fromZone(text):
                reply.add_answer(record)
        if not any(known == name for known, _ in ZONE):
            reply.header.rcode = 3
        return reply


def _quoted(value: str) -> str:
    return " ".join(f'"{value[at : at + 200]}"' for at in range(0, len(value), 200))


@pytest.fixture(scope="module")
def resolver() -> Iterator[dns.resolver.Resolver]:
    server = DNSServer(Zone(), address="127.0.0.1", port=0, logger=DNSLogger("-", False))
    port = server.server.server_address[1]
    server.start_thread()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    yield resolver
    server.stop()
    server.server.server_close()


def raw_of(content: bytes, **note: object) -> Raw:
    return Raw(id="r1", account="mail", content=content, at=RECEIVED, note=note, correlation="c")


async def found(content: bytes, resolver: dns.resolver.Resolver | None = None, /, trusted: tuple[str, ...] = (), **note: object) -> Mapping[str, object]:  # fmt: skip
    account = make_account(trusted_authserv_ids=trusted, check_authentication=resolver is not None)
    return await authentication(account, raw_of(content, **note), split(content)[0], resolver)


def results(value: str, *, server: str = "mx.demo.local") -> bytes:
    return f"Authentication-Results: {server};\r\n {value}\r\n".encode()


HOP = b"Received: from x by mx.demo.local; Mon, 23 Nov 2026 14:00:00 +0000\r\n"
ALL = "spf=pass smtp.mailfrom=ada@example.com; dkim=pass (2048-bit key; x=fail) header.d=Example.com header.s=s1; dmarc=pass (p=reject) header.from=example.com"
OUR = ("mx.demo.local",)


async def test_a_trusted_server_is_believed() -> None:
    facts = await found(results(ALL) + MAIL % b"example.com", trusted=OUR)
    assert facts == {
        "spf": "pass", "dkim": "pass", "dmarc": "pass", "spf_domain": "example.com", "dkim_domains": ["example.com"],
        "from_domain": "example.com", "aligned": True, "source": "header",
    }  # fmt: skip


async def test_nobody_else_is_believed() -> None:
    assert await found(results(ALL, server="evil.example") + MAIL % b"example.com", trusted=OUR) == {}
    assert await found(results(ALL) + MAIL % b"example.com") == {}


FAILED = results("spf=fail smtp.mailfrom=eve@evil.example")
FORGED = results("dkim=pass header.d=example.com; dmarc=pass; spf=pass")


@pytest.mark.parametrize(
    "content",
    [
        FAILED + FORGED,
        FAILED + HOP + FORGED,
        HOP + FAILED + FORGED + HOP,
        HOP + FAILED + HOP + FORGED,
        FAILED + results("spf=pass", server="other.example") + FORGED + HOP,
    ],
    ids=["directly below", "below a hop", "below a field below our hop", "below another hop", "below a stranger's"],
)
async def test_a_forged_field_below_ours_does_not_count(content: bytes) -> None:
    facts = await found(content + MAIL % b"example.com", trusted=OUR)
    assert (facts["spf"], facts.get("dkim"), facts.get("dmarc"), facts["aligned"]) == ("fail", None, None, False)


async def test_a_forged_field_is_not_believed_because_a_stranger_stands_above_it() -> None:
    stranger = results("spf=fail", server="other.example")
    assert await found(stranger + FORGED + HOP + MAIL % b"example.com", trusted=OUR) == {}


async def test_the_fields_of_several_filters_of_one_server_count_together() -> None:
    content = results("dmarc=pass header.from=example.com") + results("dkim=pass header.d=example.com") + HOP
    facts = await found(content + results("spf=pass") + MAIL % b"example.com", trusted=OUR)
    assert (facts["dmarc"], facts["dkim"], facts.get("spf")) == ("pass", "pass", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("none", {}),
        ("spf=softfail", {"spf": "softfail"}),
        ("spf=hardfail", {"spf": "fail"}),
        ('dkim=fail reason="x; dkim=pass" header.d=a.example', {"dkim": "fail"}),
        ("dkim=fail (bad; dkim=pass)", {"dkim": "fail"}),
        ("dkim=fail header.d=a.example; dkim=pass header.d=b.example", {"dkim": "pass", "dkim_domains": ["b.example"]}),
        ("dkim=pass header.i=@b.example", {"dkim": "pass", "dkim_domains": ["b.example"]}),
        ("SPF/1 = Pass smtp.mailfrom=b.example", {"spf": "pass", "spf_domain": "b.example"}),
        ("iprev=pass; auth=pass", {}),
    ],
)
async def test_results_are_read_in_all_spellings(value: str, expected: dict[str, object]) -> None:
    facts = dict(await found(results(value) + MAIL % b"example.com", trusted=OUR))
    for key in ("source", "from_domain", "aligned"):
        facts.pop(key, None)
    assert facts == expected


async def test_two_authors_are_spoken_for_by_nobody() -> None:
    mail = results(ALL) + b"From: eve@evil.example\r\n" + MAIL % b"example.com"
    assert "aligned" not in await found(mail, trusted=OUR)


def signed(mail: bytes, domain: bytes = b"example.com") -> bytes:
    return dkim.sign(mail, b"s1", domain, PRIVATE) + mail  # type: ignore[no-any-return]


async def test_a_signed_mail_from_an_allowed_server_passes(resolver: dns.resolver.Resolver) -> None:
    facts = await found(signed(MAIL % b"example.com"), resolver, peer="8.8.8.8", mail_from="ada@example.com")
    assert facts == {
        "spf": "pass", "dkim": "pass", "dmarc": "pass", "spf_domain": "example.com", "dkim_domains": ["example.com"],
        "from_domain": "example.com", "aligned": True, "source": "checked",
    }  # fmt: skip


async def test_a_signature_by_ed25519_is_found_genuine_and_a_changed_mail_is_not(
    resolver: dns.resolver.Resolver,
) -> None:
    """RFC 8463."""
    mail = MAIL % b"example.com"
    key = base64.b64encode(EDWARDS.private_bytes_raw())
    field = dkim.sign(mail, b"e1", b"example.com", key, signature_algorithm=b"ed25519-sha256")
    facts = await found(field + mail, resolver)
    assert (facts["dkim"], facts["dkim_domains"], facts["dmarc"]) == ("pass", ["example.com"], "pass")
    facts = await found(field + mail.replace(b"Words", b"Other words"), resolver)
    assert (facts["dkim"], facts["dmarc"]) == ("fail", "fail")


async def test_a_changed_mail_from_elsewhere_fails(resolver: dns.resolver.Resolver) -> None:
    changed = signed(MAIL % b"example.com").replace(b"Words", b"Other words")
    facts = await found(changed, resolver, peer="1.1.1.1", mail_from="ada@example.com")
    assert (facts["spf"], facts["dkim"], facts["dmarc"], facts["aligned"]) == ("fail", "fail", "fail", False)


@pytest.mark.parametrize(
    ("peer", "sender", "word"),
    [
        ("9.9.9.9", "ada@example.com", "pass"),
        ("1.1.1.1", "ada@nothing.example", "none"),
        ("1.1.1.1", "ada@loop.example", "permerror"),
        ("1.1.1.1", f"ada@{SLOW}", "temperror"),
        ("10.0.0.1", "ada@example.com", "none"),
        ("rubbish", "ada@example.com", "none"),
        ("8.8.8.8", "a" * 300 + "@example.com", "pass"),
    ],
)
async def test_the_policy_of_the_sender_is_followed(resolver: dns.resolver.Resolver, peer: str, sender: str, word: str) -> None:  # fmt: skip
    assert (await found(MAIL % b"example.com", resolver, peer=peer, mail_from=sender))["spf"] == word


@pytest.mark.parametrize(
    ("author", "mail_from", "word"),
    [
        (b"news.example.com", "ada@example.com", "pass"),
        (b"strict.example", "ada@strict.example", "pass"),
        (b"sub.strict.example", "ada@strict.example", "fail"),
        (b"example.com", "eve@strict.example", "fail"),
        (b"no-policy.example", "ada@example.com", "none"),
        (SLOW.encode(), "ada@example.com", "temperror"),
    ],
)
async def test_the_policy_of_the_author_is_followed(resolver: dns.resolver.Resolver, author: bytes, mail_from: str, word: str) -> None:  # fmt: skip
    facts = await found(MAIL % author, resolver, peer="8.8.8.8", mail_from=mail_from)
    assert facts["dmarc"] == word


async def test_where_the_envelope_is_not_known_nothing_is_said_of_spf(resolver: dns.resolver.Resolver) -> None:
    facts = await found(signed(MAIL % b"example.com"), resolver)
    assert "spf" not in facts
    assert (facts["dkim"], facts["dmarc"]) == ("pass", "pass")


@pytest.mark.parametrize(
    "field",
    [b"DKIM-Signature: rubbish", b"DKIM-Signature: v=1; a=rsa-sha256; d=; s=; b=; bh=; h=", b"DKIM-Signature: ", b"DKIM-Signature: v=1; a=rsa-sha256; c=x/y; d=example.com; s=s1; h=from; bh=eA==; b=eA==; l=-1"],
)  # fmt: skip
async def test_nonsense_in_a_signature_is_an_error_of_its_writer(resolver: dns.resolver.Resolver, field: bytes) -> None:
    facts = await found(field + b"\r\n" + MAIL % b"example.com", resolver)
    assert facts["dkim"] in {"permerror", "fail"}


async def test_a_body_made_to_be_slow_is_not_checked(resolver: dns.resolver.Resolver) -> None:
    facts = await found(signed(MAIL % b"example.com") + b" " * 300_000 + b"x", resolver)
    assert facts["dkim"] == "neutral"


async def test_a_trusted_field_spares_our_own_check(resolver: dns.resolver.Resolver) -> None:
    facts = await found(results("dkim=fail") + MAIL % b"example.com", resolver, trusted=OUR)
    assert facts["source"] == "header"


async def test_what_was_found_stands_on_the_message(inlet: WatchedInlet) -> None:
    account = make_account(trusted_authserv_ids=OUR)
    envelope = await read(account, raw_of(results(ALL) + MAIL % b"example.com"), inlet)
    assert envelope.parts["mail"]["authentication"]["dmarc"] == "pass"
