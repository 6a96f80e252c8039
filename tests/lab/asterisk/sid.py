"""Debian sid with Asterisk 22 in `.lab/sid`: Debian 12 has no Asterisk. Only the standard library: the set-up runs this.

    tools/python -m tests.lab.asterisk.sid

What is mounted for the folder is mounted in a namespace of its own, so nothing stays mounted when a process dies.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.steps import ROOT, StepFailed, apt_install, guarded, may_use_apt, run, say

SID = ROOT / ".lab" / "sid"
PACKAGES = ("asterisk", "asterisk-core-sounds-en")
_SETUP = """set -e
cd "$0"
printf '#!/bin/sh\\nexit 101\\n' > usr/sbin/policy-rc.d
chmod +x usr/sbin/policy-rc.d
mount --bind /proc proc
mount --bind /dev dev
exec chroot . apt-get install -y -qq --no-install-recommends "$@"
"""


def installed() -> bool:
    """Whether Asterisk and SIPp are there."""
    return (SID / "usr" / "sbin" / "asterisk").exists() and shutil.which("sipp") is not None


def why_not() -> str | None:
    """Why it cannot be installed here; None where it can."""
    if not may_use_apt() or not Path("/etc/debian_version").exists():
        return "Asterisk is installed from Debian sid: that takes root on Debian"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "Asterisk is installed from Debian sid: that takes the right to mount, which this machine does not give"
    return None


def install() -> None:
    """Install what is missing, with visible progress.

    Raises:
        StepFailed: it cannot be installed here; says why.
    """
    if installed():
        return
    if reason := why_not():
        raise StepFailed(reason)
    if missing := [name for name, program in _PROGRAMS.items() if not shutil.which(program)]:
        apt_install(*missing)
    if not (SID / "usr" / "sbin" / "asterisk").exists():
        _bootstrap()


_PROGRAMS = {"debootstrap": "debootstrap", "sip-tester": "sipp"}


def _bootstrap() -> None:
    """Into a folder beside it first: a half-made one is never taken for the whole."""
    fresh = SID.with_name("sid.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    say("lab: Debian sid for Asterisk 22 (debootstrap, about a minute)")
    own_mounts = ("unshare", "--mount", "--propagation", "private")
    run(*own_mounts, "debootstrap", "--variant=minbase", "sid", fresh, mirror())
    say("lab: Asterisk 22")
    run(*own_mounts, "sh", "-c", _SETUP, fresh, *PACKAGES, DEBIAN_FRONTEND="noninteractive")
    fresh.rename(SID)


def mirror() -> str:
    """The Debian mirror that apt takes its packages from here."""
    sources = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sources if path.is_file()]
    found = re.findall(
        r"^(?:URIs:|deb(?:\s+\[[^]]*])?)\s+(https?://\S+/debian)/?(?:\s|$)", "\n".join(texts), re.MULTILINE
    )
    return found[0] if found else "http://deb.debian.org/debian"


def main() -> int:
    """Install, or say why not; on a build machine that is a failure."""
    try:
        install()
    except StepFailed as reason:
        if os.environ.get("CI") == "true":
            raise
        say(f"lab: {reason}; the telephony tests will be skipped")
    return 0


if __name__ == "__main__":
    guarded(main)
