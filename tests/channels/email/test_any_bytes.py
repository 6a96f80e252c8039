"""Whatever the bytes, an envelope comes out: in time, storable, and never by the last resort."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import pytest
from bson import encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.email.html import sanitise
from channels.email.parse import Arrival, parse
from hub.model.envelope import Envelope
from tests.channels.email.conftest import RECEIVED, make_account
from tests.channels.email.corpus_formats import LZFU, attribute, properties, winmail

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.eml"))
SEEDS = [path.read_bytes() for path in CORPUS]
ACCOUNT = make_account()
SLOWEST_S = 5.0
"""Of the processor: what else the machine does meanwhile is not the mail's fault."""
STORE_LIMIT = 16 * 1024 * 1024

PIECES = [
    b"From: ", b"Subject: ", b"Content-Type: ", b"Content-Transfer-Encoding: ", b"multipart/mixed; boundary=b", b"\r\n--b\r\n",
    b"\r\n--b--\r\n", b"text/html; charset=", b"utf-16", b"utf-7", b"gb18030", b"hz", b"iso-2022-jp", b"base64", b"x-uuencode",
    b"quoted-printable", b"\r\n\r\n", b"\r\n", b"\n", b"=?utf-8?B?", b"?=", b"=?", b"<", b">", b"<a@b>", b"@", b",", b";", b":", b'"',
    b"(", b"\\", b"\0", b"\xff\xfe", b"+2AA-", b"&#xD800;", b"<p>", b"<font color=x>", b"</", b"<!--", b"message/rfc822",
    b"On 1 wrote:", b"> ", b"filename*0*=", b"name=", b"Date: ", b"Mon, 99 Foo 0000 99:99:99 +9999", b"message/delivery-status",
    b"application/ms-tnef", b"\x78\x9f\x3e\x22", b"text/calendar", b"BEGIN:VEVENT\r\n", b"DTSTART;TZID=", b"text/vcard", b"BEGIN:VCARD\r\n",
    b"begin 644 x\r\n", b"end\r\n", b"-----Original Message-----", b"From: x\r\nSent: y\r\nTo: z", b"\xe5\x86\x99\xe9\x81\x93\xef\xbc\x9a", b"-- \r\n",
    b"MAILER-DAEMON@x", b"message/feedback-report", b"message/disposition-notification", b"Subject: Undeliverable", b"<div class=gmail_attr>",
    b"<div id=divRplyFwdMsg>", b"\x1b$B", b"text/enriched", b"{\\rtf1", b"\\u", b"X-Failed-Recipients: ",
    b"Message-ID: ", b"References: ", b"Final-Recipient: rfc822; x", b"From x\n", b"\x85", b"\xe2\x80\xa8", b"=", b"M", b"%",
]  # fmt: skip


def read(raw: bytes) -> Envelope:
    """Parse, and hold what is promised of every envelope."""
    begun = time.thread_time()
    envelope = parse(raw, ACCOUNT, Arrival(at=RECEIVED, recipients=("support@demo.local",)), check=lambda token: token)
    assert time.thread_time() - begun < SLOWEST_S
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


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), min_size=1, max_size=40))
def test_a_mail_with_flipped_bits_becomes_an_envelope(seed: bytes, flips: list[tuple[float, int]]) -> None:
    damaged = bytearray(seed or b"x")
    for place, bit in flips:
        damaged[int(place * (len(damaged) - 1))] ^= 1 << bit
    read(bytes(damaged))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_mails_whose_parts_are_shuffled_become_an_envelope(seeds: list[bytes], chance: Random) -> None:
    pieces = [piece for seed in seeds for piece in seed.split(b"\r\n--")]
    chance.shuffle(pieces)
    read(b"\r\n--".join(pieces))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from([winmail(b""), LZFU, b"{\\rtf1 \\'c4\\u20320?"]), max_size=8))
def test_any_bytes_in_winmail_dat_are_survived(pieces: list[bytes]) -> None:
    stream = b"\x78\x9f\x3e\x22\x01\x00" + b"".join(pieces)
    read(HEAD + b"Content-Type: application/ms-tnef\r\n\r\n" + stream)
    read(
        HEAD
        + b"Content-Type: application/ms-tnef\r\n\r\n"
        + winmail(attribute(1, 0x69003, properties((0x0102, 0x1009, stream))))
    )


