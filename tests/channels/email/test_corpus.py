"""Each mail of the corpus is read as the file beside it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from channels.email.parse import Arrival, parse
from hub.model.envelope import Envelope
from tests.channels.email.conftest import RECEIVED, make_account

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))


def fields_of(envelope: Envelope) -> dict[str, Any]:
    """The envelope as the expectations name it."""
    mail = envelope.parts["mail"]
    return {
        "sender": envelope.sender.key, "sender_name": envelope.sender.name, "subject": envelope.subject,
        "to": [each.key for each in envelope.to], "cc": [each.key for each in envelope.cc],
        "text": envelope.text, "full_text": envelope.full_text, "html": envelope.html, "at": envelope.at.isoformat(),
        "external_id": envelope.external_id, "reply_to": envelope.reply_to, "automatic": envelope.automatic,
        "references": [key.value for key in envelope.thread_keys if key.kind == "reference" and not key.own],
        "tokens": [key.value for key in envelope.thread_keys if key.kind == "token"],
        "kind": mail["kind"], "answer_to": mail.get("answer_to"),
    } | {name: mail.get(name) for name in FACTS}  # fmt: skip


FACTS = ("bounce", "bounces", "delivered", "complaint", "receipt", "calendar", "vcards")
"""What a mail reports. An expectation names some fields of each fact; the others are not looked at."""


def like(wanted: Any, found: Any) -> Any:
    """What was found, cut down to the fields that are wanted."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {key: like(each, found.get(key)) for key, each in wanted.items()}
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [like(one, other) for one, other in zip(wanted, found, strict=True)]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_of_the_corpus_is_read_as_expected(name: str) -> None:
    expected: dict[str, Any] = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
    arrival = Arrival(at=RECEIVED, mail_from=expected.pop("mail_from", "ada@example.com"))
    envelope = parse((CORPUS / f"{name}.eml").read_bytes(), make_account(), arrival, check=lambda token: token)
    check_attachments(envelope, expected.pop("attachments", None))
    html = envelope.html or ""
    assert [each for each in expected.pop("html_has", []) if each not in html] == [], html
    assert [each for each in expected.pop("html_lacks", []) if each in html] == [], html
    assert envelope.external_id.startswith(expected.pop("external_id_starts", ""))
    assert expected.pop("own_has", "mail:support@demo.local") in envelope.own_keys
    assert envelope.parts["mail"].get("broken", []) == expected.pop("broken", [])
    found = fields_of(envelope)
    assert {key: like(expected[key], found[key]) for key in expected} == expected


def check_attachments(envelope: Envelope, expected: list[dict[str, Any]] | None) -> None:
    """Each named fact of each attachment."""
    if expected is None:
        return
    found = [
        {"name": a.name, "type": a.type, "size": len(a.content), "inline": a.inline, "content_id": a.content_id}
        for a in envelope.attachments
    ]
    assert [{key: have[key] for key in want} for have, want in zip(found, expected, strict=True)] == expected


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(NAMES) >= 150
    assert {path.stem for path in CORPUS.glob("*.json")} == set(NAMES)
