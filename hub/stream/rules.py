"""Rules before the inbox: conditions on a message, and what is done with it before anybody sees it. Pure.

Rules are tried in order of `place`; each one that holds acts, until one says `stop`. Where two set the same thing the
first wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.model.envelope import Envelope
from hub.model.message import FileOut
from hub.store.client import Doc
from hub.stream.patterns import found_in

UNANSWERABLE = frozenset({"bounce", "auto_reply", "report"})
"""Kinds of mail that nothing automatic reacts to with a mail."""
_BAD = frozenset({"fail", "softfail", "permerror"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a condition may ask of a message; addresses are lower case."""

    account: str
    sender: str
    to: tuple[str, ...]
    subject: str
    files: bool
    kind: str
    automatic: bool
    failed: bool


@dataclass(slots=True, kw_only=True)
class Effects:
    """What the rules that held do together. `ruled` says it for each rule, as the message keeps it."""

    queue: str | None = None
    assignee: dict[str, str] | None = None
    tags: list[str] = field(default_factory=list)
    state: str | None = None
    forward: dict[str, str] = field(default_factory=dict)
    """Address -> rule."""
    ruled: list[dict[str, Any]] = field(default_factory=list)


def facts_of(envelope: Envelope, files: Iterable[FileOut]) -> Facts:
    """The facts of an arrival."""
    people = (*envelope.to, *envelope.cc)
    mail = envelope.parts.get("mail") or {}
    return _facts(envelope.account, envelope.sender.text, [a.text for a in people], envelope.subject, files, mail,
                  automatic=envelope.automatic)  # fmt: skip


def facts_of_stored(message: Doc) -> Facts:
    """The facts of a stored message."""
    people = [party["address"] for party in (*message["to"], *message["cc"])]
    return _facts(message["account"] or "", message["author"]["address"], people, message["subject"],
                  message["attachments"], message.get("mail") or {}, automatic=message["automatic"])  # fmt: skip


def apply_rules(rules: Iterable[Doc], facts: Facts) -> Effects:
    """What happens to a message. `rules` are stored documents in order, switched-off ones left out."""
    effects = Effects()
    for rule in rules:
        if holds(rule["when"], facts):
            effects.ruled.append({"rule": rule["_id"], "name": rule["name"], "did": _act(rule, facts, effects)})
            if rule["stop"]:
                break
    return effects


def holds(when: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every condition that is given holds; a list holds when one of it does."""
    tests: dict[str, Callable[[Any], bool]] = {
        "accounts": lambda wanted: facts.account in wanted,
        "from": lambda wanted: any(_fits(each, facts.sender) for each in wanted),
        "to": lambda wanted: any(_fits(each, address) for each in wanted for address in facts.to),
        "subject_contains": lambda wanted: any(each.casefold() in facts.subject.casefold() for each in wanted),
        "subject_matches": lambda wanted: found_in(wanted, facts.subject),
        "has_attachment": lambda wanted: facts.files == wanted,
        "kinds": lambda wanted: facts.kind in wanted,
        "automatic": lambda wanted: facts.automatic == wanted,
        "authentication_failed": lambda wanted: facts.failed == wanted,
    }
    given = {name: value for name, value in when.items() if value is not None and value != []}
    return bool(given) and all(tests[name](value) for name, value in given.items())


def authentication_failed(mail: Mapping[str, Any]) -> bool:
    """Whether what is known of a mail's origin speaks against it: DMARC fails; or nothing passes and something fails."""
    results = mail.get("authentication") or {}
    told = {name: _result(results.get(name)) for name in ("spf", "dkim", "dmarc")}
    if told["dmarc"] in ("pass", "fail"):
        return told["dmarc"] == "fail"
    return "pass" not in told.values() and bool(_BAD & set(told.values()))


def _act(rule: Doc, facts: Facts, effects: Effects) -> list[str]:
    then, did = rule["then"], []
    if then.get("queue") and effects.queue is None:
        effects.queue = then["queue"]
        did.append(f"queue:{then['queue']}")
    if then.get("assignee") and effects.assignee is None:
        effects.assignee = then["assignee"]
        did.append(f"assignee:{then['assignee']['id']}")
    for tag in then.get("tags") or ():
        if tag not in effects.tags:
            effects.tags.append(tag)
            did.append(f"tag:{tag}")
    state = "archived" if then.get("archive") else "closed" if then.get("close") else None
    if state and effects.state is None:
        effects.state = state
        did.append(state)
    for address in then.get("forward") or ():
        if facts.kind in UNANSWERABLE or address in (facts.sender, *facts.to):
            did.append(f"not-forwarded:{address}")
        elif address not in effects.forward:
            effects.forward[address] = rule["_id"]
            did.append(f"forward:{address}")
    return did


def _fits(wanted: str, address: str) -> bool:
    """`ada@example.com` is that address, `@example.com` every one of the domain and of those below it."""
    if wanted.startswith("@"):
        domain = address.rpartition("@")[2]
        return domain == wanted[1:] or domain.endswith("." + wanted[1:])
    return address == wanted


def _facts(
    account: str,
    sender: str,
    people: Iterable[str],
    subject: str,
    files: Iterable[FileOut],
    mail: Mapping[str, Any],
    *,
    automatic: bool,
) -> Facts:
    return Facts(
        account=account,
        sender=sender.lower(),
        to=tuple(address.lower() for address in people),
        subject=subject,
        files=any(not file.get("inline") for file in files),
        kind=mail.get("kind") or "normal",
        automatic=automatic,
        failed=authentication_failed(mail),
    )


def _result(told: Any) -> str:
    return str(told.get("result") if isinstance(told, Mapping) else told or "").lower()
