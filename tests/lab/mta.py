"""A real mail server (Exim) on a loopback port: takes mail by SMTP, with sign-in, and delivers all of it by LMTP.

With Dovecot behind it, mail goes the whole way: our outbox -> SMTP -> queue -> LMTP -> the customer's mailbox.
"""

from __future__ import annotations

import os
import shutil
import smtplib
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from tests.lab.mail_server import PASSWORD
from tests.lab.ports import free_port
from tests.lab.server import LabServer

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
class Mta(LabServer):
    """Use as `with Mta(dovecot.lmtp) as mta`, then send to `mta.port`."""

    lmtp: int
    port: int = field(default_factory=free_port)
    logs = ("mainlog",)

    def send(self, mail: bytes, to: str, sender: str = "ada@example.com") -> None:
        """Send as a customer does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
            client.sendmail(sender, [to], mail)

    @override
    def _configure(self) -> None:
        (self.folder / "spool").mkdir()
        shutil.chown(self.folder / "spool", _USER, _USER)
        shutil.chown(self.folder, _USER, _USER)
        self._config.write_text(_CONFIG.format(folder=self.folder, port=self.port, lmtp=self.lmtp, password=PASSWORD))

    @override
    def _command(self) -> list[str]:
        return ["exim4", "-C", str(self._config), "-bdf", "-q2s"]

    @property
    def _config(self) -> Path:
        return self.folder / "exim.conf"

    @override
    def _answers(self) -> bool:
        try:
            smtplib.SMTP("127.0.0.1", self.port, timeout=5).quit()
        except (OSError, smtplib.SMTPException):
            return False
        return True
