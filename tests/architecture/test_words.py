"""Names follow the word list: one noun, one name; no module that could hold anything; no marks of the workshop."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import hub.main  # noqa: F401 - brings every event class of the product
from crm_core.ground.events import Event
from workers.task import load_tasks

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("hub", "channels", "crm_core", "workers")
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "shared", "core", "tools"}
LAYER_SUFFIX = re.compile(r"(Service|Manager|Helper|Util|Utils|Impl|Handler)$")
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|(?<![\w./-])/(?:home|Users|root|work)/")
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".ts", ".vue", ".js", ".css", ".sh", ".conf", ".lock", ""}

Node = TypeVar("Node", bound=ast.AST)


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (p for p in (ROOT / package).rglob("*.py") if "__pycache__" not in p.parts)


def own_files() -> list[Path]:
    """What git knows or would take: nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    assert len(listed) > 100, "git lists no files here"
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_no_module_has_a_name_that_could_hold_anything() -> None:
    assert [str(p.relative_to(ROOT)) for p in modules() if p.stem in EMPTY_WORDS] == []


def nodes(kind: type[Node]) -> Iterator[tuple[str, Node]]:
    """Every definition of a kind, with where it stands."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield str(path.relative_to(ROOT)), node


def test_no_class_names_its_layer() -> None:
    classes = [(place, c) for place, c in nodes(ast.ClassDef) if LAYER_SUFFIX.search(c.name)]
    assert [f"{place}: {c.name}" for place, c in classes if not _is_a_librarys(c)] == []


def _is_a_librarys(node: ast.ClassDef) -> bool:
    """A class that fills a library's own role of that name."""
    return any(LAYER_SUFFIX.search(ast.unparse(parent)) for parent in node.bases)


def test_no_coroutine_says_that_it_is_one() -> None:
    coroutines = nodes(ast.AsyncFunctionDef)
    assert [f"{place}: {c.name}" for place, c in coroutines if c.name.startswith("async_")] == []


def test_every_module_says_what_it_holds() -> None:
    silent = [p for p in modules() if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert [str(p.relative_to(ROOT)) for p in silent] == []


def test_events_and_tasks_have_names_of_two_words() -> None:
    """Noun first. `typing` and `notice.raised` stand in the contract as they are."""
    events = {name for name in Event.registry if not Event.registry[name].__module__.startswith("tests")}
    tasks = {name for name in load_tasks() if not name.startswith("test.")}
    wrong = [n for n in events | tasks if not re.fullmatch(r"[a-z]+(-[a-z]+)?\.[a-z]+(-[a-z]+)*", n) and n != "typing"]
    assert wrong == []
    assert tasks >= {"account.reconcile", "events.prune", "files.sweep", "jobs.wake"}


@pytest.mark.parametrize("place", ["code", "documents"])
def test_no_mark_of_the_workshop_is_left(place: str) -> None:
    """No promises to do something later, no paths of the machine it was written on."""
    wrong = []
    for path in own_files():
        code = path.suffix in {".py", ".ts", ".vue", ".js", ".css"}
        if path.suffix not in TEXT or code != (place == "code") or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            if found := MARKS.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {found.group()}")
    assert wrong == []
