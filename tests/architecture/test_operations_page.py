"""The page for operators names every setting, metric, task and command there is."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from hub import metrics
from hub.cli import _parser
from hub.settings import _ENVIRONMENT, Settings
from workers.task import load_tasks

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    assert {name for name in (*_ENVIRONMENT, "MAINSTEM_CONFIG") if f"`{name}`" not in PAGE} == set()
    keys = Settings.model_fields.keys() - {"demo"}
    assert {key for key in keys if f"`{key}`" not in PAGE and f"`[{key}" not in PAGE} == set()


def test_every_metric_is_described() -> None:
    kinds = [m for m in vars(metrics).values() if isinstance(m, Counter | Gauge | Histogram)]
    names = {next(iter(m.describe())).name + ("_total" if isinstance(m, Counter) else "") for m in kinds}
    assert len(kinds) > 10
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_scheduled_task_is_described() -> None:
    scheduled = {task.name for task in load_tasks().values() if task.every is not None}
    assert {name for name in scheduled if f"`{name}`" not in PAGE} == set()


def test_every_command_is_described() -> None:
    commands = re.findall(r"^    (\w+) +\S", _parser().format_help().split("commands:")[1], re.MULTILINE)
    assert len(commands) >= 8
    assert {name for name in commands if f"`mainstem {name}" not in PAGE} == set()
