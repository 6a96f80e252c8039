"""A desk phone with two lines: what an agent does who asks a colleague on the second one. Steps for SIPp's agents.

SIPp gives a message whose Call-ID ends in `///ID` to the scenario of ID: so one scenario can hold two dialogues.
"""

from __future__ import annotations

from tests.lab.asterisk.sipp import ACKED, ANSWER, RINGING, ours, sdp, send

_CALL_ID = "Call-ID: second///[call_id]"
_TAG = "[pid]S[call_number]"
_VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
_SAVED = """<action><ereg regexp="tag=([^;]*)" search_in="hdr" header="To:" assign_to="whole,second"/></action>"""
_USED = '<nop><action><log message="[$whole]"/></action></nop>'


def _second(method: str, cseq: int, own: str, to: str, tag: str = "") -> str:
    return (
        f"{method} sip:{to}@[remote_ip]:[remote_port] SIP/2.0\n{_VIA}\n"
        f"From: <sip:{own}@[local_ip]:[local_port]>;tag={_TAG}\nTo: <sip:{to}@[remote_ip]:[remote_port]>{tag}\n"
        f"{_CALL_ID}\nCSeq: {cseq} {method}\nContact: <sip:{own}@[local_ip]:[local_port]>\nMax-Forwards: 70"
    )


def _early() -> str:
    return "".join(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183))


def asks(own: str, to: str) -> str:
    """Call somebody on the second line, and wait until that is answered."""
    return (
        send(_second("INVITE", 1, own, to), body=sdp(), retrans=True)
        + _early()
        + f'<recv response="200">{_SAVED}</recv>{_USED}'
        + send(_second("ACK", 1, own, to, ";tag=[$second]"))
    )


def rings_at(own: str, to: str) -> str:
    """Call somebody on the second line, and wait until it rings there."""
    return (
        send(_second("INVITE", 1, own, to), body=sdp(), retrans=True)
        + f'<recv response="100" optional="true"/><recv response="180">{_SAVED}</recv>{_USED}'
    )


def hands_over(number: int, to: str) -> str:
    """REFER on the first line with the second as what it replaces (RFC 3891): the two others are put together."""
    replaces = f"second%2F%2F%2F[call_id]%3Bto-tag%3D[$second]%3Bfrom-tag%3D{_TAG}"
    more = f"Refer-To: <sip:{to}@127.0.0.1?Replaces={replaces}>\nReferred-By: <sip:phone@[local_ip]>"
    request = ours("REFER", number, more).replace("[last_Call-ID:]", "Call-ID: [call_id]")
    return send(request, retrans=True) + '<recv response="202"/>'


AGREES = (
    '<label id="1"/><recv request="NOTIFY" optional="true" next="2"/>'
    '<recv response="200" optional="true" next="1"/><recv response="487" optional="true" next="1"/>'
    '<recv request="BYE"/><label id="2"/>'
    + send("SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n").replace(
        "<send>", '<send next="1">'
    )
)
"""Says yes to whatever comes on either line, for ever."""
PICKS_UP = (RINGING, ANSWER, ACKED)
