"""Cyrus IMAP unpacked into `.lab/cyrus`: Debian lets only one IMAP server be installed, and Dovecot is that one.

    tools/python -m tests.lab.cyrus_files

Its packages, and those libraries of theirs that this machine lacks, are fetched by apt and unpacked, not installed: nothing of
the system changes. Only the standard library: the set-up runs this.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.steps import ROOT, StepFailed, guarded, may_use_apt, run, say

FOLDER = ROOT / ".lab" / "cyrus"
PACKAGES = ("cyrus-common", "cyrus-imapd", "sasl2-bin")


def installed() -> bool:
    """Whether it is there."""
    return (FOLDER / "usr/lib/cyrus/bin/imapd").exists()


def libraries() -> str:
    """Where its libraries are, for `LD_LIBRARY_PATH`."""
    return ":".join(str(path) for part in ("usr/lib", "lib") for path in sorted((FOLDER / part).glob("*-linux-gnu")))


def install() -> None:
    """Fetch and unpack it. Into a folder beside it first: a half-made one is never taken for the whole.

    Raises:
        StepFailed: it cannot be had here; says why.
    """
    if installed():
        return
    if not may_use_apt():
        raise StepFailed("Cyrus IMAP is fetched by Debian's apt, as root")
    say("lab: Cyrus IMAP (unpacked beside Dovecot)")
    fresh = FOLDER.with_name("cyrus.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    fetch = ("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download")
    run(*fetch, *PACKAGES, cwd=fresh)
    if missing := sorted({need for file in fresh.glob("*.deb") for need in _libraries_of(file) if not _here(need)}):
        run(*fetch, *missing, cwd=fresh)
    for file in sorted(fresh.glob("*.deb")):
        run("dpkg-deb", "-x", file, fresh)
        file.unlink()
    fresh.chmod(0o755)  # its server does not run as root
    fresh.rename(FOLDER)


def _libraries_of(file: Path) -> list[str]:
    asked = ("dpkg-deb", "-f", str(file), "Depends")
    needs = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return [name for need in needs.split(",") if re.match(r"lib[a-z0-9.+-]+", name := need.split()[0])]


def _here(package: str) -> bool:
    asked = ("dpkg-query", "-W", "-f", "${db:Status-Status}", package)
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "installed"


def main() -> int:
    """Install, or say why not; on a build machine that is a failure."""
    try:
        install()
    except StepFailed as reason:
        if os.environ.get("CI") == "true":
            raise
        say(f"lab: {reason}; the tests with a second IMAP server will be skipped")
    return 0


if __name__ == "__main__":
    guarded(main)
