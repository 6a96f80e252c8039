"""SPF (RFC 7208) by pyspf, which asks the DNS through `Lookups`. The only file that knows the library."""

from __future__ import annotations

import ipaddress
from contextvars import ContextVar
from typing import Any

import spf

from channels.email.authentication.lookups import LookupFailed, Lookups

_lookups: ContextVar[Lookups] = ContextVar("spf lookups")
_QUERY_S = 10


def sender_policy(peer: str, mail_from: str, lookups: Lookups) -> str:
    """Whether the peer may send for the domain of the envelope sender; `none` where that cannot be asked.

    A peer on a private network is a gateway of ours: the address that called there is not known here.
    """
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return "none"
    domain = mail_from.rpartition("@")[2]
    if not domain or not address.is_global:
        return "none"
    return _ask(str(address), mail_from, domain, lookups)


def _ask(peer: str, mail_from: str, domain: str, lookups: Lookups) -> str:
    token = _lookups.set(lookups)
    try:
        query = spf.query(i=peer, s=mail_from, h=domain, querytime=_QUERY_S)
        word: str = query.check()[0]
    except (ValueError, UnicodeError, IndexError):  # names that are none
        return "permerror"
    finally:
        _lookups.reset(token)
    return word if word in {"pass", "fail", "softfail", "none", "neutral", "temperror", "permerror"} else "neutral"


def _look_up(name: str, kind: str, _tcp: bool = True, _timeout: float = 0) -> list[tuple[tuple[str, str], Any]]:
    """What pyspf calls for each question. It wants a list of ((name, kind), value)."""
    try:
        records = _lookups.get().records(name, kind)
    except LookupFailed as error:
        raise spf.TempError(f"DNS {error}") from error
    return [((name, kind), _value(kind, record)) for record in records]


def _value(kind: str, record: Any) -> Any:
    match kind:
        case "A" | "AAAA":
            return record.address
        case "MX":
            return (record.preference, record.exchange.to_text(omit_final_dot=True))
        case "PTR":
            return record.target.to_text(omit_final_dot=True)
    return record.strings


spf.DNSLookup = _look_up
