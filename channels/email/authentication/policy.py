"""DMARC (RFC 7489): whether SPF or DKIM speaks for the author's domain, and what that domain publishes."""

from __future__ import annotations

from collections.abc import Iterable

from channels.email.authentication.lookups import Lookups

_MOST_LABELS = 8
"""The walk up the tree asks so many names at most (RFC 9989 needs no list of public suffixes)."""


class Policies:
    """The published policies of domains, found by walking up the DNS tree."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    def verdict(self, author: str, spoken: Iterable[tuple[str, str]]) -> str:
        """`pass` or `fail` for a domain with a policy, `none` for one without.

        Args:
            author: the domain of `From`.
            spoken: (domain, mode tag) of each domain for which SPF (`aspf`) or DKIM (`adkim`) passed.

        Raises:
            LookupFailed: the DNS does not answer.
        """
        policy = self._policy(author)
        if policy is None:
            return "none"
        organisation = self._organisation(author)
        for domain, mode in spoken:
            if domain == author:
                return "pass"
            if policy.get(mode) != "s" and self._organisation(domain) == organisation:
                return "pass"
        return "fail"

    def _policy(self, domain: str) -> dict[str, str] | None:
        return next((tags for name in _upwards(domain) if (tags := self._record(name)) is not None), None)

    def _organisation(self, domain: str) -> str:
        """The highest name with a policy; below a public suffix that says it is one. Without policies the name itself."""
        found = domain
        below = domain
        for name in _upwards(domain):
            tags = self._record(name)
            if tags is not None:
                if tags.get("psd") == "y":
                    return below
                found = name
                if tags.get("psd") == "n":
                    break
            below = name
        return found

    def _record(self, domain: str) -> dict[str, str] | None:
        for text in self._lookups.texts(f"_dmarc.{domain}"):
            tags = _tags(text.decode("ascii", "replace"))
            if tags.get("v") == "dmarc1":
                return tags
        return None


def _tags(text: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in text.split(";")[:40])
    return {name.strip().lower(): value.strip().lower() for name, equals, value in pairs if equals}


def _upwards(domain: str) -> list[str]:
    """The name and those above it, down to two labels; of very long names the middle is left out."""
    labels = domain.split(".")
    names = [".".join(labels[at:]) for at in range(max(len(labels) - 1, 1))]
    return names[:1] + names[1:][1 - _MOST_LABELS :]
