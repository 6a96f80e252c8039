"""One Asterisk on loopback with the configuration of `deploy/asterisk/`, on ports of its own, stopped in any case.

Layout: Asterisk and SIPp's callers (the carrier) and agents (the phones) each have a loopback address. Sound goes where SDP
says (`rtp_symmetric = no`), so that an ear may listen at a port of its own.
A test that is killed takes its Asterisk along (the kernel sees to it); should one remain, the next start ends it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from tests.lab.asterisk.sid import SID
from tests.lab.network import give_an_address
from tests.lab.ports import free_port, free_udp_port
from tests.lab.server import LabServer
from tools.steps import ROOT

CARRIER = "127.0.0.2"
PHONES = "127.0.0.3"
SECRET = "lab-secret"
USER = "mainstem"
DEAF_USER = "mainstem-deaf"
"""An AMI user with too few rights."""
PHONES_USER = "mainstem-phones"
PHONES_SECRET = "lab-phones-secret"
AGENTS = ("1001", "1002", "1003", "1004")
BROWSERS = ("2001", "2002")

_ASTERISK = """[directories]
astetcdir => {etc}
astmoddir => {modules}
astvarlibdir => /var/lib/asterisk
astdbdir => {run}
astkeydir => /var/lib/asterisk
astdatadir => /usr/share/asterisk
astagidir => /usr/share/asterisk/agi-bin
astspooldir => {run}/spool
astrundir => {run}
astlogdir => {run}
[options]
verbose = 0
nocolor = yes
"""
_TRUNK = """[transport]
type = transport
protocol = udp
bind = 127.0.0.1:{sip}
#tryinclude "local/nat.conf"

[trunk](mainstem-trunk)
aors = trunk
dtmf_mode = auto_info
rtp_symmetric = no
[trunk]
type = aor
contact = sip:{carrier}:{carrier_port}
[trunk]
type = identify
endpoint = trunk
match = {carrier}/32
"""
_PHONE = """
[{name}](mainstem-phone)
aors = {name}
rtp_symmetric = no
callerid = "Agent {name}" <{name}>
[{name}]
type = aor
contact = sip:{name}@{phones}:{port}
"""
_BROWSER = """
[{name}](mainstem-web-phone)
aors = {name}
auth = {name}
callerid = "Agent {name}" <{name}>
[{name}](mainstem-web-aor)
"""
_DIALPLAN = """[from-trunk-local]
exten => 4001,1,Answer()
 same => n,Queue(support,tT,,,2)
 same => n,Queue(overflow,tT,,,10)
 same => n,Hangup()
exten => 4002,1,Dial(PJSIP/1001,2,tT)
 same => n,Hangup(19)
exten => 4003,1,Answer()
 same => n,Dial(Local/1001@from-phones/n,10,tT)
 same => n,Hangup()
exten => 4004,1,Answer()
 same => n,Queue(support,tT,,,2)
 same => n,Hangup()
exten => 4005,1,Answer()
 same => n,Dial(PJSIP/1001,10,gU(mainstem-record^out))
 same => n,Dial(PJSIP/1002,10,gU(mainstem-record^out))
 same => n,Hangup()
exten => 4006,1,Answer()
 same => n,Gosub(mainstem-record,s,1(silent))
 same => n,Dial(PJSIP/1001,10,tT)
 same => n,Hangup()
exten => 4010,1,Answer()
 same => n,Dial(PJSIP/1001,2,tT)
 same => n,Goto(mainstem-voicemail,1001,1)
exten => 4011,1,Answer()
 same => n,Queue(everyone,tT,,,10)
 same => n,Hangup()
exten => 4012,1,Answer()
 same => n,Queue(careful,tT,,,10)
 same => n,Hangup()
exten => 4007,1,Answer()
 same => n,MixMonitor(${UNIQUEID}.wav)
 same => n,Queue(support,tT,,,60)
 same => n,Hangup()
exten => 4008,1,Answer()
 same => n,MixMonitor(call.wav,r(from-caller.wav)t(to-caller.wav))
 same => n,Queue(support,tT,,,30)
 same => n,Hangup()
[from-phones-local]
exten => 9990,1,Answer()
 same => n,Read(KEYS,,2,,1,15)
 same => n,Set(DB(lab/keys)=${KEYS})
 same => n,Echo()
exten => 4000,1,Goto(from-trunk,4000,1)
exten => *50,1,Answer()
 same => n,Queue(overflow,tT,,,20)
 same => n,Hangup()
