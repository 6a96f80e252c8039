"""Whatever the bytes, an envelope comes out: in time, storable, and never by the last resort."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bson import encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.email.html import sanitise
from channels.email.parse import Arrival, parse
from hub.model.envelope import Envelope
from tests.channels.email.conftest import RECEIVED, make_account

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.eml"))
SEEDS = [path.read_bytes() for path in CORPUS]
ACCOUNT = make_account()
SLOWEST_S = 5.0
STORE_LIMIT = 16 * 1024 * 1024

PIECES = [
    b"From: ", b"Subject: ", b"Content-Type: ", b"Content-Transfer-Encoding: ", b"multipart/mixed; boundary=b", b"\r\n--b\r\n",
    b"\r\n--b--\r\n", b"text/html; charset=", b"utf-16", b"utf-7", b"gb18030", b"hz", b"iso-2022-jp", b"base64", b"x-uuencode",
    b"quoted-printable", b"\r\n\r\n", b"\r\n", b"\n", b"=?utf-8?B?", b"?=", b"=?", b"<", b">", b"<a@b>", b"@", b",", b";", b":", b'"',
    b"(", b"\\", b"\0", b"\xff\xfe", b"+2AA-", b"&#xD800;", b"<p>", b"<font color=x>", b"</", b"<!--", b"message/rfc822",
    b"On 1 wrote:", b"> ", b"filename*0*=", b"name=", b"Date: ", b"Mon, 99 Foo 0000 99:99:99 +9999", b"message/delivery-status",
    b"Message-ID: ", b"References: ", b"Final-Recipient: rfc822; x", b"From x\n", b"\x85", b"\xe2\x80\xa8", b"=", b"M", b"%",
]  # fmt: skip


def read(raw: bytes) -> Envelope:
    """Parse, and hold what is promised of every envelope."""
    begun = time.perf_counter()
    envelope = parse(raw, ACCOUNT, Arrival(at=RECEIVED, recipients=("support@demo.local",)), check=lambda token: token)
    assert time.perf_counter() - begun < SLOWEST_S
    assert "unreadable" not in envelope.parts["mail"].get("broken", [])
    assert envelope.external_id
    assert envelope.at <= RECEIVED
    for line in (envelope.subject, envelope.sender.name, *(file.name for file in envelope.attachments)):
        assert not any(char in line for char in "\r\n\0\u2028\x85")
    document = {
        "text": envelope.text, "full_text": envelope.full_text, "html": envelope.html, "subject": envelope.subject,
        "to": [[each.key, each.name] for each in (*envelope.to, *envelope.cc, envelope.sender)], "mail": envelope.parts,
        "keys": [key.value for key in envelope.thread_keys], "id": envelope.external_id,
        "files": [[file.name, file.type, file.content_id] for file in envelope.attachments],
    }  # fmt: skip
    assert len(encode(document)) < STORE_LIMIT
    return envelope


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_become_an_envelope(raw: bytes) -> None:
    read(raw)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60))
def test_any_mixture_of_mail_pieces_becomes_an_envelope(pieces: list[bytes]) -> None:
    read(b"".join(pieces))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES)), max_size=6),
)
def test_a_damaged_mail_becomes_an_envelope(seed: bytes, damages: list[tuple[float, int, bytes]]) -> None:
    for place, lost, put in damages:
        at = int(place * len(seed))
        seed = seed[:at] + put + seed[at + lost :]
    read(seed)


@given(st.sampled_from(SEEDS), st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_a_mail_cut_off_anywhere_becomes_an_envelope(seed: bytes, place: float) -> None:
    read(seed[: int(place * len(seed))])


HEAD = b"From: a@example.com\r\nMessage-ID: <1@x>\r\nDate: Mon, 23 Nov 2026 14:00:00 +0000\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
PLAIN = HEAD + b"\r\n"
HOSTILE = {
    "parts": MIXED + b"--a\r\n\r\nx\r\n" * 100_000,
    "false delimiters": MIXED + b"--ab\r\n" * 1_000_000,
    "recipients": HEAD + b"To: " + b", ".join(b"u%d@example.com" % n for n in range(20_000)) + b"\r\n\r\nx",
    "commas": HEAD + b"To: " + b"," * 1_000_000 + b"\r\n\r\nx",
    "comments": HEAD + b"To: " + b"(" * 1_000_000 + b"\r\n\r\nx",
    "encoded words": HEAD + b"Subject: " + b"=?utf-8?b?aGk=?= " * 60_000 + b"\r\n\r\nx",
    "half words": HEAD + b"Subject: " + b"=?x?b?" * 150_000 + b"\r\n\r\nx",
    "header lines": HEAD + b"X: y\r\n" * 300_000 + b"\r\nx",
    "folds": HEAD + b"X: y\r\n" + b" z\r\n" * 300_000 + b"\r\nx",
    "references": HEAD + b"References: " + b"<" * 1_000_000 + b"\r\n\r\nx",
    "parameters": HEAD + b"Content-Type: text/plain; " + b"a*0*=x;" * 140_000 + b"\r\n\r\nx",
    "quotes": PLAIN + b"> x\r\n" * 300_000,
    "attributions": PLAIN + b"On 1 wrote:\r\n\r\n> a\r\n" * 60_000,
    "attribution starts": PLAIN + b"On x\r\n" * 300_000,
    "outlook starts": PLAIN + b"From: x\r\n" * 100_000,
    "base64 ends": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==" * 1_000_000,
    "nested tags": HTML + b"<div>" * 19_000,
    "lists": HTML + b"<ul><li>" * 9_500,
    "formatting": HTML + b"".join(b"<p><font color=%d>" % n for n in range(9_900)),
    "formatting with quotes": HTML + b"".join(b"<p><b x='>' y=%d>" % n for n in range(9_900)),
    "links": HTML + b"".join(b"<p><a href=http://x/%d>" % n for n in range(9_900)),
    "links in tables": HTML + b"".join(b"<table><td><a href=http://x/%d>" % n for n in range(6_600)),
    "attributes": HTML + b"<a " + b" ".join(b"x%d" % n for n in range(80_000)) + b">",
    "entities": HTML + b"&#" * 249_000,
    "angles": HTML + b"<" * 400_000,
    "comment starts": HTML + b"<!--" * 19_000,
    "foster parents": HTML + b"<table>" + b"x<b>" * 19_000,
    "too much html": HTML + b"<div>hello</div>" * 100_000,
    "utf-16": HEAD + b"Content-Type: text/plain; charset=utf-16\r\n\r\n" + b"\xd8\x00" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mail_made_to_be_slow_is_read_in_time(name: str) -> None:
    read(HOSTILE[name])


def test_a_fault_of_ours_still_gives_an_envelope_and_is_logged(expected_errors: list[str]) -> None:
    expected_errors.append("mail could not be read")

    def broken(token: str) -> str | None:
        raise ValueError(token)

    arrival = Arrival(at=RECEIVED, recipients=("support+c.token@demo.local",), raw="raw1")
    envelope = parse(HEAD + b"\r\nHello \0\xff", ACCOUNT, arrival, check=broken)
    assert envelope.parts["mail"]["broken"] == ["unreadable"]
    assert "Hello" in envelope.text
    assert envelope.raw == "raw1"


def test_a_large_attachment_costs_little_time() -> None:
    begun = time.perf_counter()
    mail = (
        HEAD
        + b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"QUJD" * 12_000_000
    )
    envelope = read(mail)
    assert len(envelope.attachments[0].content) == 36_000_000
    assert time.perf_counter() - begun < SLOWEST_S


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<script>", "</script>", "<img src=", "x onerror=alert(1)", ">", "<", "/", "'", '"', "<svg>", "<style>", "</style>",
                "<math>", "<a href=", "javascript:alert(1)", "data:text/html,x", "http://e/", "cid:a", "<b ", "<font ", "=", " ",
                "<title>", "<!--", "-->", "<noscript>", "<p style=", "position:fixed", "background:url(http://e)", "&#106;", "\0",
                "<table>", "<td>", "<template>", "<iframe srcdoc=", "<base href=", "<meta http-equiv=refresh ", "<link ", "<form>",
            ]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_sanitised_html_is_safe_and_fetches_nothing(pieces: list[str]) -> None:
    reader = Attributes()
    reader.feed(sanitise("".join(pieces)) or "")
    reader.close()
    for tag, name, value in reader.found:
        assert tag not in FORBIDDEN
        assert not name.startswith("on")
        assert name not in {"srcset", "background", "srcdoc", "action", "class", "id"}
        if name in {"href", "src"}:
            scheme = value.strip().lower().partition(":")[0]
            assert scheme in ({"http", "https", "mailto", "tel"} if name == "href" else {"cid", "data"})
        if name == "style":
            assert not any(word in value.lower() for word in ("position", "url", "z-index", "margin"))


FORBIDDEN = {
    "script",
    "svg",
    "style",
    "math",
    "iframe",
    "base",
    "meta",
    "link",
    "form",
    "template",
    "noscript",
    "title",
}


class Attributes(HTMLParser):
    """All attributes of all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, "", ""))
        self.found.extend((tag, name, value or "") for name, value in attrs)
