"""What we write: standing headers, threading, and nothing that a name or a subject could smuggle in."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.account import EmailAccount
from channels.email.compose import compose, message_id, recipients
from channels.email.parse import Arrival, parse
from hub.errors import Permanent
from hub.model.address import Address
from hub.model.delivery import Delivery, DeliveryFile
from tests.channels.email.conftest import RECEIVED, make_account

ADA = Address("mail:ada@example.com", "Ada")
AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def make_delivery(**more: Any) -> Delivery:
    """An answer to Ada."""
    given: dict[str, Any] = {
        "message": "01message", "conversation": "01conv", "account": "mail", "external_id": "out.1@demo.local",
        "author_name": "Grace", "to": (ADA,), "cc": (), "subject": "Re: hi", "text": "Hello Ada", "html": None, "files": (),
        "reply_to": "in.1@example.com", "references": ("in.0@example.com",), "at": AT, "attempt": 1, "automatic": False,
        "parts": {}, "correlation": None,
    } | more  # fmt: skip
    return Delivery(**given)


def read(mail: bytes) -> EmailMessage:
    """As the standard library reads it, strictly."""
    return message_from_bytes(mail, policy=policy.default)


def test_an_answer_carries_the_ids_that_thread_it(account: EmailAccount) -> None:
    mail = read(compose(make_delivery(), account, "tok"))
    assert mail["Message-ID"] == "<out.1@demo.local>"
    assert mail["In-Reply-To"] == "<in.1@example.com>"
    assert mail["References"] == "<in.0@example.com> <in.1@example.com>"
    assert mail["Reply-To"] == "Grace <support+c.tok@demo.local>"
    assert mail["From"] == "Grace <support@demo.local>"
    assert mail["Date"].datetime == AT
    assert "Auto-Submitted" not in mail


def test_a_mail_by_a_machine_says_so(account: EmailAccount) -> None:
    mail = read(compose(make_delivery(automatic=True), account, None))
    assert mail["Auto-Submitted"] == "auto-replied"
    assert "Reply-To" not in mail
    assert (
        read(compose(make_delivery(automatic=True, reply_to=None), account, None))["Auto-Submitted"] == "auto-generated"
    )


def test_what_we_write_is_what_our_own_parser_reads(account: EmailAccount) -> None:
    files = (
        DeliveryFile(name="报价 2026.pdf", type="application/pdf", content=b"%PDF\0\xff"),
        DeliveryFile(name="notes.txt", type="text/plain", content="备注".encode()),
        DeliveryFile(name="old.eml", type="message/rfc822", content=b"Subject: x\r\n\r\ny"),
    )
    delivery = make_delivery(
        subject="回复：打印机 " + "很长的主题" * 30, text="您好，\n\n打印机修好了。\n" + "长行" * 600,
        html="<p>您好，<b>打印机</b></p>", files=files, cc=(Address("mail:zhang@example.com", "张三, 经理"),),
    )  # fmt: skip
    envelope = parse(compose(delivery, account, None), account, Arrival(at=RECEIVED))
    assert envelope.subject == delivery.subject
    assert envelope.full_text == delivery.text.strip()
    assert envelope.html == "<p>您好，<b>打印机</b></p>"
    assert [(each.name, each.content) for each in envelope.attachments] == [(each.name, each.content) for each in files]
    assert envelope.cc == delivery.cc
    assert envelope.at == AT
    assert envelope.external_id == "out.1@demo.local"
    assert "broken" not in envelope.parts["mail"]


@given(text=st.text(max_size=400), name=st.text(max_size=100), body=st.text(max_size=400))
def test_no_header_is_injected_and_the_mail_stays_seven_bit(text: str, name: str, body: str) -> None:
    account = make_account(from_name=name)
    evil = text + "\r\nBcc: eve@example.com\r\n\r\n" + text
    delivery = make_delivery(subject=evil, author_name=evil, to=(Address("mail:ada@example.com", evil),), text=body)
    mail = compose(delivery, account, "tok")
    assert mail.isascii()
    head = mail.partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in {b" ", b"\t"}}
    assert names <= {
        b"Date", b"From", b"To", b"Reply-To", b"Subject", b"Message-ID", b"In-Reply-To", b"References",
        b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version",
    }  # fmt: skip
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert max(map(len, mail.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("key", ["phone:+8613800000000", "raw:nobody", "mail:a b@example.com", "mail:a@b\r\nx.com"])  # fmt: skip
def test_who_cannot_be_written_to_is_named(account: EmailAccount, key: str) -> None:
    with pytest.raises(Permanent, match="not a mail address"):
        recipients(make_delivery(to=(Address(key),)))


def test_an_address_with_letters_beyond_ascii_makes_a_mail_of_rfc_6532(account: EmailAccount) -> None:
    """Only such an address does; the mail of everybody else stays ASCII."""
    delivery = make_delivery(to=(Address("mail:张三@例子.公司", "张三"),))
    assert recipients(delivery) == ["张三@xn--fsqu00a.xn--55qx5d"]
    head, _, body = compose(delivery, account, None).partition(b"\r\n\r\n")
    assert "<张三@xn--fsqu00a.xn--55qx5d>".encode() in head
    assert body.isascii()


def test_a_blind_copy_goes_out_and_stands_nowhere(account: EmailAccount) -> None:
    delivery = make_delivery(bcc=(Address("mail:boss@example.com", "Boss"), ADA))
    assert recipients(delivery) == ["ada@example.com", "boss@example.com"]
    assert b"oss" not in compose(delivery, account, None)


def test_a_picture_that_the_html_shows_is_related_to_it_and_no_attachment(account: EmailAccount) -> None:
    files = (
        DeliveryFile(name="logo.png", type="image/png", content=b"\x89PNG", content_id="logo@mainstem"),
        DeliveryFile(name="x.png", type="image/png", content=b"x", content_id="not-shown@mainstem"),
    )
    mail = read(compose(make_delivery(html='<p>Hi <img src="cid:logo@mainstem"></p>', files=files), account, None))
    related = next(part for part in mail.walk() if part.get_content_type() == "multipart/related")
    html, picture = related.iter_parts()
    assert html.get_content_type() == "text/html"
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<logo@mainstem>", "inline")
    assert [part.get_filename() for part in mail.iter_attachments()] == ["x.png"]


def test_a_mailing_says_how_to_get_out_of_it(account: EmailAccount) -> None:
    """RFC 8058; a link that could add a header is left out."""
    link = "https://crm.example.com/hooks/unsubscribe/abc"
    mail = read(compose(make_delivery(parts={"mail": {"unsubscribe": link}}), account, None))
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Precedence"] == "bulk"
    bad = compose(make_delivery(parts={"mail": {"unsubscribe": f"{link}\r\nBcc: x@example.com"}}), account, None)
    assert b"List-Unsubscribe" not in bad


def test_a_chinese_domain_is_written_in_its_ascii_form() -> None:
    assert recipients(make_delivery(to=(Address("mail:a@例子.公司"),))) == ["a@xn--fsqu00a.xn--55qx5d"]


def test_each_recipient_stands_once_in_the_envelope() -> None:
    assert recipients(make_delivery(cc=(ADA, Address("mail:bob@example.com")))) == [
        "ada@example.com",
        "bob@example.com",
    ]


@pytest.mark.parametrize(
    ("external_id", "expected"),
    [("a@b", "a@b"), ("<a@b>", "a@b"), ("01message", "01message@demo.local"), ("x\r\n@y", "01message@demo.local")],
)
def test_the_message_id_is_the_one_made_before_sending(account: EmailAccount, external_id: str, expected: str) -> None:
    assert message_id(make_delivery(external_id=external_id), account) == expected


def test_an_id_of_ours_that_is_no_message_id_is_not_referred_to(account: EmailAccount) -> None:
    mail = read(compose(make_delivery(reply_to="sha256:00ff", references=()), account, None))
    assert "In-Reply-To" not in mail
    assert "References" not in mail


def test_a_long_chain_keeps_its_root_and_its_end(account: EmailAccount) -> None:
    chain = tuple(f"id{number}@example.com" for number in range(500))
    kept = str(read(compose(make_delivery(references=chain), account, None))["References"]).split()
    assert kept[0] == "<id0@example.com>"
    assert kept[-2:] == ["<id499@example.com>", "<in.1@example.com>"]
    assert len(kept) == 20