"""


_QUEUES = """[support](mainstem-queue)
timeout = 2
retry = 1
[overflow](mainstem-queue)
timeout = 5
retry = 1
[everyone](mainstem-queue-ringall)
[careful](mainstem-queue)
memberdelay = 3
timeout = 5
retry = 1
"""
_MAILBOXES = "".join(f"{name} => 4711,Agent {name}\n" for name in AGENTS)


@dataclass
class Asterisk(LabServer):
    """Use as `with Asterisk() as pbx`. Start it in the main thread: it ends with the thread that started it.

    Attributes:
        sip, ami, http: where it listens on 127.0.0.1.
        phones: extension -> the UDP port on 127.0.0.3 where its phone is expected.
        certificate: with one (PEM: certificate, key) AMI speaks TLS too, at `ami_tls`.
        translated: behind an address translation: the outside address, and the networks on this side of it.
    """

    sip: int = field(default_factory=free_udp_port)
    ami: int = field(default_factory=free_port)
    http: int = field(default_factory=free_port)
    carrier_port: int = field(default_factory=lambda: free_udp_port(CARRIER))
    phones: dict[str, int] = field(default_factory=lambda: {name: free_udp_port(PHONES) for name in AGENTS})
    certificate: tuple[Path, Path] | None = None
    ami_tls: int = field(default_factory=free_port)
    translated: tuple[str, str] | None = None
    logs = ("messages",)

    @override
    def _new_folder(self) -> Path:
        """In the folder that Asterisk sees; named after the process that owns it."""
        _end_the_left()
        give_an_address()
        return Path(tempfile.mkdtemp(prefix=f"asterisk-{os.getpid()}-", dir=SID / "srv"))

    @property
    def recordings(self) -> Path:
        """Where it writes the recordings of calls."""
        return self.folder / "spool" / "monitor"

    @property
    def sip_ws_url(self) -> str:
        """Where phones in browsers speak to it, through the hub."""
        return f"ws://127.0.0.1:{self.http}/ws"

    @override
    def _command(self) -> list[str]:
        inside = f"/{(self.folder / 'etc' / 'asterisk.conf').relative_to(SID)}"
        mounts = f"mount --bind /proc {SID}/proc && mount --bind /dev {SID}/dev"
        script = f"{mounts} && exec chroot {SID} asterisk -f -C {inside}"
        own_mounts = ("unshare", "--mount", "--propagation", "private")
        return ["setpriv", "--pdeathsig", "KILL", *own_mounts, "sh", "-c", script]

    @override
    def _configure(self) -> None:
        etc = self.folder / "etc"
        shutil.copytree(ROOT / "deploy" / "asterisk", etc)
        shutil.rmtree(etc / "local", ignore_errors=True)
        local = etc / "local"
        local.mkdir()
        inside = Path("/") / self.folder.relative_to(SID)
        (etc / "asterisk.conf").write_text(_ASTERISK.format(etc=inside / "etc", run=inside, modules=_modules()))
        self.recordings.mkdir(parents=True)
        (local / "manager.conf").write_text(f"bindaddr = 127.0.0.1\nport = {self.ami}\n{self._tls(inside)}")
        (local / "manager-users.conf").write_text(
            f"[{USER}](mainstem-hub)\nsecret = {SECRET}\n[{PHONES_USER}](mainstem-phone-keeper)\nsecret = {PHONES_SECRET}\n"
            f"[{DEAF_USER}]\nsecret = {SECRET}\nread = system\nwrite = reporting\n"
        )
        (local / "pjsip.conf").write_text(
            _TRUNK.format(sip=self.sip, carrier=CARRIER, carrier_port=self.carrier_port)
            + "".join(_PHONE.format(name=n, phones=PHONES, port=p) for n, p in self.phones.items())
            + "".join(_BROWSER.format(name=name) for name in BROWSERS)
        )
        if self.translated:
            (local / "nat.conf").write_text(_as_shipped(*self.translated))
        (local / "http.conf").write_text(f"bindport = {self.http}\n")
        (local / "queues.conf").write_text(_QUEUES)
        (local / "extensions.conf").write_text(_DIALPLAN)
        (local / "globals.conf").write_text("QUEUE_WAIT_S = 60\nRECORD_silent = no\n")
        (local / "res_parking.conf").write_text("parkingtime = 3\n")
        (local / "voicemail.conf").write_text(_MAILBOXES)

    def certify(self, certificate: Path, key: Path) -> None:
        """The certificate that it shows from its next start on."""
        shutil.copy(certificate, self.folder / "etc" / "local" / "ami.pem")
        shutil.copy(key, self.folder / "etc" / "local" / "ami.key")

    def _tls(self, inside: Path) -> str:
        if self.certificate is None:
            return ""
        self.certify(*self.certificate)
        local = inside / "etc" / "local"
        return (
            f"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{self.ami_tls}\n"
            f"tlscertfile = {local}/ami.pem\ntlsprivatekey = {local}/ami.key\n"
        )

    @override
    def _answers(self) -> bool:
        """AMI lets in, with all modules loaded."""
        login = f"Action: Login\r\nUsername: {USER}\r\nSecret: {SECRET}\r\n\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.ami), 2) as ami:
                ami.sendall(login)
                ami.settimeout(2)
                heard = b""
                while b"FullyBooted" not in heard:
                    if not (more := ami.recv(4096)):
                        return False
                    heard += more
                return True
        except OSError:
            return False


def _as_shipped(address: str, networks: str) -> str:
    """The `nat.conf` that the container's start makes of the two variables."""
    with tempfile.TemporaryDirectory() as folder:
        etc = Path(shutil.copytree(ROOT / "deploy" / "asterisk", Path(folder, "etc")))
        where = {
            "PATH": os.environ["PATH"], "ASTERISK_ETC": str(etc), "ASTERISK_SITE": folder, "PBX_SECRET": SECRET,
            "PBX_PHONES_SECRET": SECRET, "PBX_EXTERNAL_ADDRESS": address, "PBX_LOCAL_NET": networks,
        }  # fmt: skip
        subprocess.run(["sh", str(etc / "start.sh"), "true"], env=where, check=True)
        return (etc / "local" / "nat.conf").read_text()


def _modules() -> Path:
    """Where Debian has put Asterisk's modules: the folder has the name of the architecture."""
    return Path("/") / next((SID / "usr" / "lib").glob("*/asterisk/modules")).relative_to(SID)


def _end_the_left() -> None:
    """End the Asterisks of test runs that are no more, and clear their folders away."""
    for folder in (SID / "srv").glob("asterisk-*-*"):
        owner = int(folder.name.split("-")[1])
        if Path(f"/proc/{owner}").exists():
            continue
        pid_file = folder / "asterisk.pid"
        pid = int(pid_file.read_text()) if pid_file.exists() else 0
        if pid and str(folder.name).encode() in _command_line(pid):
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
