"""Write `requirements.lock`: the exact version of everything that pyproject.toml's dependencies bring into this environment.

Run it with the project's own interpreter after changing a dependency: `make lock`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Exact versions, used as constraints: pip install -c requirements.lock -e '.[embedded,dev]'. Made by `make lock`.\n"
EXTRAS = ("embedded", "dev")


def declared() -> Iterator[Requirement]:
    """What pyproject.toml asks for, with both extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in (*project["dependencies"], *(r for e in EXTRAS for r in project["optional-dependencies"][e])):
        yield Requirement(text)


def closure() -> dict[str, tuple[str, str]]:
    """Every distribution that is needed here: name -> (version, marker of a platform or "")."""
    found: dict[str, tuple[str, str]] = {}
    waiting = [(need, "") for need in declared()]
    while waiting:
        need, inherited = waiting.pop(0)
        name = canonicalize_name(need.name)
        if not wanted(need):
            continue
        marker = inherited or platform_marker(need)
        if name in found and (not found[name][1] or marker):
            continue
        found[name] = (distribution(need.name).version, marker)
        inner = [Requirement(text) for text in distribution(need.name).requires or ()]
        chosen = need.extras or {""}
        waiting += [(r, marker) for r in inner if wanted(r, chosen)]
    return found


def wanted(need: Requirement, extras: set[str] | frozenset[str] = frozenset({""})) -> bool:
    """Whether the requirement holds on this machine for one of the extras."""
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def platform_marker(need: Requirement) -> str:
    """The part of a marker that speaks of platforms; those of Python versions and extras are pip's to weigh again."""
    text = str(need.marker or "")
    return text if re.search(r"sys_platform|platform_", text) and "extra" not in text else ""


def lines() -> list[str]:
    """The lock file's lines."""
    return [
        f"{name}=={version}{f' ; {marker}' if marker else ''}" for name, (version, marker) in sorted(closure().items())
    ]


if __name__ == "__main__":
    (ROOT / "requirements.lock").write_text(HEAD + "\n".join(lines()) + "\n", encoding="utf-8")
    sys.stdout.write(f"requirements.lock: {len(lines())} packages\n")
