"""Every act that the audit log can hold has its words in the console, in both languages."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "agents_ui" / "src" / "features" / "admin" / "words"
WRITERS = frozenset({"write", "_note", "_write", "_change", "_move", "_moved", "_hands"})
NAMED_ELSEWHERE = {
    *("account.added", "account.changed", "account.removed", "call-list.paused", "call-list.ready", "call.barge"),
    *("call.listen", "call.scored", "call.whisper", "callback.cancelled", "callback.done", "home-scheme.changed"),
    *("home-scheme.created", "home-scheme.removed", "outside-app.changed", "outside-app.created"),
    *("outside-app.removed", "recording.downloaded", "recording.held", "recording.played", "recording.released"),
    "score-sheet.changed",
}
"""Chosen or put together on their way to the log, so that a reader of the source does not find them there."""


def acts(text: str) -> Iterator[str]:
    """Texts like `noun.verb` that are handed to what writes the log."""
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS):
            continue
        for given in node.args:
            if isinstance(given, ast.Constant) and isinstance(given.value, str) and _is_act(given.value):
                yield f"call.{given.value}" if node.func.attr == "_hands" else given.value


def _is_act(text: str) -> bool:
    return text.replace("-", "").replace(".", "").isalpha() and text.islower() and text.count(".") <= 1


def used() -> set[str]:
    """By the hub, where all that is audited happens."""
    files = [path for path in (ROOT / "hub").rglob("*.py") if "udit" in path.read_text(encoding="utf-8")]
    found = {act for path in files for act in acts(path.read_text(encoding="utf-8"))}
    return {act for act in found if "." in act} | {"signed-in"} | NAMED_ELSEWHERE


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_an_act_has_its_words(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))["audited"]
    wanted = used()
    assert len(wanted) > 80, "the acts are found in the source"
    missing = [
        act
        for act in sorted(wanted)
        for noun, verb in [_parts(act)]
        if noun not in words["noun"] or verb not in words["verb"]
    ]
    assert missing == []


def _parts(act: str) -> tuple[str, str]:
    noun, dot, verb = act.partition(".")
    return (noun, verb) if dot else ("user", act)