HEAD = b"From: a@example.com\r\nMessage-ID: <1@x>\r\nDate: Mon, 23 Nov 2026 14:00:00 +0000\r\n"
DAEMON = HEAD.replace(b"a@example.com", b"MAILER-DAEMON@x") + b"Subject: Undeliverable\r\n\r\n"
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
    "sorts of attribution": PLAIN + b"20.11.2026 10:00 a <a@b>:\r\nx\r\n" * 20_000,
    "addresses before colons": PLAIN
    + b"<" * 900
    + b"a@b>:\r\n"
    + (b"Bob <b@example.com> x\r\n" + b"10:00 wrote\r\n") * 10_000,
    "header labels": PLAIN + b"Von: x\r\nx: y\r\n" * 40_000,
    "original marks": PLAIN + b"----Original----x\r\n" * 20_000,
    "delimiters of signatures": PLAIN + b"-- \r\n" * 80_000,
    "blanks": PLAIN + b" " * 400_000 + b"x",
    "bounced addresses": DAEMON + b"a" * 200_000,
    "bounced signs": DAEMON + b"the following address(es) failed\r\n" + b"  a@b\r\n" * 50_000,
    "bounced spaces": DAEMON + b"The following recipient(s) cannot be reached\r\n" + b" \r\n  " * 50_000,
    "status blocks": HEAD
    + b"Content-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; x\r\n\r\n" * 50_000,
    "calendar": HEAD
    + b"Content-Type: text/calendar\r\n\r\n"
    + b"BEGIN:VEVENT\r\nATTENDEE;CN=x;"
    + b'a="b;";' * 30_000
    + b":x\r\n" * 20_000,
    "attendees": HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n" + b"ATTENDEE:mailto:a@b\r\n" * 50_000,
    "cards": HEAD + b"Content-Type: text/vcard\r\n\r\n" + b"BEGIN:VCARD\r\nEMAIL:a@b\r\nEND:VCARD\r\n" * 20_000,
    "soft breaks in a card": HEAD
    + b"Content-Type: text/vcard\r\n\r\nBEGIN:VCARD\r\nN;ENCODING=QUOTED-PRINTABLE:"
    + b"a=\r\n" * 60_000,
    "tnef": HEAD + b"Content-Type: application/ms-tnef\r\n\r\n" + winmail(attribute(2, 0x69002, b"") * 100_000),
    "packed rtf": HEAD
    + b"Content-Type: application/ms-tnef\r\n\r\n"
    + winmail(
        attribute(
            1,
            0x69003,
            properties(
                (0x0102, 0x1009, b"\xff\xff\xff\x00" * 2 + b"LZFu" + b"\0" * 4 + b"\xff" + b"\x10\x0f" * 240_000)
            ),
        )
    ),
    "rtf groups": HEAD
    + b"Content-Type: application/ms-tnef\r\n\r\n"
    + winmail(attribute(1, 0x69003, properties((0x0102, 0x1009, b"\0" * 8 + b"MELA" + b"\0" * 4 + b"{" * 400_000)))),
    "uuencoded": PLAIN + b"begin 644 x\r\n#0V%T\r\n" * 20_000,
    "marked elements": HTML + b"<div class='gmail_attr'>" * 19_000,
    "classes": HTML + b"<p class='" + b"gmail_attr_ " * 30_000 + b"'>x",
    "unlabelled bytes": PLAIN + bytes(range(128, 256)) * 3000,
    "subject prefixes": HEAD + b"Subject: " + b"Fwd" * 100_000 + b":\r\n\r\nx",
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
    begun = time.thread_time()
    mail = (
        HEAD
        + b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"QUJD" * 12_000_000
    )
    envelope = read(mail)
    assert len(envelope.attachments[0].content) == 36_000_000
    assert time.thread_time() - begun < SLOWEST_S


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<script>", "</script>", "<img src=", "x onerror=alert(1)", ">", "<", "/", "'", '"', "<svg>", "<style>", "</style>",
                "<math>", "<a href=", "javascript:alert(1)", "data:text/html,x", "http://e/", "cid:a", "<b ", "<font ", "=", " ",
                "<title>", "<!--", "-->", "<noscript>", "<p style=", "position:fixed", "background:url(http://e)", "&#106;", "\0",
                "<div class=gmail_attr>", "<p id=Signature class=x>", "<i title='neteasefooter'>", "<table>", "<td>", "<template>", "<iframe srcdoc=", "<base href=", "<meta http-equiv=refresh ", "<link ", "<form>",
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
