"""The import contracts of pyproject.toml hold, and they notice a breach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)


def test_the_import_contracts_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_module_without_a_storey_breaks_the_build(tmp_path: Path) -> None:
    """The hub's storeys are exhaustive: walls first, then rooms."""
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for package in ("hub", "channels", "crm_core", "workers"):
        (tmp_path / package).symlink_to(ROOT / package) if package != "hub" else _copy_hub(tmp_path / "hub")
    (tmp_path / "hub" / "utils.py").write_text("", encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert "utils" in done.stdout


def _copy_hub(place: Path) -> None:
    place.mkdir()
    for entry in (ROOT / "hub").iterdir():
        if entry.name != "__pycache__":
            (place / entry.name).symlink_to(entry)
