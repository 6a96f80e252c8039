"""What `mainstem doctor` says of STUN and TURN servers: each one is asked what a browser would ask."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl

from aioice.stun import TransactionError, TransactionFailed

from channels.telephony.account import TelephonyAccount
from channels.telephony.ice import turn_credentials
from channels.telephony.ice_uri import IceUri, ice_uri
from channels.telephony.stun import allocate, bind
from hub.channel import Remark

_WHO = "doctor"
_LASTS_S = 60
_DIFFER = (
    "it refuses our credentials: turn_secret must be the server's own (coturn: use-auth-secret, static-auth-secret), "
    "and the clocks of both must agree"
)
_REFUSALS = {
    300: "it sends us to another server: name that one here",
    401: _DIFFER,
    403: "it forbids it: look at the server's log",
    441: _DIFFER,
    486: "it has no more room for one user: raise user-quota and total-quota there",
    508: "it has no free port: widen min-port to max-port there, and the same in the firewall",
}


async def examine_ice(account: TelephonyAccount) -> list[Remark]:
    """A remark on each server, all asked at once."""
    servers = [server for text in account.ice_servers if (server := ice_uri(text)) is not None]
    return list(await asyncio.gather(*(_examined(account, server) for server in servers)))


async def _examined(account: TelephonyAccount, server: IceUri) -> Remark:
    what = f"phones in browsers: {server.text}"
    try:
        async with asyncio.timeout(account.timeout_s):
            advice = await _asked(account, server)
    except TimeoutError:
        way = f"{server.transport.upper()} port {server.port}"
        advice = f"no answer within {account.timeout_s:g} s: does it run, and does the firewall let {way} through?"
    except TransactionFailed as refusal:
        code = refusal.response.error_code or 0
        advice = _REFUSALS.get(code, f"it refuses ({refusal})")
    except TransactionError as error:
        advice = f"no answer ({error})"
    except socket.gaierror:
        advice = f"there is no machine of the name {server.host}"
    except ssl.SSLCertVerificationError as error:
        advice = f"browsers would not trust its certificate: {error.verify_message}"
    except OSError as error:
        advice = f"it cannot be reached ({error.strerror or error})"
    return Remark(not advice, what, advice)


async def _asked(account: TelephonyAccount, server: IceUri) -> str:
    if not server.relays or account.turn_secret is None:
        await bind(server)
        return ""
    name, password = turn_credentials(account.turn_secret.get_secret_value(), _WHO, _LASTS_S)
    relayed, _ = await allocate(server, name, password)
    return beside(server.host, relayed)


def beside(host: str, relayed: str) -> str:
    """A server with a public address that relays at a private one stands behind a translation, and was not told so."""
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        return ""
    if not public or ipaddress.ip_address(relayed).is_global:
        return ""
    return f"it relays at {relayed}, which nobody outside reaches: set external-ip there"
