"""Every check and test, in one run, each reported; the last line counts the tests.

tools/python -m tools.checks [static]    (`static`: no tests)
"""

# ruff: noqa: S603 - the commands are written here, none comes from outside
from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.asterisk.sid import main as install_pbx
from tests.lab.cyrus_files import main as install_second_mailbox
from tools.lanes import run_tests
from tools.steps import BIN, CONSOLE, ROOT, apt_install, guarded, may_use_apt, say

PYTHON_CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy --strict": ("mypy",),
    "import contracts": ("lint-imports",),
}
LAB = ("chromium", "fonts-noto-cjk", "fonts-dejavu-core", "libatomic1", "nginx-light")
"""What the browser and proxy tests need beyond the Python packages, as Debian calls it."""


MAIL_LAB = ("dovecot-imapd", "dovecot-lmtpd")
"""Mailboxes for the mail tests."""
MAIL_SERVER = "exim4-daemon-light"
RELAY = "coturn"
"""A TURN server for the sound of phones in browsers."""


def install_lab() -> None:
    """The lab servers that can be installed here; says what is left out and why."""
    if may_use_apt():
        wanted = [*LAB, *MAIL_LAB, RELAY]
        if shutil.which("exim4") or not shutil.which("sendmail"):
            wanted.append(MAIL_SERVER)  # it would push out another mail server, which this machine may need
        if missing := [package for package in wanted if not _installed(package)]:
            apt_install(*missing)
    elif not shutil.which("chromium"):
        say("lab: no chromium on PATH, and installing it takes Debian's apt as root: browser tests will be skipped")
    for program, tests in (
        ("dovecot", "mailbox tests"), ("exim4", "tests with a real mail server"), ("turnserver", "tests of relayed sound")
    ):  # fmt: skip
        if not shutil.which(program):
            say(f"lab: {program} could not be installed here: {tests} will be skipped")


def _installed(package: str) -> bool:
    asked = ("dpkg-query", "-W", "-f", "${db:Status-Status}", package)
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "installed"


def check(name: str, command: tuple[str | Path, ...], cwd: Path = ROOT) -> bool:
    """Run one check; its output is shown only when it fails."""
    started = time.monotonic()
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    passed = done.returncode == 0
    say(f"{'passed' if passed else 'FAILED'}: {name} ({time.monotonic() - started:.1f} s)")
    if not passed:
        sys.stdout.write(done.stdout[-20_000:] + done.stderr[-5_000:] + "\n")
    return passed


def main() -> int:
    """Run all; 0 when everything passed."""
    results = [check(name, (BIN / program, *rest)) for name, (program, *rest) in PYTHON_CHECKS.items()]
    results.append(check("console: types, lint, tests, build", ("npm", "run", "--silent", "check"), CONSOLE))
    if sys.argv[1:] == ["static"]:
        return 0 if all(results) else 1
    install_lab()
    install_pbx()
    install_second_mailbox()
    say("tests")
    if not all(results):
        say("a check failed, see above; the tests run all the same")
    return 0 if run_tests(BIN / "python", ROOT) == 0 and all(results) else 1


if __name__ == "__main__":
    guarded(main)
