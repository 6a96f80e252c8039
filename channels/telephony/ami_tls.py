"""Why AMI over TLS did not come about, in words that say what to mend. Nothing falls back to plain."""

from __future__ import annotations

import ssl

from hub.errors import ChannelError, Permanent, Transient

_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME = frozenset({62, 64})
"""OpenSSL's codes for another host name and another address."""
_UNKNOWN = frozenset({2, 18, 19, 20, 21, 24, 27})
"""... and for a chain that ends at nobody whom we trust."""
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})


def tls_refusal(error: ssl.SSLError, host: str, port: int) -> ChannelError:
    """What to raise: `Permanent` where a person must mend it."""
    where = f"AMI over TLS at {host}:{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return Permanent(f"{where}: {_of_certificate(error, host)}")
    if error.reason in _NO_TLS:
        return Permanent(f"{where}: no TLS is spoken there: check port and, on the PBX, tlsenable and tlsbindaddr")
    return Transient(f"{where}: {error.reason or error}")


def _of_certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "its certificate has expired: renew it on the PBX"
    if code == _NOT_YET:
        return "its certificate is not valid yet: check the clocks"
    if code in _OTHER_NAME:
        return f"its certificate is not for {host}: write the name that it has into host, or make another"
    if code in _UNKNOWN:
        return f"nobody whom we trust has signed its certificate: name its authority in ca ({error.verify_message})"
    return f"its certificate cannot be trusted: {error.verify_message}"
