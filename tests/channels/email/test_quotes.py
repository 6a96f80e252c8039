"""What the sender newly wrote: nothing is invented, nothing is lost, and the tables of clients and languages hold."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.email.html import sanitise
from channels.email.quotes import MARKUP, is_forward, newly_written
from channels.email.quotes.markup import WATCHED
from channels.email.quotes.phrases import PHRASES, tables
from channels.email.reading import read_html
from tests.channels.email.corpus_quotes import LANGUAGES

LINES = st.lists(
    st.sampled_from(
        [
            "", "Hello", "my answer", "> quoted", ">> deeper", "On 2026-11-20 10:00, Bob wrote:", "-- ", "--", "Ada", "-----Original Message-----",
            "From: Bob <b@example.com>", "Sent: Friday", "To: Ada", "Subject: x", "在 2026-11-20 10:00:00，Bob 写道：", "________________",
            "---------- Forwarded message ---------", "Sent from my iPhone", "Bob <b@example.com>", "wrote:", "<b@example.com>:", "> ", ">From here",
        ]
    )
    | st.text(max_size=30),
    max_size=30,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(LINES)
@example(["> all", "> quoted"])
@example(["-- ", "Ada"])
def test_the_new_text_is_made_of_lines_of_the_mail_and_never_empty(lines: list[str]) -> None:
    full = "\n".join(lines)
    new = newly_written(full)
    assert bool(new.strip()) == bool(full.strip())
    rest = iter(line.strip() for line in full.split("\n"))
    assert all(any(line.strip() == other for other in rest) for line in new.split("\n"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("abc ,.!?\n", min_size=1), min_size=1))
def test_words_alone_stay_as_they_are(pieces: list[str]) -> None:
    text = " ".join(pieces)
    assert newly_written(text) == text.strip()


def test_what_is_passed_on_stays_whole() -> None:
    text = "See below\n\nFrom: Bob\nSent: Friday\nTo: Ada\nSubject: x\n\nold"
    assert newly_written(text, forward=True) == text
    assert newly_written(text) == "See below"


@pytest.mark.parametrize(
    "subject", ["Fwd: x", "FW: x", "WG: x", "TR : x", "转发：x", "転送: x", "Fwd[2]: x", "  rv: x"]
)
def test_subjects_say_that_a_mail_is_passed_on(subject: str) -> None:
    assert is_forward(subject)


@pytest.mark.parametrize("subject", ["Re: Fwd: x", "Fwd", "I think: x", "Trouble: x", "", "回复: 转发: x"])
def test_other_subjects_do_not(subject: str) -> None:
    assert not is_forward(subject)


@pytest.mark.parametrize("name", LANGUAGES)
def test_each_language_knows_the_words_of_its_clients(name: str) -> None:
    words = LANGUAGES[name]
    assert words.labels[0].lower().replace("\u0307", "") in PHRASES.senders
    assert sum(label.lower() in PHRASES.fields for label in words.labels[1:]) >= 2
    assert is_forward(words.forward_subject + "x")


def test_the_tables_hold_what_the_code_asks_for() -> None:
    for table in tables("languages"):
        assert {"wrote", "original", "forwarded", "from", "fields", "auto_reply_subjects"} <= table.keys()
    for table in tables("clients"):
        assert table.keys() <= {"attribution", "quote", "signature", "rest"}
    assert {attribute for attribute, _ in MARKUP.exact} <= set(WATCHED)


def test_the_marks_of_clients_become_roles_and_nothing_of_them_remains() -> None:
    safe = (
        sanitise('<div>new</div><div class="x gmail_attr y" id="z">A wrote:</div><div id="Signature">Ada</div>') or ""
    )
    assert 'data-quote="attribution"' in safe
    assert 'data-quote="signature"' in safe
    assert "class=" not in safe
    assert "id=" not in safe
    assert read_html(safe).new == "new"
    assert read_html(safe).full == "new\nA wrote:\nAda"


def test_a_sender_cannot_write_a_role() -> None:
    assert "data-quote" not in (sanitise('<div data-quote="rest" class="gmail_attribute">x</div>') or "")
