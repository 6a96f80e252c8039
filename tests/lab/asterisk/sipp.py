"""SIPp callers and agents: each is one process with a scenario made of the steps below."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.asterisk.server import CARRIER, PHONES, Asterisk
from tests.lab.asterisk.sound import tone
from tests.lab.ports import free_udp_port

_FAREWELL_S = 0.5
_SDP = """v=0
o=- 1 [$version] IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
a={direction}"""


def send(lines: str, *, body: str | None = None, retrans: bool = False) -> str:
    """A message of these header lines; with a body it is SDP."""
    body = f"Content-Type: application/sdp\nContent-Length: [len]\n\n{body}" if body else "Content-Length: 0\n\n"
    timer = ' retrans="500"' if retrans else ""
    return f"<send{timer}><![CDATA[\n{lines}\n{body}\n]]></send>"


def sdp(direction: str = "sendrecv", version: int = 1) -> str:
    """Sound in alaw, in both directions or one."""
    return _SDP.format(direction=direction).replace("[$version]", str(version))


# -- an agent's phone (it is called) ---------------------------------------------------------------------------

_VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
_ECHO = "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n{more}"
_CONTACT = "Contact: <sip:phone@[local_ip]:[local_port];transport=[transport]>"
_TAG = ";tag=[pid]T[call_number]"

INVITED = """<recv request="INVITE" crlf="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>
<ereg regexp="sip:[^&gt;;]*" search_in="hdr" header="Contact:" assign_to="target"/>
<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq"/>
</action></recv>"""
RINGING = send("SIP/2.0 180 Ringing\n" + _ECHO.format(tag=_TAG, more=_CONTACT))
ANSWER = send("SIP/2.0 200 OK\n" + _ECHO.format(tag=_TAG, more=_CONTACT), body=sdp(), retrans=True)
ACKED = '<recv request="ACK"/>'
BUSY = send("SIP/2.0 486 Busy Here\n" + _ECHO.format(tag=_TAG, more="")) + ACKED
CANCELLED = (
    '<recv request="CANCEL"/>'
    + send("SIP/2.0 200 OK\n" + _ECHO.format(tag=_TAG, more=""))
    + send(
        "SIP/2.0 487 Request Terminated\n"
        + _ECHO.format(tag=_TAG, more="").replace("[last_CSeq:]", "CSeq: [$cseq] INVITE")
    )
    + ACKED
)
BYED = '<recv request="BYE"/>' + send("SIP/2.0 200 OK\n" + _ECHO.format(tag="", more=""))


def pause(seconds: float) -> str:
    """Wait."""
    return f'<pause milliseconds="{int(seconds * 1000)}"/>'


def sound(file: Path) -> str:
    """Play a raw A-law file over and over, until the call ends (`tests.lab.asterisk.sound` makes such files)."""
    return f'<nop><action><exec rtp_stream="{file},-1,8,PCMA/8000"/></action></nop>'


_VOICE = "voice.al"
SPEAKS = sound(Path(_VOICE))
"""From here on there is a tone."""


def hears_at(step: str, port: int) -> str:
    """The same step, with the sound led to another port (`tests.lab.asterisk.sound.Ear`)."""
    return step.replace("[media_port]", str(port))


def ours(method: str, number: int, more: str = "") -> str:
    """A request of the called phone inside its dialogue."""
    return (
        f"{method} [$target] SIP/2.0\n{_VIA}\nFrom: [$local]{_TAG}\nTo: [$remote]\n[last_Call-ID:]\n"
        f"CSeq: {number} {method}\nMax-Forwards: 70\n{_CONTACT}\n{more}".rstrip("\n")
    )


def hold(number: int, direction: str) -> str:
    """A re-INVITE: `sendonly` puts the other side on hold, `sendrecv` takes it back."""
    return (
        send(ours("INVITE", number), body=sdp(direction, number), retrans=True)
        + '<recv response="100" optional="true"/><recv response="200"/>'
        + send(ours("ACK", number))
    )


def refer(number: int, to: str) -> str:
    """A blind transfer as a desk phone asks for it (RFC 3515)."""
    more = f"Refer-To: <sip:{to}@127.0.0.1>\nReferred-By: <sip:phone@[local_ip]>"
    return send(ours("REFER", number, more), retrans=True) + '<recv response="202"/>'


def hang_up(number: int = 90) -> str:
    """The called phone ends the call."""
    return send(ours("BYE", number), retrans=True) + '<recv response="200"/>'


NOTIFIED = '<recv request="NOTIFY"/>' + send("SIP/2.0 200 OK\n" + _ECHO.format(tag="", more=""))

# -- a caller --------------------------------------------------------------------------------------------------

_CALL = (
    "INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n"
    f'{_VIA}\nFrom: "{{name}}" <sip:{{number}}@[local_ip]:[local_port]>;tag=[pid]C[call_number]\n'
    "To: <sip:[service]@[remote_ip]:[remote_port]>\nCall-ID: [call_id]\nCSeq: 1 INVITE\n"
    "Contact: <sip:{number}@[local_ip]:[local_port]>\nMax-Forwards: 70"
)
_REQUEST = (
    "{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n"
    f'{_VIA}\nFrom: "{{name}}" <sip:{{number}}@[local_ip]:[local_port]>;tag=[pid]C[call_number]\n'
    "To: <sip:[service]@[remote_ip]:[remote_port]>{to_tag}\nCall-ID: [call_id]\nCSeq: {cseq} {method}\nMax-Forwards: 70"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls; steps are made for the number and the name that the far side shows."""

    number: str
    name: str = ""

    def _request(self, method: str, cseq: int, to_tag: str) -> str:
        return _REQUEST.format(method=method, name=self.name, number=self.number, cseq=cseq, to_tag=to_tag)

    @property
    def dials(self) -> str:
        """INVITE."""
        return send(_CALL.format(number=self.number, name=self.name), body=sdp(), retrans=True)

    @property
    def is_answered(self) -> str:
        """Wait for 200, acknowledge."""
        early = "".join(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183))
        return early + '<recv response="200"/>' + send(self._request("ACK", 1, "[peer_tag_param]"))

    @property
    def hangs_up(self) -> str:
        """BYE."""
        return send(self._request("BYE", 2, "[peer_tag_param]"), retrans=True) + '<recv response="200"/>'

    def presses(self, key: str, number: int) -> str:
        """A key (SIP INFO, as the trunk of the lab takes them); `number` is the request's, from 2 on and rising."""
        pressed = f"Signal={key}\nDuration=160"
        request = self._request("INFO", number, "[peer_tag_param]")
        body = f"Content-Type: application/dtmf-relay\nContent-Length: [len]\n\n{pressed}"
        return f'<send retrans="500"><![CDATA[\n{request}\n{body}\n]]></send><recv response="200"/>'

    def is_refused(self, code: int) -> str:
        """Wait for a refusal."""
        early = "".join(f'<recv response="{early}" optional="true"/>' for early in (100, 180, 183))
        return early + f'<recv response="{code}"/>' + send(self._request("ACK", 1, "[peer_tag_param]"))


