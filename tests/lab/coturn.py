"""One coturn with the configuration of `deploy/coturn/`, in a folder and on ports of its own.

It listens on loopback and relays at the address that Asterisk has its candidates at (`tests.lab.network`).
"""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from tests.lab.network import give_an_address
from tests.lab.ports import free_port, free_udp_port
from tests.lab.server import LabServer
from tools.steps import ROOT

INSTALL = "coturn is needed: apt install coturn"
SECRET = "lab-turn-secret"
_DEPLOYED = ROOT / "deploy" / "coturn"


def installed() -> bool:
    """Whether there is a coturn here."""
    return shutil.which("turnserver") is not None


@dataclass
class Coturn(LabServer):
    """Use as `with Coturn() as turn`.

    Attributes:
        port: of STUN and TURN on 127.0.0.1, UDP and TCP.
        certificate: with one (PEM: certificate, key) it speaks TLS too, at `tls_port`.
    """

    secret: str = SECRET
    port: int = field(default_factory=free_udp_port)
    certificate: tuple[Path, Path] | None = None
    tls_port: int = field(default_factory=free_port)
    _address: str = ""

    @property
    def stun(self) -> str:
        """As an account names it."""
        return f"stun:127.0.0.1:{self.port}"

    @property
    def turn(self) -> str:
        """As an account names it."""
        return f"turn:127.0.0.1:{self.port}"

    @property
    def turns(self) -> str:
        """As an account names it."""
        return f"turns:127.0.0.1:{self.tls_port}"

    @override
    def _configure(self) -> None:
        """The rest it does itself, from its environment."""
        self._address = give_an_address()
        for source, name in zip(self.certificate or (), ("fullchain.pem", "privkey.pem"), strict=False):
            shutil.copy(source, self.folder / name)

    @override
    def _command(self) -> list[str]:
        listens = ("--listening-ip=127.0.0.1", f"--listening-port={self.port}", f"--relay-ip={self._address}",
                   f"--tls-listening-port={self.tls_port}")  # fmt: skip
        return ["setpriv", "--pdeathsig", "KILL", "sh", str(_DEPLOYED / "start.sh"), *listens]

    @override
    def _environment(self) -> dict[str, str]:
        return {
            "TURN_CONF": str(_DEPLOYED / "turnserver.conf"), "TURN_RUN": str(self.folder), "TURN_CERTS": str(self.folder),
            "TURN_SECRET": self.secret, "TURN_PEERS": f"{self._address}-{self._address}", "PATH": os.environ["PATH"],
        }  # fmt: skip

    @override
    def _answers(self) -> bool:
        """A binding request (RFC 8489) is answered."""
        request = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(0.5)
            line.connect(("127.0.0.1", self.port))
            try:
                line.send(request)
                return line.recv(2048)[8:20] == request[8:]
            except OSError:
                return False
