"""What a mail is: written by a person, or a bounce, an automatic answer, an invitation, a report; and what it reports."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from channels.email.headers import Headers
from channels.email.mailboxes import read_addresses
from channels.email.mime import Leaf
from channels.email.quotes.phrases import PHRASES
from channels.email.reports import delivery, oddities
from channels.email.reports.complaint import complaint_of
from channels.email.reports.receipt import receipt_of
from channels.email.reports.returned import original_id, returned_headers

_TABLE = tomllib.loads((resources.files("channels.email.reports") / "automatic.toml").read_text(encoding="utf-8"))
_DAEMONS = frozenset(_TABLE["daemons"])
_ANSWERS = frozenset(name.encode() for name in _TABLE["answers"])
_MACHINES = frozenset(name.encode() for name in _TABLE["machines"])
_VALUES = {name.encode(): tuple(values) for name, values in _TABLE["values"].items()}
_BULK = ("bulk", "list", "junk", "auto_reply")
_MOST_PREFIX = 60


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a mail's kind is read from.

    Attributes:
        mail_from: the envelope sender; empty for reports and bounces, None when not known.
        sender: the address of `From`.
        text: all of the readable text.
    """

    headers: Headers
    leaves: Sequence[Leaf]
    containers: set[str]
    mail_from: str | None
    sender: str
    subject: str
    text: str

    def from_daemon(self) -> bool:
        """Whether a mail system wrote it, by its name or by the empty return path."""
        local = self.sender.partition("@")[0].lower()
        return local in _DAEMONS or self.mail_from == "" or self.headers.raw(b"return-path").strip() == b"<>"


@dataclass(frozen=True, slots=True)
class Sort:
    """The kind (`normal bounce auto_reply calendar report`), whether a machine made it, and the facts it reports."""

    kind: str
    automatic: bool
    facts: dict[str, Any]


def sort_of(mail: Evidence) -> Sort:
    """What a mail is. The machine-readable parts come first, then headers, then the words of known systems."""
    types = {leaf.type for leaf in mail.leaves}
    if types & delivery.TYPES or "report:delivery-status" in mail.containers:
        return _delivery_report(mail)
    if "message/disposition-notification" in types or "report:disposition-notification" in mail.containers:
        return _receipt(mail)
    returned = returned_headers(mail.leaves) if "message/rfc822" in types or "text/rfc822-headers" in types else None
    if "message/feedback-report" in types or "report:feedback-report" in mail.containers or returned is not None:
        complaint = complaint_of(mail.leaves, returned)
        if complaint is not None or "report:feedback-report" in mail.containers:
            complaint = complaint or {"type": "other", "recipient": None}
            return Sort("report", True, {"complaint": complaint | {"original_id": _original(mail)}})
    if (odd := _odd_bounce(mail)) is not None:
        return odd
    submitted = next(iter(mail.headers.text(b"auto-submitted").lower().replace(";", " ").split()), "")
    if _is_answer(mail, submitted):
        return Sort("auto_reply", True, {})
    automatic = (
        submitted not in {"", "no"}
        or mail.headers.text(b"precedence").lower().strip() in _BULK
        or not _MACHINES.isdisjoint(mail.headers.fields)
        or mail.mail_from == ""
        or mail.headers.raw(b"return-path").strip() == b"<>"
    )
    invited = any(leaf.type == "text/calendar" and leaf.disposition != "attachment" for leaf in mail.leaves)
    return Sort("calendar" if invited else "normal", automatic, {})


def _original(mail: Evidence) -> str | None:
    return original_id(mail.headers, returned_headers(mail.leaves), mail.text)


def _delivery_report(mail: Evidence) -> Sort:
    report = next((leaf for leaf in mail.leaves if leaf.type in delivery.TYPES), None)
    found = delivery.entries(report) if report is not None else []
    if not found:
        found = oddities.entries(mail.text, oddities.system_of(mail.text), _named(mail.headers))
    original = _original(mail)
    found = [entry | {"original_id": original} for entry in found]
    if delivery.is_success(found):
        return Sort("report", True, {"delivered": found})
    return Sort("bounce", True, _bounce_facts(found))


def _bounce_facts(found: list[dict[str, Any]]) -> dict[str, Any]:
    """One recipient as `bounce`; several also as `bounces`, the gravest one standing for all."""
    if not found:
        return {}
    gravest = max(found, key=lambda entry: (entry["permanent"], entry["final"]))
    return {"bounce": gravest} | ({"bounces": found} if len(found) > 1 else {})


def _receipt(mail: Evidence) -> Sort:
    receipt = receipt_of(mail.leaves) or {"disposition": "unknown", "recipient": None, "original_id": None}
    return Sort("report", True, {"receipt": receipt | {"original_id": receipt["original_id"] or _original(mail)}})


def _odd_bounce(mail: Evidence) -> Sort | None:
    """A bounce in the words of its system, or one that says so in its subject."""
    named = b"x-failed-recipients" in mail.headers.fields
    if not named and not mail.from_daemon():
        return None
    failed = _named(mail.headers)
    low = mail.subject.lower()
    said = any(word in low for word in (*PHRASES.failure_subjects, *PHRASES.delay_subjects))
    system = oddities.system_of(mail.text)
    if not failed and not said and system is None:
        return None
    if not failed and system is None and low.startswith(PHRASES.auto_reply_subjects):
        return None
    found = oddities.entries(mail.text, system, failed)
    original = _original(mail)
    late = any(word in low for word in PHRASES.delay_subjects)
    for entry in found:
        entry["original_id"] = original
        if late:
            entry.update(action="delayed", permanent=False, final=False)
    return Sort("bounce", True, _bounce_facts(found))


def _named(headers: Headers) -> list[str]:
    """The recipients that Exim and Gmail name in a header."""
    return [address for _, address in read_addresses(headers.all(b"x-failed-recipients"), delivery.MOST_RECIPIENTS)]


def _is_answer(mail: Evidence, submitted: str) -> bool:
    fields = mail.headers.fields
    if submitted == "auto-replied" or not _ANSWERS.isdisjoint(fields):
        return True
    for name in _VALUES.keys() & fields.keys():
        if mail.headers.text(name).lower().strip().startswith(_VALUES[name]):
            return True
    low = mail.subject[:_MOST_PREFIX].lower().strip(" [【(（")
    if not low.startswith(PHRASES.auto_reply_subjects):
        return False
    return _is_prefix(low) or submitted not in {"", "no"} or mail.from_daemon()


def _is_prefix(low: str) -> bool:
    """`Automatic reply: Printer`: a colon follows. `Absence of the printer` is what a person may write."""
    start = max((word for word in PHRASES.auto_reply_subjects if low.startswith(word)), key=len)
    return low[len(start) :].lstrip("】]）) ").startswith((":", "：")) or low.rstrip("】]）).! ") == start
