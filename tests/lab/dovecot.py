"""A private Dovecot: IMAP and LMTP on loopback, mail in a folder of its own, as many users as are named.

It can be stopped, killed and started again on the same ports and mail, and told to forget its UIDs.
"""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from tests.lab.mail_server import PASSWORD, MailServer
from tests.lab.ports import free_port

INSTALL = "Dovecot is needed: apt install dovecot-imapd dovecot-lmtpd"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login{mechanisms}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
first_valid_gid = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
auth_failure_delay = 0
auth_worker_max_count = 4
mail_max_userip_connections = 100
mail_fsync = never
imap_idle_notify_interval = 1 min
imap_capability = {capability}
{passdb}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  process_limit = 8
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  process_limit = 1
}}
protocol lmtp {{
  postmaster_address = postmaster@demo.local
  auth_username_format = %Ln
}}
"""
_PASSWORDS = "passdb {{\n  driver = static\n  args = password={password}\n}}"
_OAUTH = "passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {folder}/oauth2.conf\n}}"


_USER = ("nobody", "nogroup") if os.geteuid() == 0 else (getpass.getuser(), grp.getgrgid(os.getegid()).gr_name)
"""Who owns the mail: Dovecot refuses root."""


def installed() -> bool:
    """Whether there is a Dovecot here."""
    return shutil.which("dovecot") is not None


@dataclass
class Dovecot(MailServer):
    """Use as `with Dovecot() as dovecot`.

    Attributes:
        tls: offer TLS with a certificate of `tests.lab.certificates`: (certificate, key).
        introspection: an OAuth 2 introspection address; XOAUTH2 is offered then.
        capability: what the server says it can; empty = all it can.
    """

    tls: tuple[Path, Path] | None = None
    introspection: str | None = None
    capability: str = ""
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    logs = ("dovecot.log",)

    def forget_uids(self, user: str = "support") -> None:
        """What a restored backup or a moved mailbox does: a new UIDVALIDITY, and new UIDs. Only while it is stopped."""
        for pattern in ("dovecot-uidlist", "dovecot.index*", "dovecot-uidvalidity*"):
            for file in (self.folder / "mail" / user).glob(pattern):
                file.unlink()
        # Dovecot takes the time in seconds for the next UIDVALIDITY: it must not be the same second again
        time.sleep(1.1)

    @override
    def _command(self) -> list[str]:
        return ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]

    @override
    def _configure(self) -> None:
        mail = self.folder / "mail"
        mail.mkdir()
        if os.geteuid() == 0:
            shutil.chown(mail, *_USER)
        certificate = f"ssl_cert = <{self.tls[0]}\nssl_key = <{self.tls[1]}" if self.tls else ""
        passdb = _PASSWORDS.format(password=PASSWORD)
        if self.introspection:
            self._write_oauth()
            passdb = _OAUTH.format(folder=self.folder) + "\n" + passdb
        (self.folder / "dovecot.conf").write_text(
            _CONFIG.format(
                user=_USER[0],
                group=_USER[1],
                folder=self.folder,
                ssl="yes" if self.tls else "no",
                certificate=certificate,
                mechanisms=" xoauth2 oauthbearer" if self.introspection else "",
                capability=self.capability,
                passdb=passdb,
                imap=self.imap,
                imaps=self.imaps if self.tls else 0,
                lmtp=self.lmtp,
            )
        )

    def _write_oauth(self) -> None:
        (self.folder / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {self.introspection}\nusername_attribute = username\n"
            "active_attribute = active\nactive_value = true\n"
        )

    @override
    def _mailbox(self, user: str) -> str:
        return f"{user}@demo.local"


def client_context(certificate: Path) -> ssl.SSLContext:
    """What trusts the certificate."""
    return ssl.create_default_context(cafile=str(certificate))
