"""What can be examined without asking any server: this installation, its folder, its key, its names."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from hub.settings import Settings

OUR_NAMES = ("hub", "channels", "crm_core", "workers")
DISTRIBUTION = "mainstem"
_LEAST_FREE = 2 * 1024**3
_ROOT = Path(__file__).resolve().parent.parent.parent
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice`: what to do, or what to know."""

    ok: bool
    what: str
    advice: str = ""


def examine_house(settings: Settings) -> list[Finding]:
    """This installation."""
    return [
        _python(),
        *(_name(name) for name in OUR_NAMES),
        _console(settings.console),
        *_data(settings.data),
        _key(settings),
    ]


def _python() -> Finding:
    shown = ".".join(map(str, sys.version_info[:3]))
    return Finding(sys.version_info >= (3, 11), f"Python {shown}", "")


def foreign_owners(name: str) -> list[str]:
    """Other distributions that install a package of this name: their files and ours would be mixed."""
    return sorted(set(packages_distributions().get(name, ())) - {DISTRIBUTION})


def _name(name: str) -> Finding:
    if owners := foreign_owners(name):
        return Finding(
            False, f"package name {name}", f"also installed by {', '.join(owners)}: use an environment of our own"
        )
    place = Path(str(importlib.import_module(name).__file__)).resolve()
    if not place.is_relative_to(_ROOT):
        return Finding(False, f"package name {name}", f"{place} comes first and is not ours")
    return Finding(True, f"package name {name}")


def _console(folder: Path | None) -> Finding:
    page = (folder or _ROOT / "agents_ui" / "dist") / "index.html"
    return Finding(page.exists(), "console build", "" if page.exists() else f"{page} is missing: run `make ui`")


def _data(folder: Path) -> list[Finding]:
    what = f"data folder {folder}"
    place = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return [Finding(False, what, f"{place} cannot be written: mend its owner, or set MAINSTEM_DATA")]
    free = shutil.disk_usage(place).free
    advice = (
        "" if free >= _LEAST_FREE else f"only {free / _GIB:.1f} GiB are free; have at least {_LEAST_FREE / _GIB:.0f}"
    )
    return [Finding(True, what), Finding(not advice, f"disk space: {free / _GIB:.0f} GiB free", advice)]


def _key(settings: Settings) -> Finding:
    file = settings.data / "secret.key"
    if settings.secret_key is not None:
        long_enough = len(settings.secret_key.get_secret_value()) >= 16
        return Finding(
            long_enough, "secret key (setting)", "" if long_enough else "give at least 16 characters of chance"
        )
    if file.exists() and file.stat().st_mode & 0o077:
        return Finding(False, f"secret key {file}", f"others may read it: chmod 600 {file}")
    shared = "every hub and worker must have the same one: set MAINSTEM_SECRET_KEY" if settings.mongo_url else ""
    return Finding(True, f"secret key {file}{'' if file.exists() else ' (made at first use)'}", shared)
