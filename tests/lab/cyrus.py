"""A private Cyrus: the second kind of IMAP server, IMAP and LMTP on loopback, mail in a folder of its own.

Unlike Dovecot here it keeps all folders below INBOX (`INBOX.Sent`), and fills in HIGHESTMODSEQ, UIDs and IDLE in ways of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from imaplib import IMAP4
from pathlib import Path

from typing_extensions import override

from tests.lab.cyrus_files import FOLDER, libraries
from tests.lab.cyrus_files import installed as unpacked
from tests.lab.mail_server import PASSWORD, MailServer
from tests.lab.ports import free_port

INSTALL = "Cyrus is needed, and root to start it: tools/python -m tests.lab.cyrus_files"
_BIN = FOLDER / "usr/lib/cyrus/bin"

_IMAPD = """
configdirectory: {folder}/conf
partition-default: {folder}/spool
defaultpartition: default
proc_path: {folder}/conf/proc
mboxname_lockpath: {folder}/conf/lock
lmtpsocket: {folder}/conf/socket/lmtp
idlesocket: {folder}/conf/socket/idle
notifysocket: {folder}/conf/socket/notify
sievedir: {folder}/conf/sieve
cyrus_user: nobody
admins: cyrus
servername: cyrus.local
allowplaintext: yes
altnamespace: no
unixhierarchysep: no
virtdomains: off
duplicatesuppression: no
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Sent|Trash
autocreate_subscribe_folders: Sent|Trash
xlist-sent: Sent
xlist-trash: Trash
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN LOGIN
"""
_MASTER = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -r -C {folder}/imapd.conf"
}}
SERVICES {{
  imap cmd="{bin}/imapd -U 30 -C {folder}/imapd.conf" listen="127.0.0.1:{imap}" prefork=0 maxchild=100
  lmtp cmd="{bin}/lmtpd -a -C {folder}/imapd.conf" listen="127.0.0.1:{lmtp}" prefork=0 maxchild=20
}}
DAEMON {{
  idled cmd="{bin}/idled -C {folder}/imapd.conf"
}}
"""


def installed() -> bool:
    """Whether it can be started here."""
    return unpacked() and os.geteuid() == 0


@dataclass
class Cyrus(MailServer):
    """Use as `with Cyrus() as cyrus`. A user is made by the first mail, or by the first sign-in."""

    imap: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    _users: set[str] = field(default_factory=set)

    @override
    def _configure(self) -> None:
        for part in ("conf/socket", "conf/proc", "conf/lock", "conf/db", "conf/log", "spool"):
            (self.folder / part).mkdir(parents=True)
        for path in (self.folder, *self.folder.rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
        (self.folder / "imapd.conf").write_text(_IMAPD.format(folder=self.folder))
        (self.folder / "cyrus.conf").write_text(
            _MASTER.format(folder=self.folder, bin=_BIN, imap=self.imap, lmtp=self.lmtp)
        )
        self.add_user("support")

    @override
    def _command(self) -> list[str]:
        files = {"-C": "imapd.conf", "-M": "cyrus.conf", "-p": "master.pid"}
        return [f"{_BIN}/master", *(word for key, name in files.items() for word in (key, f"{self.folder}/{name}"))]

    @override
    def _environment(self) -> dict[str, str]:
        """Its own libraries first; SASL finds its mechanisms there or in the system."""
        plugins = [f"{path}/sasl2" for path in libraries().split(":")]
        system = [str(path) for path in Path("/usr/lib").glob("*-linux-gnu/sasl2")]
        return {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": libraries(), "SASL_PATH": ":".join([*system, *plugins])}

    def add_user(self, user: str) -> None:
        """Somebody who may sign in with the lab's password."""
        if user in self._users:
            return
        database = self.folder / "sasldb2"
        command = [str(FOLDER / "usr/sbin/saslpasswd2"), "-p", "-c", "-f", str(database), "-u", "cyrus.local", user]
        subprocess.run(command, input=PASSWORD.encode(), env=self._environment(), check=True, timeout=20)
        shutil.chown(database, "nobody", "nogroup")
        self._users.add(user)

    @override
    def imap_client(self, user: str = "support") -> IMAP4:
        self.add_user(user)
        return super().imap_client(user)
