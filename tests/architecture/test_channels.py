"""Every folder under `channels/` keeps the rules of a channel, and answers for its promises.

`promises.toml` has one table for each promise, `[raw-kept-first]` and so on:

    state = "kept"              # then `test` names what shows it: "tests/channels/email/test_door.py::test_..."
    state = "not-applicable"    # or "todo"; then `reason` says why

`test` may be a list. A channel may promise more than the list below.
"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hub.channel import Account, Capabilities, Channel, kinds, load
from tests.lab import echo_channel

ROOT = Path(__file__).parents[2]
FIXED = ("__init__.py", "account.py", "channel.py", "promises.toml")
PROMISES = {
    "raw-kept-first": "raw input is durable before anything is made of it, and before the far side is told",
    "repeats-stored-once": "what comes twice is one message",
    "resumes-after-restart": "after a restart nothing is missing and nothing doubled",
    "bounded-waits": "no wait for the far side is without an end",
    "errors-sorted": "what may pass is Transient, what a person must mend is Permanent, each with a reason",
    "crash-safe-send": "a crash between sent and recorded is found by asking the far side, or by the account's policy",
    "reconcile": "the far side's inventory can be compared with the store",
    "texts-zh-en": "what people read is there in Chinese and English",
    "operator-page": "docs/channels/KIND.md says what to configure and what can go wrong",
}
OURS = [kind for kind in kinds() if (ROOT / "channels" / kind).is_dir()]
FOLDERS = [*((kind, ROOT / "channels" / kind) for kind in OURS), ("echo", ROOT / "tests/lab/echo_channel/echo")]
every_channel = pytest.mark.parametrize(("kind", "folder"), FOLDERS, ids=[kind for kind, _ in FOLDERS])


@pytest.fixture(autouse=True)
def _echo() -> None:
    echo_channel.install()


@every_channel
def test_a_folder_has_the_fixed_names_and_exports_its_channel(kind: str, folder: Path) -> None:
    assert [name for name in FIXED if not (folder / name).is_file()] == []
    channel = load(kind)
    assert isinstance(channel, Channel)
    assert channel.kind == kind == folder.name
    assert isinstance(channel.can, Capabilities)


@every_channel
def test_an_account_refuses_what_it_does_not_know_and_hides_its_secrets(kind: str, folder: Path) -> None:
    model = load(kind).account_model
    assert issubclass(model, Account)
    assert model.model_config.get("extra") == "forbid"
    assert model.model_config.get("frozen") is True
    for name, field in model.model_fields.items():
        if re.search(r"password|secret|token|passphrase|api_key", name):
            assert SecretStr in _types(field.annotation), f"{kind}: {name} must be SecretStr"
    assert model.model_json_schema()["properties"]


@every_channel
def test_hooks_have_paths_of_their_own(kind: str, folder: Path) -> None:
    paths = [hook.path.strip("/") for hook in load(kind).hooks]
    assert len(paths) == len(set(paths))
    assert all(paths)


@every_channel
def test_every_promise_is_answered_with_a_test_or_a_reason(kind: str, folder: Path) -> None:
    answers = {name.replace("_", "-"): answer for name, answer in _promises(folder).items()}
    assert PROMISES.keys() - answers.keys() == set(), f"{kind}: not answered"
    wrong = {name: problem for name, answer in answers.items() if (problem := _problem(answer))}
    assert wrong == {}, f"{kind}: {wrong}"


@pytest.mark.parametrize("kind", OURS)
def test_an_operator_page_stands_beside_each_channel(kind: str) -> None:
    assert (ROOT / "docs" / "channels" / f"{kind}.md").is_file()
    assert (ROOT / "tests" / "channels" / kind).is_dir()


def _promises(folder: Path) -> dict[str, dict[str, Any]]:
    content = tomllib.loads((folder / "promises.toml").read_text(encoding="utf-8"))
    listed: dict[str, dict[str, Any]] = content.get("promises", content)
    return listed


def _problem(answer: dict[str, Any]) -> str | None:
    state = answer.get("state")
    if state == "kept":
        tests = answer.get("test") or answer.get("tests") or []
        named = [tests] if isinstance(tests, str) else tests
        missing = [name for name in named if not _exists(name)]
        return f"no such test: {missing}" if missing else None if named else "kept, but no test is named"
    if state in ("todo", "not-applicable"):
        return None if answer.get("reason") else f"{state} without a reason"
    return f"unknown state {state!r}"


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return name.split("[")[0] in _functions(ROOT / path)


@cache
def _functions(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _types(annotation: Any) -> set[Any]:
    arguments = getattr(annotation, "__args__", ())
    return {annotation}.union(*(_types(argument) for argument in arguments))
