"""What brings a mail to its conversation: ids in order of strength, and tokens that are ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.email.account import EmailAccount
from channels.email.addressing import token_in, with_token, without_token
from channels.email.ids import digest_id, is_message_id, read_ids
from channels.email.parse import Arrival, parse
from hub.model.envelope import ThreadKey
from tests.channels.email.conftest import RECEIVED

TOKENS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=40)


@given(TOKENS)
def test_a_token_survives_its_way_through_an_address(token: str) -> None:
    address = with_token("support@demo.local", token)
    assert token_in(address) == token
    assert without_token(address) == "support@demo.local"


def test_a_token_that_makes_the_address_too_long_is_left_out() -> None:
    assert with_token("support@demo.local", "x" * 60) == "support@demo.local"


def test_an_address_that_has_a_tag_keeps_only_the_token() -> None:
    assert with_token("support+old@demo.local", "t") == "support+c.t@demo.local"


def mail(**fields: str) -> bytes:
    """A mail of a few headers."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(["From: ada@example.com", *lines, "", "hi"]).encode()


def test_only_tokens_that_the_hub_confirms_count(account: EmailAccount, arrival: Arrival) -> None:
    raw = mail(To="support+c.good@demo.local, support+c.bad@demo.local", Message_ID="<1@x>")
    envelope = parse(raw, account, arrival, check=lambda token: "conv" if token == "good" else None)
    assert envelope.thread_keys == (ThreadKey("token", "conv"), ThreadKey("reference", "1@x", own=True))


def test_a_token_in_a_blind_copy_counts_too(account: EmailAccount) -> None:
    blind = Arrival(at=RECEIVED, recipients=("support+c.good@demo.local",))
    envelope = parse(mail(To="bob@example.com"), account, blind, check=lambda token: token)
    assert envelope.thread_keys == (ThreadKey("token", "good"),)


def test_keys_go_from_the_nearest_to_the_oldest(account: EmailAccount, arrival: Arrival) -> None:
    raw = mail(Message_ID="<3@x>", In_Reply_To="<2@x>", References="<0@x> <1@x> <2@x> <3@x>")
    envelope = parse(raw, account, arrival)
    assert [(key.value, key.own) for key in envelope.thread_keys] == [
        ("3@x", True),
        ("2@x", False),
        ("1@x", False),
        ("0@x", False),
    ]
    assert envelope.reply_to == "2@x"


def test_a_chain_of_a_thousand_keeps_root_and_end(account: EmailAccount, arrival: Arrival) -> None:
    raw = mail(Message_ID="<m@x>", References=" ".join(f"<{number}@x>" for number in range(1000)))
    values = [key.value for key in parse(raw, account, arrival).thread_keys]
    assert values[:2] == ["m@x", "999@x"]
    assert values[-1] == "0@x"
    assert len(values) == 21


def test_the_same_bytes_have_the_same_id_and_fingerprint(account: EmailAccount, arrival: Arrival) -> None:
    raw = mail(Subject="no id")
    one, two = parse(raw, account, arrival), parse(raw, account, arrival)
    assert one.external_id == two.external_id == digest_id(raw)
    assert one.fingerprint == two.fingerprint


def test_another_text_under_the_same_id_has_another_fingerprint(account: EmailAccount, arrival: Arrival) -> None:
    raw = mail(Message_ID="<1@x>")
    assert parse(raw, account, arrival).fingerprint != parse(raw + b"!", account, arrival).fingerprint


def test_our_own_addresses_are_told_so_that_they_are_no_parties(account: EmailAccount, arrival: Arrival) -> None:
    raw = mail(To="support+c.t@demo.local, any@shop.example, bob@example.com")
    assert parse(raw, account, arrival).own_keys == {
        "mail:support@demo.local", "mail:sales@demo.local", "mail:support+c.t@demo.local", "mail:any@shop.example",
    }  # fmt: skip


def test_message_ids_are_read_in_all_spellings() -> None:
    assert read_ids(b"<a@b><c@d>\r\n <a@b> junk") == ["a@b", "c@d"]
    assert read_ids(b"a@b c@d") == ["a@b", "c@d"]
    assert read_ids(b"junk") == []


def test_an_id_of_another_kind_is_no_message_id() -> None:
    assert not is_message_id("sha256:00")
    assert not is_message_id("a b@c")
    assert not is_message_id("a@b>\r\nBcc: x@y")
    assert is_message_id("a@b")


def test_the_subject_is_a_key_only_of_mails_that_refer_to_no_other(account: EmailAccount, arrival: Arrival) -> None:
    answer = parse(mail(Message_ID="<1@x>", Subject="回复：Printer on fire"), account, arrival)
    assert answer.thread_keys[-1] == ThreadKey("subject", "printer on fire", own=False)
    first = parse(mail(Message_ID="<1@x>", Subject="Printer on fire"), account, arrival)
    assert first.thread_keys[-1] == ThreadKey("subject", "printer on fire", own=True)
    for fields in ({"In_Reply_To": "<2@x>"}, {"Auto_Submitted": "auto-replied"}, {"Subject": "Hello"}):
        keys = parse(mail(**({"Subject": "Re: Printer on fire"} | fields)), account, arrival).thread_keys
        assert not [key for key in keys if key.kind == "subject"]
