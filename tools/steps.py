"""What the set-up scripts share: a line per step with the seconds it took, stamps, and a clear word when a step fails.

Only the standard library, because nothing is installed yet when these run.
"""

# ruff: noqa: S603, TID251 - the commands are written here; nothing of ours is installed yet
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
CONSOLE = ROOT / "agents_ui"
STARTED = time.monotonic()
_PROGRESS_S, _WIDTH = 8.0, 100


class StepFailed(Exception):
    """A step that stops everything; the text says what to do."""


def say(text: str) -> None:
    """One line of progress with the seconds since the start."""
    sys.stdout.write(f"[{time.monotonic() - STARTED:6.1f} s] {text}\n")
    sys.stdout.flush()


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> None:
    """Run a command. What it writes is shown whole only when it fails; every few seconds its last line, as progress.

    Raises:
        StepFailed: it ended with an error.
    """
    shown = " ".join(str(part) for part in command)
    written: list[str] = []
    with subprocess.Popen(
        [str(part) for part in command], cwd=cwd, env=os.environ | variables, text=True, encoding="utf-8",
        errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        reader = threading.Thread(target=written.extend, args=(process.stdout,))
        reader.start()
        while reader.is_alive():
            reader.join(_PROGRESS_S)
            if reader.is_alive():
                say(f"    {written[-1].strip()[:_WIDTH] if written else 'working'}")
    if process.returncode:
        sys.stdout.write("".join(written))
        raise StepFailed(f"`{shown}` ended with {process.returncode}; its output is above")


def digest(paths: Iterable[Path], *more: str) -> str:
    """A hash over files (their names and contents) and texts."""
    total = hashlib.sha256("\0".join(more).encode())
    for path in sorted(paths):
        total.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def step(name: str, stamp: Path, key: str, work: Callable[[], None]) -> None:
    """Do the work unless the stamp says that it was done for this key."""
    if stamp.exists() and stamp.read_text(encoding="ascii") == key:
        return
    say(name)
    before = time.monotonic()
    stamp.unlink(missing_ok=True)
    work()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="ascii")
    say(f"{name}: done in {time.monotonic() - before:.1f} s")


def needs(program: str, advice: str) -> str:
    """The path of a program.

    Raises:
        StepFailed: it is not on PATH.
    """
    if found := shutil.which(program):
        return found
    raise StepFailed(f"{program} was not found on PATH. {advice}")


def may_use_apt() -> bool:
    """Whether packages of the system can be installed here without asking anybody."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def apt_install(*packages: str) -> None:
    """Install packages of the system."""
    say(f"system: installing {', '.join(packages)}")
    run("apt-get", "update", "-qq", DEBIAN_FRONTEND="noninteractive")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, DEBIAN_FRONTEND="noninteractive")


def guarded(main: Callable[[], int]) -> None:
    """Run a script's main function; a failed step ends it with one clear line."""
    try:
        sys.exit(main())
    except StepFailed as failure:
        say(f"stopped: {failure}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
