"""Our own check of a mail: SPF, DKIM and DMARC together. Blocking; runs in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dns.resolver

from channels.email.authentication.lookups import LookupFailed, Lookups
from channels.email.authentication.policy import Policies
from channels.email.authentication.results import Result, author_domain, facts_of
from channels.email.authentication.sender_policy import sender_policy
from channels.email.authentication.signatures import signatures
from channels.email.headers import Headers


def check(
    content: bytes,
    headers: Headers,
    peer: str,
    mail_from: str,
    resolver: dns.resolver.Resolver | None = None,
    *,
    said: Mapping[str, list[Result]],
) -> dict[str, Any]:
    """The facts. SPF is left out where nobody whom we trust tells who handed the mail in.

    Args:
        peer: the IP address that handed the mail in; empty when not known.
        said: what a server of ours found out already; that is not asked again.
    """
    lookups = Lookups(resolver)
    found: dict[str, list[Result]] = dict(said)
    if peer and mail_from and "spf" not in found:
        found["spf"] = [(sender_policy(peer, mail_from, lookups), {"mailfrom": mail_from})]
    signed = signatures(content, len(headers.fields.get(b"dkim-signature", ())), lookups)
    found["dkim"] = [(word, {"d": domain}) for word, domain in signed] or [("none", {})]
    facts = facts_of(found, headers)
    facts["dmarc"] = _dmarc(facts, author_domain(headers), lookups)
    if facts["dmarc"] == "pass":
        facts["aligned"] = True
    return facts | {"source": "checked"}


def _dmarc(facts: dict[str, Any], author: str, lookups: Lookups) -> str:
    if not author:
        return "permerror"  # no author, or several: RFC 7489, 6.6.1
    spoken = [(domain, "adkim") for domain in facts.get("dkim_domains", ())]
    if facts.get("spf") == "pass":
        spoken.append((facts["spf_domain"], "aspf"))
    try:
        return Policies(lookups).verdict(author, spoken)
    except LookupFailed:
        return "temperror"
