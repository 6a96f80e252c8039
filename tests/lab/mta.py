"""A real mail server (Exim) on a loopback port: takes mail by SMTP, with sign-in, and delivers all of it by LMTP.

With Dovecot behind it, mail goes the whole way: our outbox -> SMTP -> queue -> LMTP -> the customer's mailbox.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.house import free_port
from tests.lab.mail_server import PASSWORD

INSTALL = "Exim is needed, and root to start it: apt install exim4-daemon-light"
_USER = "Debian-exim"

_CONFIG = """
primary_hostname = mta.demo.local
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
keep_environment =
tls_advertise_hosts =
auth_advertise_hosts = *
host_lookup =
rfc1413_hosts =
smtp_accept_max = 100
smtp_accept_queue_per_connection = 1000
message_size_limit = 60M
acl_smtp_rcpt = take
acl_smtp_data = take
bounce_return_size_limit = 10K
timeout_frozen_after = 1h

begin acl
take:
  accept

begin routers
all:
  driver = manualroute
  domains = ! bounce.example
  route_list = * 127.0.0.1
  transport = lmtp
  self = send
  no_more

begin transports
lmtp:
  driver = smtp
  protocol = lmtp
  port = {lmtp}
  hosts = 127.0.0.1
  hosts_override
  allow_localhost

begin retry
* * F,1h,2s

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{password}}}}}
  server_set_id = $auth2
"""


def installed() -> bool:
    """Whether it can be started here."""
    return shutil.which("exim4") is not None and os.geteuid() == 0


@dataclass
class Mta:
    """Use as `with Mta(dovecot.lmtp) as mta`, then send to `mta.port`."""

    lmtp: int
    port: int = field(default_factory=free_port)
    folder: Path = Path()
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="exim-"))
        self.folder.chmod(0o755)
        (self.folder / "spool").mkdir()
        shutil.chown(self.folder / "spool", _USER, _USER)
        shutil.chown(self.folder, _USER, _USER)
        config = self.folder / "exim.conf"
        config.write_text(_CONFIG.format(folder=self.folder, port=self.port, lmtp=self.lmtp, password=PASSWORD))
        shutil.chown(config, "root", "root")
        with (self.folder / "start.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["exim4", "-C", str(config), "-bdf", "-q2s"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._until_it_answers()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, mail: bytes, to: str, sender: str = "ada@example.com") -> None:
        """Send as a customer does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
            client.sendmail(sender, [to], mail)

    def log(self) -> str:
        """What it wrote of its work."""
        main = self.folder / "mainlog"
        return (main.read_text() if main.exists() else "") + (self.folder / "start.log").read_text()

    def _until_it_answers(self) -> None:
        limit = time.monotonic() + 20
        while True:
            try:
                smtplib.SMTP("127.0.0.1", self.port, timeout=5).quit()
                return
            except (OSError, smtplib.SMTPException):
                assert self._process is not None
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < limit, self.log()
                time.sleep(0.05)

    def _end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
