"""Who a mailing goes to, or a call list calls: segments of records with the writer's eyes, single addresses, each once.

Segments of customers mean the people there: their contacts, and the customer's own address where it has none. The order
is always the same for the same data, so that "receiver 7" of a preview is receiver 7 of the sending.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any, Literal

from crm_core.access.actor import Actor
from crm_core.ground.addresses import mail_key, phone_key
from crm_core.ground.errors import FieldError, Invalid
from hub.store.records import Records
from hub.writing.merging import Receiver, Row

Kind = Literal["customers", "contacts", "employees", "users", "suppliers"]
Why = Literal["opted_out", "no_address", "bounced", "duplicate_address"]

MOST = 50_000
_PAGE = "200"
_CUSTOMERS_AT_ONCE = 50
_TYPES: Mapping[Kind, tuple[str, str, dict[str, str]]] = {
    "customers": ("customer", "customer", {"state": "active"}),
    "contacts": ("contact", "contact", {"state": "active"}),
    "employees": ("user", "employee", {"state__ne": "left"}),
    "users": ("user", "employee", {"state__ne": "left", "login__exists": "true"}),
    "suppliers": ("supplier", "supplier", {"state": "active"}),
}
"""Segment -> record type, its name in templates, and what is asked beside the segment's own filters."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A kind of receivers, narrowed by filters as record lists take them (`level=ID`, `name__contains=...`)."""

    kind: Kind
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom the segments name; `why` says why nothing is sent, where that is so."""

    receiver: Receiver
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """By what people are reached: the address key of a record, and the word of those who do not want it."""

    key_of: Callable[[Row], str | None]
    opt_out: str


def _mail_of(row: Row) -> str | None:
    """The address key of the primary mail address, else of the first; addresses that bounced are left out."""
    mails: list[dict[str, Any]] = [mail for mail in row.get("mails") or () if not mail.get("bounced_at")]
    mails.sort(key=lambda mail: not mail.get("primary"))
    return mail_key(mails[0]["address"]) if mails else None


def _phone_of(row: Row) -> str | None:
    """The address key of the primary phone number, else of the first; nobody is called on a fax machine."""
    phones: list[dict[str, Any]] = [phone for phone in row.get("phones") or () if phone["kind"] != "fax"]
    phones.sort(key=lambda phone: not phone.get("primary"))
    return phone_key(phones[0]["number"]) if phones else None


BY_MAIL = Reach(_mail_of, "email")
BY_PHONE = Reach(_phone_of, "call")


class Audience:
    """The candidates of one mailing, or of one call list."""

    def __init__(
        self,
        records: Records,
        writer: Actor,
        segments: Sequence[Segment],
        addresses: Sequence[str],
        reach: Reach = BY_MAIL,
    ) -> None:
        self._records, self._writer, self._reach = records, writer, reach
        self._segments, self._addresses = segments, addresses
        self._seen: set[str] = set()

    async def candidates(self) -> AsyncIterator[Candidate]:
        """All of them in order; an address that came before is marked.

        Raises:
            Invalid: more than 50,000, or a filter that does not fit. Forbidden: a filter on a field out of sight.
        """
        self._seen.clear()
        count = 0
        async for receiver in self._named():
            count += 1
            if count > MOST:
                raise Invalid(f"there may be at most {MOST} receivers; filter by something narrower")
            yield self._judged(receiver)

    def _judged(self, receiver: Receiver) -> Candidate:
        if not receiver.key:
            return Candidate(receiver, "no_address")
        if receiver.key in self._seen:
            return Candidate(receiver, "duplicate_address")
        self._seen.add(receiver.key)
        refused = receiver.row is not None and self._reach.opt_out in (receiver.row.get("opt_out") or ())
        return Candidate(receiver, "opted_out" if refused else None)

    async def _named(self) -> AsyncIterator[Receiver]:
        for segment in self._segments:
            key, name, usual = _TYPES[segment.kind]
            async for rows in self._pages(key, {**usual, **segment.filters}):
                if segment.kind == "customers":
                    async for receiver in self._people_of(rows):
                        yield receiver
                else:
                    for row in rows:
                        yield self._receiver(name, row)
        for receiver in single(self._addresses):
            yield receiver

    async def _people_of(self, customers: Sequence[Row]) -> AsyncIterator[Receiver]:
        for start in range(0, len(customers), _CUSTOMERS_AT_ONCE):
            slice_ = customers[start : start + _CUSTOMERS_AT_ONCE]
            people: dict[str, list[Row]] = {row["id"]: [] for row in slice_}
            async for rows in self._pages("contact", {"customer__in": ",".join(people), "state": "active"}):
                for row in rows:
                    people.get(row.get("customer", ""), []).append(row)
            for customer in slice_:
                reached = [row for row in people[customer["id"]] if self._reach.key_of(row)]
                for row in reached:
                    yield self._receiver("contact", row)
                if not reached:
                    yield self._receiver("customer", customer)

    def _receiver(self, name: str, row: Row) -> Receiver:
        called = row.get("contact_name") or row.get("name") or "" if name == "supplier" else row.get("name") or ""
        return Receiver(kind=name, key=self._reach.key_of(row) or "", name=str(called)[:200], id=row["id"], row=row)

    async def _pages(self, key: str, params: Mapping[str, str]) -> AsyncIterator[list[Row]]:
        after: str | None = ""
        while after is not None:
            asked = {"order": "id", **params, "limit": _PAGE} | ({"after": after} if after else {})
            page = await self._records.page(self._writer, key, asked)
            yield page["items"]
            after = page["next"]


def single(addresses: Sequence[str]) -> Iterator[Receiver]:
    """Receivers from addresses as people type them (`Ada <ada@example.com>`).

    Raises:
        Invalid: names each that is none.
    """
    wrong: list[FieldError] = []
    found: list[Receiver] = []
    for at, text in enumerate(addresses):
        name, address = parseaddr(text)
        key = mail_key(address)
        if key is None:
            wrong.append(
                FieldError(
                    f"addresses.{at}",
                    "address",
                    f"{text[:100]!r} is no mail address",
                    {"rule": "no-mail-address", "what": text[:100]},
                )
            )
        else:
            found.append(Receiver(kind="address", key=key, name=name[:200]))
    if wrong:
        raise Invalid(wrong[0].detail, fields=tuple(wrong))
    return iter(found)
