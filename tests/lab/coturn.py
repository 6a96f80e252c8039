"""One coturn with the configuration of `deploy/coturn/`, in a folder and on ports of its own.

It listens on loopback and relays at the address that Asterisk has its candidates at (`tests.lab.network`).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.asterisk.server import free_udp_port
from tests.lab.network import give_an_address
from tools.steps import ROOT

INSTALL = "coturn is needed: apt install coturn"
SECRET = "lab-turn-secret"
_DEPLOYED = ROOT / "deploy" / "coturn"
_READY_S = 30.0


def installed() -> bool:
    """Whether there is a coturn here."""
    return shutil.which("turnserver") is not None


@dataclass
class Coturn:
    """Use as `with Coturn() as turn`.

    Attributes:
        port: of STUN and TURN on 127.0.0.1, UDP and TCP.
    """

    secret: str = SECRET
    port: int = field(default_factory=lambda: free_udp_port("127.0.0.1"))
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mainstem-coturn-")))
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def stun(self) -> str:
        """As an account names it."""
        return f"stun:127.0.0.1:{self.port}"

    @property
    def turn(self) -> str:
        """As an account names it."""
        return f"turn:127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it said."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start, and wait until it answers."""
        address = give_an_address()
        where = {
            "TURN_CONF": str(_DEPLOYED / "turnserver.conf"), "TURN_RUN": str(self.folder), "TURN_CERTS": str(self.folder),
            "TURN_SECRET": self.secret, "TURN_PEERS": f"{address}-{address}", "PATH": os.environ["PATH"],
        }  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "sh", str(_DEPLOYED / "start.sh"), "--listening-ip=127.0.0.1",
                 f"--listening-port={self.port}", f"--relay-ip={address}"],
                env=where, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        limit = time.monotonic() + _READY_S
        while not self._answers():
            assert self._process.poll() is None, f"coturn ended: {self.log}"
            assert time.monotonic() < limit, f"coturn does not become ready: {self.log}"
            time.sleep(0.1)

    def stop(self) -> None:
        """As a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

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
