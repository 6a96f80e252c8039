"""What a mail server or mail program reports of a message of ours (RFC 3464, 8098, 5965), and what follows. Pure.

The channel has read the report into the envelope's part `mail`: `bounce`/`bounces` (`recipient status permanent
diagnostic original_id final action`; a list where there are several), `delivered` (such a list), `receipt`
(`original_id disposition`), `complaint` (`recipient original_id`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from crm_core.ground.addresses import mail_key
from hub.events import NoticeRaised
from hub.model.envelope import Envelope
from hub.model.message import MessageOut
from hub.store.client import Doc

MOST_REPORTS = 50
_MOST_REASON = 500
_NOT_FINAL = frozenset({"delayed", "relayed", "delivered", "expanded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One thing that is reported of one receiver.

    Attributes:
        original: the id of our message, as the report names it; None where it names none.
        recipient: the receiver's address, lower case; empty where none is named.
        final: nothing more will be tried; a delay is not final.
    """

    kind: Literal["bounce", "delivered", "receipt", "complaint"]
    original: str | None
    recipient: str
    status: str = ""
    permanent: bool = False
    final: bool = True
    reason: str = ""


def reports_of(envelope: Envelope) -> list[Report]:
    """What an arrival reports; nothing for nearly all of them."""
    mail = envelope.parts.get("mail")
    if mail is None or not envelope.automatic:
        return []
    bounces = mail.get("bounces") or ([mail["bounce"]] if mail.get("bounce") else [])
    found = [_bounce(each) for each in bounces[:MOST_REPORTS]]
    arrived = (mail.get("delivered") or [])[:MOST_REPORTS]
    found += [Report(kind="delivered", original=_id(each), recipient=_recipient(each)) for each in arrived]
    if (receipt := mail.get("receipt")) and "displayed" in str(receipt.get("disposition", "displayed")).lower():
        found.append(Report(kind="receipt", original=_id(receipt), recipient=envelope.sender.text.lower()))
    if complaint := mail.get("complaint"):
        found.append(Report(kind="complaint", original=_id(complaint), recipient=_recipient(complaint)))
    return found


def changes_of(message: Doc, report: Report, arrival: str, at: datetime) -> list[dict[str, Any]]:
    """The amendments of our message that follow, in order; those that are made already change nothing.

    Args:
        arrival: id of the message that brought the report.
    """
    address = receiver_of(message, report)
    if report.kind == "receipt":
        return [{"delivery.state": "read"}]
    if report.kind == "delivered":  # of several receivers one tells nothing of the others
        return [{"delivery.state": "delivered"}] if len(_receivers(message)) == 1 else []
    before = (message.get("delivery") or {}).get("recipients") or []
    state = "complained" if report.kind == "complaint" else "failed" if report.final else "delayed"
    entry = {
        "address": address or report.recipient,
        "state": state,
        "status": report.status,
        "permanent": report.permanent,
        "reason": report.reason,
        "report": arrival,
        "at": at,
    }
    same = [each for each in before if each["address"] == entry["address"] and each["state"] == state]
    if not same:
        before = [*before, entry][-MOST_REPORTS * 2 :]
    changes: list[dict[str, Any]] = [{"delivery.recipients": before}]
    if state == "failed":
        facts = {"recipient": entry["address"], "status": report.status, "permanent": report.permanent}
        shown = {f"delivery.{name}": value for name, value in facts.items()}
        changes.append({"delivery.state": "failed", "delivery.reason": sentence(entry), **shown})
    return changes


def receiver_of(message: Doc, report: Report) -> str:
    """The receiver of our message that the report is about; empty when it is about somebody we did not write to.

    A bounce of a message with one receiver is about that one, whatever address a relay at the far side names.
    """
    receivers = _receivers(message)
    if report.recipient in receivers:
        return report.recipient
    for_one = report.kind in ("bounce", "delivered") or (report.kind == "complaint" and not report.recipient)
    return next(iter(receivers)) if len(receivers) == 1 and for_one else ""


def _receivers(message: Doc) -> set[str]:
    return {party["address"].lower() for name in ("to", "cc", "bcc") for party in message.get(name) or ()}


def address_fact(message: Doc, report: Report, arrival: str, at: datetime) -> tuple[str, Doc] | None:
    """(address key, facts to set) where the report says that an address should not be written to any more."""
    key = mail_key(receiver_of(message, report))
    if key is None:
        return None
    about = {"message": message["_id"], "report": arrival, "at": at}
    if report.kind == "complaint":
        return key, {"complained": about}
    if report.kind == "bounce" and report.final and report.permanent:
        return key, {"undeliverable": {**about, "status": report.status, "reason": report.reason}}
    return None


def sentence(entry: Mapping[str, Any]) -> str:
    """The reason as an agent reads it."""
    lasting = "for good" if entry["permanent"] else "for now"
    said = entry["reason"] or entry["status"] or "no reason was given"
    return f"{entry['address']} could not be reached ({lasting}): {said}"[:_MOST_REASON]


def _bounce(told: Mapping[str, Any]) -> Report:
    status = str(told.get("status") or "")[:20]
    action = str(told.get("action") or "").lower()
    return Report(
        kind="bounce",
        original=_id(told),
        recipient=_recipient(told, "original_recipient") or _recipient(told),
        status=status,
        permanent=bool(told.get("permanent")),
        final=action not in _NOT_FINAL and bool(told.get("final", True)),
        reason=" ".join(str(told.get("diagnostic") or "").split())[:_MOST_REASON],
    )


def _id(told: Mapping[str, Any]) -> str | None:
    original = str(told.get("original_id") or "").strip("<> ")[:998]
    return original or None


def _recipient(told: Mapping[str, Any], name: str = "recipient") -> str:
    return str(told.get(name) or "").strip("<> ").lower()[:320]


def could_not_be_reached(message: MessageOut) -> NoticeRaised:
    """What the author is told of a message that bounced for good."""
    about = {"message": message["id"], "conversation": message["conversation"], "account": message["account"]}
    author = message["author"]["id"] if message["author"]["kind"] == "user" else None
    delivery = message["delivery"]
    reason = delivery["reason"] if delivery else None
    return NoticeRaised(kind="delivery.failed", text=reason or "", about=about, user=author)
