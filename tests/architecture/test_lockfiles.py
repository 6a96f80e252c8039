"""What is installed is what is locked, and the locks say nothing of where somebody downloaded it."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def pins() -> dict[str, Requirement]:
    found = [Requirement(line) for line in LOCK.splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in found}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [Requirement(text) for text in (*project["dependencies"], *extras["embedded"], *extras["dev"])]


def test_every_declared_dependency_is_locked_to_a_version_that_fits() -> None:
    locked = pins()
    for need in declared():
        pin = locked.get(canonicalize_name(need.name))
        assert pin is not None, f"{need.name} is not in requirements.lock: run `make lock`"
        [exact] = pin.specifier
        assert exact.operator == "==", pin
        assert exact.version in need.specifier, f"{pin} does not fit {need}"


def test_the_environment_has_the_locked_versions() -> None:
    here = {name: pin for name, pin in pins().items() if pin.marker is None or pin.marker.evaluate()}
    wrong = {name: version(name) for name, pin in here.items() if version(name) not in pin.specifier}
    assert wrong == {}


def test_what_only_some_platforms_have_is_locked_with_its_marker() -> None:
    locked = pins()
    for need in declared():
        if need.marker is not None:
            assert locked[canonicalize_name(need.name)].marker is not None, need


def test_the_lock_names_no_address_and_no_folder() -> None:
    assert re.findall(r"https?://\S+|file:\S+|^-\S+.*|@ .*", LOCK, re.MULTILINE) == []


def test_the_consoles_lock_is_exact_and_names_no_address() -> None:
    lock = json.loads((ROOT / "agents_ui" / "package-lock.json").read_text(encoding="utf-8"))
    package = json.loads((ROOT / "agents_ui" / "package.json").read_text(encoding="utf-8"))
    assert [name for name, entry in lock["packages"].items() if "://" in entry.get("resolved", "")] == []
    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert {n: v for n, v in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", v)} == {}
    assert {n for n, v in wanted.items() if lock["packages"][f"node_modules/{n}"]["version"] != v} == set()
