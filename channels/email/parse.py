"""Bytes to envelope: pure, and for any bytes whatever. A broken mail still becomes an envelope that says what was wrong."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.email.account import EmailAccount
from channels.email.addressing import conversations_named
from channels.email.bodies import read_content
from channels.email.content import Content
from channels.email.dates import written_at
from channels.email.headers import Headers
from channels.email.ids import digest_id, read_ids
from channels.email.kinds import Evidence, sort_of
from channels.email.mailboxes import as_address, read_addresses
from channels.email.mime import Tree
from channels.email.quotes import is_forward
from channels.email.subjects import subject_keys
from hub.model.address import Address
from hub.model.envelope import Envelope, ThreadKey

log = logging.getLogger(__name__)

MOST_RECIPIENTS = 10_000
MOST_REFERENCES = 20
MOST_SUBJECT_CHARS = 1000
NOBODY = Address("raw:unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a mail beside its bytes.

    Attributes:
        mail_from: the envelope sender (SMTP), empty for bounces; None when not known.
        recipients: the envelope recipients; they show who was addressed blindly.
        raw: id of the kept raw input.
    """

    at: datetime
    mail_from: str | None = None
    recipients: tuple[str, ...] = ()
    raw: str | None = None
    correlation: str | None = None


def _no_token(_token: str) -> str | None:
    return None


def parse(
    raw: bytes, account: EmailAccount, arrival: Arrival, check: Callable[[str], str | None] = _no_token
) -> Envelope:
    """The envelope of a mail. Never raises and never hangs, whatever the bytes.

    Args:
        check: tells the conversation of a signed address token, None when the token is not ours.
    """
    try:
        return _read(raw, account, arrival, check)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
        # A fault of ours must not refuse a customer's mail. The fuzz tests hold that this is never reached.
        log.exception("mail could not be read", extra={"account": account.id, "raw": arrival.raw})
        return _unreadable(raw, account, arrival)


def _read(raw: bytes, account: EmailAccount, arrival: Arrival, check: Callable[[str], str | None]) -> Envelope:
    tree = Tree()
    leaves = list(tree.leaves(raw))
    headers = tree.headers
    content = read_content(leaves)
    wrong = tree.wrong | content.wrong | _wrong_headers(headers)
    at, date_wrong = written_at(headers.text(b"date"), arrival.at)
    sender = _sender(headers, arrival)
    to, cc = _recipients(headers, wrong)
    subject = headers.text(b"subject")[:MOST_SUBJECT_CHARS]
    own_id = next(iter(read_ids(headers.raw(b"message-id"))), None)
    chain = _chain(headers)
    _add_absences(wrong, sender, own_id, date_wrong)
    sort = sort_of(Evidence(headers, leaves, tree.containers, arrival.mail_from, sender.text, subject, content.text))
    automatic = sort.automatic or _is_calendar_answer(content.facts)
    addressed = (*arrival.recipients, *(address.text for address in (*to, *cc)))
    return Envelope(
        account=account.id,
        channel=account.channel,
        external_id=own_id or digest_id(raw),
        sender=sender,
        at=at,
        to=to,
        cc=cc,
        subject=subject,
        text=content.newly_written(forward=is_forward(subject)),
        full_text=content.text.strip(),
        html=content.html,
        attachments=tuple(content.attachments),
        thread_keys=(
            *_thread_keys(own_id, chain, conversations_named(addressed, check)),
            *subject_keys(subject, refers=bool(chain), automatic=automatic),
        ),
        own_keys=account.own_keys(addressed),
        reply_to=chain[-1] if chain else None,
        fingerprint=_fingerprint(headers, sender, subject, content),
        raw=arrival.raw,
        queue=account.queue,
        automatic=automatic,
        parts={"mail": _mail_part(sort.kind, sort.facts | content.facts, headers, wrong)},
        correlation=arrival.correlation,
    )


