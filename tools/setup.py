"""Brings this folder to the point where `mainstem` runs: environment, dependencies, console. Quick when nothing changed.

tools/python -m tools.setup [python|mongod|console]    (default: all)
"""

# ruff: noqa: S603 - the commands are written here, none comes from outside
from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.steps import (
    BIN,
    CONSOLE,
    ROOT,
    VENV,
    StepFailed,
    apt_install,
    digest,
    guarded,
    may_use_apt,
    needs,
    run,
    say,
    step,
)

NODE = (20, 19)
NODE_ADVICE = "The console is built with Node 20.19 or newer (https://nodejs.org); macOS: brew install node"
PYTHON_PACKAGES = ("hub", "crm_core", "channels")
CONSOLE_PARTS = ("src", "public", "scripts")


def python_environment() -> None:
    """`.venv` with the locked versions and ourselves, editable."""
    version = ".".join(map(str, sys.version_info[:2]))
    key = digest([ROOT / "pyproject.toml", ROOT / "requirements.lock"], version, str(ROOT))
    step("python: virtual environment and dependencies", VENV / ".mainstem-stamp", key, _install)


def _install() -> None:
    if not (BIN / "python").exists() or not (BIN / "pip").exists():
        _make_environment()
    pip = (BIN / "python", "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off")
    run(*pip, "-c", "requirements.lock", "-e", ".[embedded,dev]")


def _make_environment() -> None:
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, check=False).returncode == 0:
        return
    if not may_use_apt():
        raise StepFailed("no virtual environment could be made; on Debian: apt install python3-venv")
    apt_install("python3-venv")
    run(*command)


def mongod() -> None:
    """The private MongoDB starts: a bare Debian lacks one library that it is linked to."""
    key = digest([ROOT / "requirements.lock"], str(ROOT))
    step("mongod: can it start here", VENV / ".mainstem-mongod-stamp", key, _check_mongod)


def _check_mongod() -> None:
    found = subprocess.run(
        [str(BIN / "python"), "-c", "from hub.store.embedded import find_mongod; print(find_mongod())"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if found.returncode:
        say("no mongod for this platform here: `mainstem` will say what to do")
        return
    started = subprocess.run([found.stdout.strip(), "--version"], capture_output=True, text=True, check=False)
    if started.returncode == 0:
        return
    if "shared librar" not in started.stderr or not may_use_apt():
        raise StepFailed(f"mongod does not start here: {started.stderr.strip()[-500:]} (Debian: apt install libcurl4)")
    apt_install("libcurl4")


def console() -> None:
    """The console's packages, its types from the OpenAPI document, and its build."""
    locks = [CONSOLE / "package.json", CONSOLE / "package-lock.json"]
    stamps = CONSOLE / "node_modules"
    step("console: packages", stamps / ".mainstem-stamp", digest(locks), _install_packages)
    api = [path for package in PYTHON_PACKAGES for path in (ROOT / package).rglob("*.py")]
    if not (CONSOLE / "openapi.json").exists():
        (stamps / ".mainstem-api-stamp").unlink(missing_ok=True)
    step("console: types of the HTTP contract", stamps / ".mainstem-api-stamp", digest([*api, *locks]), _write_types)
    key = digest([*_console_sources(), CONSOLE / "openapi.json"])
    if not (CONSOLE / "dist" / "index.html").exists():
        (stamps / ".mainstem-build-stamp").unlink(missing_ok=True)
    step("console: build", stamps / ".mainstem-build-stamp", key, _build)


def _console_sources() -> Iterator[Path]:
    yield from (path for path in CONSOLE.iterdir() if path.is_file() and path.name != "openapi.json")
    for part in CONSOLE_PARTS:
        yield from (p for p in (CONSOLE / part).rglob("*") if p.is_file() and p.name != "schema.d.ts")


def _install_packages() -> None:
    _check_node()
    run("npm", "ci", "--no-audit", "--no-fund", cwd=CONSOLE)


def _check_node() -> None:
    node = needs("node", NODE_ADVICE)
    needs("npm", NODE_ADVICE)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if found < NODE:
        raise StepFailed(f"node is {said.strip() or 'broken'}. {NODE_ADVICE}")


def _write_types() -> None:
    made = subprocess.run([str(BIN / "mainstem"), "openapi"], cwd=ROOT, capture_output=True, check=False)
    if made.returncode:
        raise StepFailed(f"`mainstem openapi` failed: {made.stderr.decode(errors='replace')[-2000:]}")
    (CONSOLE / "openapi.json").write_bytes(made.stdout)
    run("npm", "run", "--silent", "api", cwd=CONSOLE)


def _build() -> None:
    run("npm", "run", "--silent", "build", cwd=CONSOLE)


def main() -> int:
    """Do what is named, or all."""
    parts = {"python": python_environment, "mongod": mongod, "console": console}
    for name in sys.argv[1:] or parts:
        parts[name]()
    say("set-up is complete")
    return 0


if __name__ == "__main__":
    guarded(main)
