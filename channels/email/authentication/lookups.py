"""Questions to the DNS, counted and bounded: a mail must not keep us asking."""

from __future__ import annotations

import time
from typing import Any

import dns.exception
import dns.name
import dns.resolver

MOST_QUESTIONS = 60
_QUESTION_S = 3.0
_ALL_S = 12.0
_MOST_TEXT = 8192


class LookupFailed(Exception):
    """The DNS did not answer in time, or too much was asked."""


class Lookups:
    """The DNS for one mail; answers are remembered.

    Args:
        resolver: whom to ask; the machine's own servers when not given.
    """

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver or dns.resolver.get_default_resolver()
        self._until = time.monotonic() + _ALL_S
        self._left = MOST_QUESTIONS
        self._known: dict[tuple[str, str], list[Any]] = {}

    def records(self, name: str, kind: str) -> list[Any]:
        """The records of a kind; none where the name does not exist.

        Raises:
            LookupFailed: no answer in time, or the bound of questions is reached.
        """
        key = (name.rstrip(".").lower(), kind)
        if key not in self._known:
            self._known[key] = self._ask(*key)
        return self._known[key]

    def texts(self, name: str) -> list[bytes]:
        """The TXT records of a name, each put together."""
        return [b"".join(record.strings)[:_MOST_TEXT] for record in self.records(name, "TXT")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        left = min(self._until - time.monotonic(), _QUESTION_S)
        self._left -= 1
        if left <= 0 or self._left < 0:
            raise LookupFailed(f"{name} {kind}: too many questions for one mail")
        try:
            return list(self._resolver.resolve(name, kind, lifetime=left, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise LookupFailed(f"{name} {kind}: {error}") from error
