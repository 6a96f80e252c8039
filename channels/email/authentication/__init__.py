"""Who really sent a mail: what a server of ours found out (RFC 8601), else what we check ourselves (RFC 7208, 6376, 7489).

Facts, not verdicts: nothing is refused here. `spf dkim dmarc` are `pass fail softfail none neutral temperror permerror`;
`spf_domain dkim_domains from_domain` say for whom, `aligned` whether one that passed speaks for the author's domain,
`source` whether a server of ours said it (`header`) or we looked (`checked`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from channels.email.account import EmailAccount
from channels.email.authentication.hops import Hops, Origin
from channels.email.authentication.results import facts_of, trusted_results
from channels.email.headers import Headers
from hub.channel import Raw

if TYPE_CHECKING:
    import dns.resolver

__all__ = ["authentication"]

log = logging.getLogger(__name__)
CHECK_S = 15.0
"""A whole check takes no longer; each question to the DNS 3 seconds at most."""


async def authentication(
    account: EmailAccount, raw: Raw, headers: Headers, resolver: dns.resolver.Resolver | None = None
) -> dict[str, Any]:
    """The authentication facts of a mail; empty where nobody whom the account trusts has looked.

    Args:
        headers: the mail's own header block.
        resolver: whom to ask instead of the machine's DNS servers.
    """
    origin = _origin(account, raw)
    said = {"spf": [(origin.spf[0], {"mailfrom": origin.spf[1]})]} if origin.spf else {}
    if account.trusted_authserv_ids and b"authentication-results" in headers.fields:
        found = trusted_results(raw.content, account.trusted_authserv_ids, headers, said)
        if found:
            return found
    if not account.check_authentication:
        return facts_of(said, headers) | {"source": "header"} if said else {}
    from channels.email.authentication.checks import check  # three libraries that most accounts do not need

    try:
        async with asyncio.timeout(CHECK_S):
            return await asyncio.to_thread(
                check, raw.content, headers, origin.peer, origin.mail_from, resolver, said=said
            )
    except TimeoutError:
        log.warning("mail not authenticated in time", extra={"account": account.id, "raw": raw.id})
        return {"spf": "temperror", "dkim": "temperror", "dmarc": "temperror", "source": "checked"}


def _origin(account: EmailAccount, raw: Raw) -> Origin:
    """Who handed the mail to our side: at our own door, or, where a server of ours stands before us, at that server."""
    hops = Hops(account.trusted_hops)
    peer = str(raw.note.get("peer") or "")
    if hops and (not peer or hops.is_ours(peer)):
        return hops.origin(raw.content)
    return Origin(peer=peer, mail_from=str(raw.note.get("mail_from") or ""))