def _sender(headers: Headers, arrival: Arrival) -> Address:
    """Who wrote: `From`, else `Sender`, else the envelope."""
    for name in (b"from", b"sender"):
        if pairs := read_addresses(headers.all(name), 1):
            return as_address(*pairs[0])
    if arrival.mail_from:
        return as_address("", arrival.mail_from)
    written = headers.text(b"from")
    return Address(f"raw:{written[:320]}") if written else NOBODY


def _recipients(headers: Headers, wrong: set[str]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    to = read_addresses(headers.all(b"to"), MOST_RECIPIENTS + 1)
    cc = read_addresses(headers.all(b"cc"), MOST_RECIPIENTS + 1)
    if len(to) + len(cc) > MOST_RECIPIENTS:
        wrong.add("too-many-recipients")
        to = to[:MOST_RECIPIENTS]
        cc = cc[: MOST_RECIPIENTS - len(to)]
    return tuple([as_address(*pair) for pair in to]), tuple([as_address(*pair) for pair in cc])


def _chain(headers: Headers) -> list[str]:
    """The ids above this mail, oldest first, the answered one last; a long chain keeps its root and its end."""
    answered = read_ids(headers.raw(b"in-reply-to"))[:1]
    chain = [each for each in read_ids(headers.all(b"references")) if each not in answered] + answered
    return chain if len(chain) <= MOST_REFERENCES else [chain[0], *chain[1 - MOST_REFERENCES :]]


def _thread_keys(own_id: str | None, chain: list[str], conversations: list[str]) -> tuple[ThreadKey, ...]:
    keys = [ThreadKey("token", conversation) for conversation in conversations]
    if own_id:
        keys.append(ThreadKey("reference", own_id, own=True))
    keys.extend(ThreadKey("reference", each) for each in reversed(chain) if each != own_id)
    return tuple(keys)


def _add_absences(wrong: set[str], sender: Address, own_id: str | None, date_wrong: str | None) -> None:
    if not sender.key.startswith("mail:"):
        wrong.add("no-from")
    if own_id is None:
        wrong.add("no-message-id")
    if date_wrong:
        wrong.add(date_wrong)


def _wrong_headers(headers: Headers) -> set[str]:
    if headers.fields and not headers.junk and not headers.cut:
        return set()
    found = {"header-cut": headers.cut, "header-junk": headers.junk, "no-headers": not headers.fields}
    return {word for word, holds in found.items() if holds}


def _fingerprint(headers: Headers, sender: Address, subject: str, content: Content) -> str:
    digest = hashlib.sha256()
    for piece in (sender.key, headers.text(b"date"), subject, content.text):
        digest.update(piece.encode("utf-8", "replace") + b"\0")
    return digest.hexdigest()


def _mail_part(kind: str, facts: dict[str, Any], headers: Headers, wrong: set[str]) -> dict[str, Any]:
    part: dict[str, Any] = {"kind": kind, "authentication": {}} | facts
    if answers := read_addresses(headers.raw(b"reply-to"), 10):
        part["answer_to"] = [as_address(*pair).text for pair in answers]
    if wrong:
        part["broken"] = sorted(wrong)
    return part


def _is_calendar_answer(facts: dict[str, Any]) -> bool:
    """An answer to an invitation is sent by the calendar at a click; nobody waits for an answer to it."""
    return facts.get("calendar", {}).get("method") in {"REPLY", "COUNTER"}


def _unreadable(raw: bytes, account: EmailAccount, arrival: Arrival) -> Envelope:
    """The last resort: the beginning of the mail as it came."""
    text = raw[:10_000].decode("ascii", "replace").replace("\0", "")
    return Envelope(
        account=account.id, channel=account.channel, external_id=digest_id(raw), sender=NOBODY, at=arrival.at,
        text=text, full_text=text, raw=arrival.raw, queue=account.queue, automatic=True, correlation=arrival.correlation,
        parts={"mail": {"kind": "normal", "authentication": {}, "broken": ["unreadable"]}},
    )  # fmt: skip
