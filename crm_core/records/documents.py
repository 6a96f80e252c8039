"""Between a record as its class sees it and the document as the store keeps it.

Besides the declared fields a document holds what queries need and nobody sees: `addresses` (address keys),
`department_path`, `shared_users`, `shared_departments`, `shared_writers`, `unique_keys`, `near_keys`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.declare.child_rows import ImRow, MailRow, PhoneRow
from crm_core.declare.record import Kept, Record
from crm_core.declare.shape import shapes_of
from crm_core.ground.addresses import im_key, mail_key, phone_key
from crm_core.ground.ports import Doc

STORED_AS: Mapping[str, str] = {"id": "_id", "addresses": "postal_addresses"}
"""Fields whose stored name differs: `addresses` is taken by the address keys of all who can be reached."""


def stored_name(field: str) -> str:
    """The name of a field in the store."""
    return STORED_AS.get(field, field)


def to_document(record: Kept) -> Doc:
    """The declared fields in their stored form."""
    return {stored_name(name): value for name, value in record.model_dump().items()}


def to_values(declared: type[Kept], doc: Mapping[str, Any]) -> dict[str, Any]:
    """The declared fields of a document, by their declared names. Fields added to the type since are left out."""
    return {name: doc[stored] for name in shapes_of(declared) if (stored := stored_name(name)) in doc}


def hidden_fields(record: Kept, department_path: list[str]) -> Doc:
    """The fields that serve queries, as far as they follow from the record itself and its department."""
    found: Doc = {"addresses": address_keys(record)}
    if isinstance(record, Record):
        shares = record.shared_with
        found |= {
            "department_path": department_path,
            "shared_users": _distinct(s.user for s in shares),
            "shared_departments": _distinct(s.department for s in shares),
            "shared_writers": _distinct(v for s in shares if s.level == "write" for v in (s.user, s.department)),
        }
    return found


def address_keys(record: Kept) -> list[str]:
    """The address keys under which the stream finds this record."""
    keys = [key for name in shapes_of(type(record)) for key in _keys(getattr(record, name))]
    return _distinct([*keys, f"user:{record.id}"] if type(record).meta.key == "user" else keys)


def _keys(value: Any) -> Iterable[str | None]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, PhoneRow):
            yield phone_key(row.number)
        elif isinstance(row, MailRow):
            yield mail_key(row.address)
        elif isinstance(row, ImRow):
            yield im_key(row.kind, row.handle)


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(v for v in values if v))


def changes_between(declared: type[Kept], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Doc]:
    """The fields that differ, with old and new value; what the core counts itself is left out."""
    silent = {"revision", "changed_by", "changed_at", "created_by", "created_at", "state_since", "id"}
    silent |= {rule.name for rule in declared.derived}
    old, new = to_values(declared, before), to_values(declared, after)
    return [
        {"field": name, "old": old.get(name), "new": new.get(name)}
        for name in shapes_of(declared)
        if name not in silent and _differs(old.get(name), new.get(name))
    ]


def _differs(old: Any, new: Any) -> bool:
    empty: tuple[Any, ...] = (None, [], {}, "")
    return bool(old != new) and not (old in empty and new in empty)
