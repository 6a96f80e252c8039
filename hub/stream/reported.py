"""Finds the messages of ours that arrivals report on: by our Message-ID, by the id that a relay gave it, or by the token
of the address that the report was sent to. Who knows none of these can report nothing."""

from __future__ import annotations

from collections.abc import Iterable

from hub.model.envelope import Envelope
from hub.store.client import Doc
from hub.store.collections import LEDGER, MESSAGES
from hub.store.unit import Unit
from hub.stream.reports import Report, receiver_of, reports_of
from hub.stream.threads import Traces

Found = list[tuple[Report, Doc]]
_LAST = 20


class Reported:
    """The reports of a batch with the messages that they are about."""

    def __init__(self) -> None:
        self._found: dict[int, Found] = {}

    async def look_up(self, unit: Unit, envelopes: Iterable[Envelope], traces: Traces) -> None:
        """Read the messages; without a report in the batch this asks nothing."""
        for envelope in envelopes:
            reports = reports_of(envelope)
            if reports:
                found = [(report, await _original(unit, envelope, report, traces)) for report in reports]
                self._found[id(envelope)] = [(report, doc) for report, doc in found if doc and _may_tell(report, doc)]

    def of(self, envelope: Envelope) -> Found:
        """The reports of one arrival that are about something we sent."""
        return self._found.get(id(envelope), [])

    def messages(self) -> dict[str, Doc]:
        """All messages that are reported on, by id."""
        return {doc["_id"]: doc for found in self._found.values() for _, doc in found}


def _may_tell(report: Report, message: Doc) -> bool:
    """Any mail server on the way may report a bounce; that a mail was read, only who received it."""
    return report.kind != "receipt" or bool(receiver_of(message, report))


async def _original(unit: Unit, envelope: Envelope, report: Report, traces: Traces) -> Doc | None:
    original = report.original or envelope.reply_to
    if original:
        bearers = [trace.message for trace in traces.under(f"reference|{original}") if trace.own]
        found = await _outbound(unit, {"_id": {"$in": bearers}}) if bearers else None
        return found or await _by_far_id(unit, envelope.account, original) or await _by_token(unit, envelope, report)
    return await _by_token(unit, envelope, report)


async def _by_far_id(unit: Unit, account: str, far_id: str) -> Doc | None:
    place = await unit.db[LEDGER].find_one({"account": account, "place": far_id}, session=unit.session)
    if place is None:
        return None
    return await _outbound(unit, {"account": account, "external_id": place["external_id"]})


async def _by_token(unit: Unit, envelope: Envelope, report: Report) -> Doc | None:
    """The last message in the conversation that went to the address which is reported."""
    tokens = [key.value for key in envelope.thread_keys if key.kind == "token"]
    if not tokens or not report.recipient:
        return None
    sent = unit.db[MESSAGES].find({"conversation": {"$in": tokens}}, session=unit.session).sort("seq", -1)
    async for doc in sent.limit(_LAST):
        people = {party["address"].lower() for name in ("to", "cc", "bcc") for party in doc.get(name) or ()}
        if doc["direction"] == "outbound" and report.recipient in people:
            return doc
    return None


async def _outbound(unit: Unit, where: Doc) -> Doc | None:
    return await unit.db[MESSAGES].find_one({**where, "direction": "outbound"}, session=unit.session)
