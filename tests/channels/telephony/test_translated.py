"""A real Asterisk behind an address translation: the carrier is told the outside address, the house its own. (S2.9.9)"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from channels.telephony.ami import open_ami
from tests.channels.telephony.conftest import need_asterisk
from tests.lab.asterisk.server import CARRIER, PHONES, SECRET, USER, Asterisk

OUTSIDE = "203.0.113.5"
INSIDE = "127.0.0.1"
_INVITE = """INVITE sip:4001@127.0.0.1:{pbx} SIP/2.0
Via: SIP/2.0/UDP {carrier}:{port};branch=z9hG4bKoutside
From: <sip:13800138000@{carrier}>;tag=outside
To: <sip:4001@127.0.0.1>
Call-ID: outside@{carrier}
CSeq: 1 INVITE
Contact: <sip:13800138000@{carrier}:{port}>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: {length}

{sdp}"""
_SDP = "v=0\r\no=- 1 1 IN IP4 {carrier}\r\ns=-\r\nc=IN IP4 {carrier}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"


@pytest.fixture(scope="module")
def translated() -> Iterator[Asterisk]:
    """A PBX that stands with the phones on this side of a translation, and the carrier on the other."""
    need_asterisk()
    with Asterisk(translated=(OUTSIDE, f"{INSIDE}/32 {PHONES}/32")) as server:
        yield server


def _told(message: str) -> tuple[str, str]:
    """Where answers go, and where sound goes."""
    contact, sound = re.search(r"Contact: <sip:(?:[^@>]*@)?([0-9.]+)", message), re.search(r"c=IN IP4 (\S+)", message)
    assert contact, message
    assert sound, message
    return contact[1], sound[1]


def _heard(ear: socket.socket, first_line: str) -> str:
    ear.settimeout(30)
    while not (message := ear.recv(8192).decode()).startswith(first_line):
        pass
    return message


def test_the_carrier_is_told_the_outside_address(translated: Asterisk) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as carrier:
        carrier.bind((CARRIER, translated.carrier_port))
        sdp = _SDP.format(carrier=CARRIER)
        places = {"carrier": CARRIER, "port": translated.carrier_port, "pbx": translated.sip, "length": len(sdp)}
        head = _INVITE.format(sdp="", **places).replace("\n", "\r\n")
        carrier.sendto((head + sdp).encode(), (INSIDE, translated.sip))
        assert _told(_heard(carrier, "SIP/2.0 200")) == (OUTSIDE, OUTSIDE)


async def test_a_desk_phone_is_told_the_address_of_the_house(translated: Asterisk) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((PHONES, translated.phones["1001"]))
        async with await open_ami(INSIDE, translated.ami, USER, SECRET, timeout_s=10) as ami:
            rings = {
                "Channel": "PJSIP/1001",
                "Context": "from-phones",
                "Exten": "9990",
                "Priority": "1",
                "Async": "true",
            }
            await ami.ask({"Action": "Originate", **rings})
            assert _told(_heard(phone, "INVITE")) == (INSIDE, INSIDE)
