"""Every rule that a field can break has its words in the console, in both languages."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULTS = ROOT / "agents_ui" / "src" / "words" / "faults"


def rules(text: str) -> Iterator[str]:
    """What stands as a rule: `unfit("RULE", ...)`, `rule="RULE"` of a call, `{"rule": "RULE"}`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            said: list[ast.expr] = node.args[:1] if name == "unfit" else []
            said += [each.value for each in node.keywords if each.arg == "rule"]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            said = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "rule"]
        else:
            continue
        yield from (each.value for each in said if isinstance(each, ast.Constant) and isinstance(each.value, str))


def used() -> set[str]:
    """By all of the product."""
    files = (path for package in ("hub", "channels", "crm_core", "workers") for path in (ROOT / package).rglob("*.py"))
    return {rule for path in files for rule in rules(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_rule_has_its_words(language: str) -> None:
    words = json.loads((FAULTS / f"{language}.json").read_text(encoding="utf-8"))["fault"]
    wanted = used() | {"plan-no-queue", "plan-no-menu", "plan-no-hours"}
    assert {"time-zone", "no-queue", "range", "web-address"} <= wanted
    assert sorted(wanted - words.keys()) == []
