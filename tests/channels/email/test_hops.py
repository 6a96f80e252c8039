"""SPF of mail that a mailbox handed out: about whoever handed it to the outermost server of ours, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping

import dns.resolver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.arrivals import read
from channels.email.authentication import authentication
from channels.email.authentication.hops import Hops, Origin
from channels.email.headers import split
from tests.channels.email.conftest import make_account
from tests.channels.email.inlet import WatchedInlet
from tests.channels.email.test_authentication import MAIL, raw_of, resolver, results, signed

__all__ = ["resolver"]

OURS = ("mx.demo.local", ".inside.example", "198.51.100.0/24")
RETURN = b"Return-Path: <ada@example.com>\r\n"
STORED = b"Received: from mx.demo.local ([10.0.0.5])\r\n\tby box.inside.example with LMTP\r\n\tid 1; Mon, 23 Nov 2026 14:00:01 +0000\r\n"
WITHIN = b"Received: by box.inside.example (Postfix, from userid 105) id 3; Mon, 23 Nov 2026 14:00:01 +0000\r\n"
BORDER = b"Received: from mail.example.com (unknown [8.8.8.8])\r\n\tby mx.demo.local with ESMTPS id 2; Mon, 23 Nov 2026 14:00:00 +0000\r\n"
RELAY = b"Received: from x ([198.51.100.7] helo=x) by mx.demo.local; Mon, 23 Nov 2026 14:00:00 +0000\r\n"
FORGED = b"Received: from mail.example.com ([8.8.8.8]) by mx.demo.local; Mon, 23 Nov 2026 13:00:00 +0000\r\n"
STRANGER = b"Received: from evil ([1.1.1.1]) by mx.demo.local; Mon, 23 Nov 2026 14:00:00 +0000\r\n"


async def found(
    content: bytes, resolver: dns.resolver.Resolver | None = None, /, **more: object
) -> Mapping[str, object]:
    account = make_account(trusted_hops=OURS, check_authentication=resolver is not None, **more)
    return await authentication(account, raw_of(content, place="INBOX;1;1"), split(content)[0], resolver)


async def test_spf_is_about_who_came_to_our_outermost_server(resolver: dns.resolver.Resolver) -> None:
    facts = await found(RETURN + STORED + WITHIN + BORDER + signed(MAIL % b"example.com"), resolver)
    assert (facts["spf"], facts["spf_domain"], facts["dmarc"], facts["source"]) == (
        "pass",
        "example.com",
        "pass",
        "checked",
    )
    facts = await found(RETURN + STORED + STRANGER + FORGED + MAIL % b"example.com", resolver)
    assert (facts["spf"], facts["dmarc"], facts["aligned"]) == ("fail", "fail", False)


@pytest.mark.parametrize(
    ("content", "origin"),
    [
        (RETURN + BORDER, Origin(peer="8.8.8.8", mail_from="ada@example.com")),
        (RETURN + STORED + RELAY + BORDER, Origin(peer="8.8.8.8", mail_from="ada@example.com")),
        (RETURN + STORED + STRANGER + FORGED, Origin(peer="1.1.1.1", mail_from="ada@example.com")),
        (b"Return-Path: <>\r\n" + BORDER, Origin(peer="8.8.8.8", mail_from="postmaster@mail.example.com")),
        (b"Received: from [8.8.4.4] (helo=h.example)\r\n\tby mx.demo.local (envelope-from <bo@h.example>); Mon\r\n",
         Origin(peer="8.8.4.4", mail_from="bo@h.example")),
        (b"Received: from h ([IPv6:2001:4860:4860::8888]) by mx.demo.local; Mon\r\n" + RETURN, Origin(peer="2001:4860:4860::8888")),
        (RETURN + b"Received: from x ([8.8.8.8]) by other.example; Mon\r\n" + BORDER, Origin()),
        (RETURN + b"Received: from x (no address) by mx.demo.local; Mon\r\n" + FORGED, Origin()),
        (RETURN + b"Received: from mx.demo.local ([10.0.0.1] by evil) by inside.example.evil; Mon\r\n" + FORGED, Origin()),
        (RETURN, Origin()),
        (STORED * 30 + BORDER, Origin()),
    ],
    ids=["border", "relay of ours", "forged below", "no sender", "exim", "ipv6", "not by us", "nobody named", "name of a stranger",
         "no hop", "endless"],
)  # fmt: skip
def test_only_what_our_servers_wrote_is_believed(content: bytes, origin: Origin) -> None:
    assert Hops(OURS).origin(content + MAIL % b"example.com") == origin


SAID = b'Received-SPF: Softfail (mx.demo.local: x) receiver=mx.demo.local; client-ip=8.8.8.8;\r\n envelope-from="ada@example.com"\r\n'


async def test_what_our_server_noted_of_spf_is_taken_and_not_asked_again(resolver: dns.resolver.Resolver) -> None:
    facts = await found(RETURN + SAID + BORDER + MAIL % b"example.com", resolver)
    assert (facts["spf"], facts["spf_domain"], facts["source"]) == ("softfail", "example.com", "checked")
    facts = await found(RETURN + SAID + BORDER + MAIL % b"example.com")
    assert (facts["spf"], facts["source"]) == ("softfail", "header")


async def test_what_a_trusted_server_leaves_out_is_filled_in_from_its_other_field() -> None:
    content = results("dkim=pass header.d=example.com") + SAID + BORDER + MAIL % b"example.com"
    facts = await found(content, trusted_authserv_ids=("mx.demo.local",))
    assert (facts["spf"], facts["dkim"]) == ("softfail", "pass")
    content = results("spf=pass smtp.mailfrom=ada@example.com") + SAID + BORDER + MAIL % b"example.com"
    assert (await found(content, trusted_authserv_ids=("mx.demo.local",)))["spf"] == "pass"


@pytest.mark.parametrize("content", [BORDER + SAID, SAID.replace(b"receiver=mx.demo.local", b"receiver=evil.example") + BORDER, SAID.replace(b"receiver=", b"x=") + BORDER])  # fmt: skip
async def test_a_note_that_came_with_the_mail_is_not_believed(content: bytes) -> None:
    assert await found(content + MAIL % b"example.com") == {}


async def test_a_gateway_before_our_door_tells_who_came_to_it(resolver: dns.resolver.Resolver) -> None:
    content = RETURN + STRANGER + MAIL % b"example.com"
    account = make_account(trusted_hops=OURS, check_authentication=True)
    raw = raw_of(content, peer="10.0.0.9", mail_from="ada@example.com")
    assert (await authentication(account, raw, split(content)[0], resolver))["spf"] == "fail"
    raw = raw_of(content, peer="8.8.8.8", mail_from="ada@example.com")
    assert (await authentication(account, raw, split(content)[0], resolver))["spf"] == "pass"


async def test_what_was_noted_stands_on_the_message(inlet: WatchedInlet) -> None:
    account = make_account(trusted_hops=OURS)
    envelope = await read(account, raw_of(SAID + BORDER + MAIL % b"example.com", place="INBOX;1;1"), inlet)
    assert envelope.parts["mail"]["authentication"]["spf"] == "softfail"


@pytest.mark.parametrize("hop", ["a b", "10.0.0.0/99", "mx.demo.local/24", "", "x..y", "1.2.3"])
def test_a_hop_that_is_none_is_refused(hop: str) -> None:
    with pytest.raises(ValueError, match="trusted_hops"):
        make_account(trusted_hops=(hop,))


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_are_read_without_a_fault(junk: bytes) -> None:
    Hops(OURS).origin(b"Received: from " + junk + b" by mx.demo.local\r\nReceived-SPF: " + junk + b"\r\n" + BORDER)