@dataclass
class Sipp:
    """One SIPp process; use as `with Sipp(...)`."""

    pbx: Asterisk
    steps: tuple[str, ...]
    host: str
    port: int
    service: str | None = None
    calls: int | None = 1
    _process: subprocess.Popen[bytes] | None = None
    _folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="sipp-")
    )

    def __enter__(self) -> Self:
        script = Path(self._folder.name) / "scenario.xml"
        if any("rtp_stream" in step for step in self.steps):
            self.steps = tuple(step.replace("[media_port]", "[rtpstream_audio_port]") for step in self.steps)
        script.write_text(
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="steps">' + "\n".join(self.steps)
            + '<Reference variables="remote,local,target,cseq"/></scenario>\n' if self.service is None else
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="steps">' + "\n".join(self.steps) + "</scenario>\n"
        )  # fmt: skip
        if SPEAKS in self.steps:
            tone(script.parent / _VOICE)
        command = ["sipp", f"127.0.0.1:{self.pbx.sip}", "-sf", str(script), "-i", self.host, "-p", str(self.port),
                   "-mi", self.host, "-mp", str(free_udp_port(self.host)), "-nostdin", "-nd", "-timeout_error",
                   "-trace_err", "-error_file", str(self._folder.name + "/errors")]  # fmt: skip
        if self.calls is not None:
            command += ["-m", str(self.calls)]
        if self.service is not None:
            command += ["-s", self.service]
        with (Path(self._folder.name) / "out").open("wb") as out:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=self._folder.name,
            )  # fmt: skip
        self._until_it_listens()
        return self

    def _until_it_listens(self) -> None:
        """A phone that is called before it has its port would count as unplugged."""
        address = f"{int.from_bytes(socket.inet_aton(self.host), 'little'):08X}:{self.port:04X}"
        limit = time.monotonic() + 20
        while address not in Path("/proc/net/udp").read_text() and self.ended is None:
            assert time.monotonic() < limit, f"SIPp does not listen: {self.said}"
            time.sleep(0.01)
        assert not self.ended, f"SIPp does not start: {self.said}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._leave()
        self._folder.cleanup()

    def _leave(self) -> None:
        """It ends its calls first: a BYE that nobody answers is sent again, and reaches the next phone on this port, which
        takes it for its only call."""
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR1)  # no new call; ends with the last one
        try:
            self._process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    @property
    def ended(self) -> int | None:
        """The exit code, when it has ended: 0 = every step went as written."""
        return self._process.poll() if self._process else None

    @property
    def said(self) -> str:
        """What it complained about."""
        return "\n".join(
            path.read_text(errors="replace")[-3000:]
            for name in ("errors", "out")
            if (path := Path(self._folder.name) / name).exists()
        )


def agent(pbx: Asterisk, extension: str, *steps: str, calls: int | None = None) -> Sipp:
    """The phone of an extension: what it does with each call. With `calls=1` the first is its only one, and that may be an
    INVITE of the test before: a call that nobody answered is repeated for half a minute, also when its caller is gone."""
    return Sipp(pbx, (INVITED, *steps), PHONES, pbx.phones[extension], calls=calls)


def carrier(pbx: Asterisk, *steps: str) -> Sipp:
    """The far end of calls to the outside."""
    return Sipp(pbx, (INVITED, *steps), CARRIER, pbx.carrier_port, calls=None)


def call(pbx: Asterisk, service: str, *steps: str, host: str = CARRIER, calls: int = 1) -> Sipp:
    """A call to a number of the PBX, from outside; from a phone with `host=PHONES`."""
    return Sipp(pbx, steps, host, free_udp_port(host), service=service, calls=calls)


TALKS = (RINGING, pause(0.3), ANSWER, ACKED, BYED)
"""An agent who answers and talks until the other side hangs up."""
